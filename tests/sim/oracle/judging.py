"""Judges the story of one schedule: what was recorded against what the server and devices hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.sim.oracle import bytes_kept, means, places
from tests.sim.oracle.facts import Said, attached, living, read
from tests.sim.oracle.held import unreadable

Fault = tuple[str, str]
Story = Mapping[str, Any]


@dataclass
class Case:
    """A story with what every question needs, worked out once."""

    story: Story
    unread: dict[bytes, str] = field(default_factory=dict)

    @cached_property
    def server(self) -> Mapping[str, Any]:
        """The server's tables at the end."""
        found: Mapping[str, Any] = self.story["server"]
        return found

    @cached_property
    def events(self) -> dict[str, Mapping[str, Any]]:
        """The server's events by id."""
        return {one["id"]: one for one in self.server["events"]}

    @cached_property
    def recorded(self) -> dict[str, list[Mapping[str, Any]]]:
        """What was recorded, by id; a poisoned id stands for several."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for one in self.story["facts"]:
            found.setdefault(one["id"], []).append(one)
        return found

    def why(self, doc: bytes) -> str:
        """Why a doc can never count; empty if it can."""
        if doc not in self.unread:
            self.unread[doc] = unreadable(doc)
        return self.unread[doc]

    @cached_property
    def said(self) -> list[Said]:
        """The facts the server counts, read from its own bytes."""
        counted = [one for one in self.events.values() if one["status"] == "ok"]
        visits = {one["id"]: one["attached"] for one in counted if one.get("attached")}
        return attached(
            (read(one["id"], one["doc"]) for one in counted if not self.why(one["doc"])), visits
        )

    @cached_property
    def alive(self) -> set[str]:
        """Ids of counted facts that no undo has killed."""
        return living(self.said)


def judge(story: Story) -> list[Fault]:
    """Every broken invariant of a story, as (id, plain sentence); none if all is well."""
    return list(_faults(Case(story)))


def _faults(case: Case) -> Iterator[Fault]:
    yield from bytes_kept.facts_lost(case)
    yield from bytes_kept.files_lost(case)
    yield from bytes_kept.wrongly_held(case)
    yield from places.broken_streams(case)
    yield from places.times_off(case)
    yield from means.wrong_visits(case)
    yield from means.wrong_runs(case)
    yield from means.wrong_plant(case)
    yield from means.hidden_results(case)
