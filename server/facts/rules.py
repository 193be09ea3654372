"""What a doc says and when it happened: each judged alone, so that no fact blocks another."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from shared.events import BadBody, Event, UnknownType, read_doc
from shared.gate import SAFE_INT_MAX, Unfit, parse_json
from shared.sync import DeviceClock

OK, HELD, DISMISSED = "ok", "held", "dismissed"
TYPE_MAX = 64
BY_MAX = 60
REMEMBERED, REMEMBER_BYTES = 4_096, 4_096

Clk = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """A doc as far as it can be read; only one with an `event` may count."""

    event: Event | None = None
    why: str | None = None
    type: str | None = None
    run: UUID | None = None
    visit: UUID | None = None
    by: str | None = None
    hlc: int | None = None
    plan_rev: int | None = None
    clk: Clk | None = None


def read(event_id: str, doc: bytes) -> Reading:
    """Read a doc; what cannot be understood is told by `why`, never raised.

    Facts never change, so what was read once is remembered for the folds that follow.
    """
    return _remembered(event_id, doc) if len(doc) <= REMEMBER_BYTES else _read(event_id, doc)


def _read(event_id: str, doc: bytes) -> Reading:
    try:
        event = read_doc(event_id, doc)
    except Unfit:
        return Reading(why="bad_doc")
    except UnknownType:
        return _as_far_as_possible(doc, "unknown_type")
    except BadBody:
        return _as_far_as_possible(doc, "bad_body")
    told = event.envelope
    if uuid_or_none(told.by.partition(":")[2]) is None:
        return _as_far_as_possible(doc, "bad_body")
    return Reading(
        event=event,
        type=event.type,
        run=UUID(told.run) if told.run else None,
        visit=UUID(told.visit) if told.visit else None,
        by=told.by,
        hlc=told.hlc,
        plan_rev=told.plan_rev,
        clk=told.clk,
    )


_remembered = lru_cache(maxsize=REMEMBERED)(_read)


def _as_far_as_possible(doc: bytes, why: str) -> Reading:
    """Fill the columns of a doc that is JSON but not a fact we know, so that people find it."""
    value: Mapping[str, Any] = parse_json(doc)
    by = value.get("by")
    return Reading(
        why=why,
        type=str(value["type"])[:TYPE_MAX],
        run=uuid_or_none(value.get("run")),
        visit=uuid_or_none(value.get("visit")),
        by=by if isinstance(by, str) and len(by) <= BY_MAX else None,
        hlc=_whole(value.get("hlc")),
        plan_rev=_whole(value.get("plan_rev")),
        clk=_clk(value.get("clk")),
    )


def uuid_or_none(value: object) -> UUID | None:
    """The UUID a text stands for, if it does."""
    if not isinstance(value, str) or len(value) != 36:
        return None
    try:
        return UUID(value)
    except ValueError:
        return None


def _whole(value: object) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool)
    return value if fits and abs(value) <= SAFE_INT_MAX else None  # type: ignore[arg-type,return-value]


def _clk(value: object) -> Clk | None:
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[0], str):
        return None
    mono, wall = _whole(value[1]), _whole(value[2])
    return None if mono is None or wall is None else (value[0], mono, wall)


def clk_of(doc: bytes) -> Clk | None:
    """The clocks of a doc that was read before, without judging it again."""
    try:
        value = json.loads(doc)
    except ValueError:
        return None
    return _clk(value.get("clk")) if isinstance(value, dict) else None


def reported(received_ms: int, clock: DeviceClock, clk: Clk | None) -> tuple[int, bool]:
    """Estimate the true instant of a fact, and whether that is uncertain (sync.md §6).

    A fact cannot have happened after it arrived, whatever the clocks of the device say.
    """
    if clk is None:
        return received_ms, True
    boot, mono_ms, wall_ms = clk
    same_boot = boot == clock.boot
    age_ms = clock.mono_ms - mono_ms if same_boot else clock.wall_ms - wall_ms
    return max(0, received_ms - max(0, age_ms)), not same_boot


def better(new: tuple[int, bool], old: tuple[int, bool]) -> bool:
    """Say whether a copy that came again tells the instant better: certain, then smaller."""
    return (new[1], new[0]) < (old[1], old[0])


def shown(doc: bytes | None) -> object:
    """A held doc as people look at it: its JSON, or else its text."""
    if doc is None:
        return None
    try:
        return parse_json(doc)
    except Unfit:
        return doc.decode("utf-8", "replace").replace("\x00", "�")
