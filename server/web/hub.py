"""Tells every open board what changed: one reader per site and scope, one queue per viewer."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import anyio.to_thread
from fastapi import FastAPI
from fastapi.sse import ServerSentEvent
from sqlmodel import Session

from server.core.access import Principal, Role
from server.core.http import Parts
from server.core.logs import log
from server.feed import queries as feed
from server.web import board_state
from server.web.board_kept import Kept
from server.web.board_state import Asked, State
from shared.ids import CarrierId, SiteId

VIEWER_QUEUE = 256
VIEWERS_MAX = 1_000
KEEP_BATCHES = 512
BEAT_S = 15
RECHECK_S = 3
READ_GAP_S = 0.1
POSITIONS_EVERY_S = 1.0
IDLE_READS = 15  # a whole read at least this often, for estimates that move without a revision

ScopeClass = tuple[SiteId, CarrierId | None, frozenset[Role]]


@dataclass(frozen=True)
class Change:
    """One entry with its changed keys."""

    kind: str
    id: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Batch:
    """Changes of one read; without a revision of its own it repeats the last one."""

    rev: int
    fresh: bool
    changes: tuple[Change, ...]


def changes_between(before: State, after: State) -> tuple[Change, ...]:
    """Every entry that differs, with the keys that differ; what is gone says so."""
    found: list[Change] = []
    for kind in sorted({*before, *after}):
        old, new = before.get(kind, {}), after.get(kind, {})
        gone = sorted(old.keys() - new.keys())
        found += [Change(kind, key, {"id": key, "gone": True}) for key in gone]
        for key, entry in new.items():
            known = old.get(key)
            if known == entry:
                continue
            data = {k: v for k, v in entry.items() if known is None or known.get(k) != v}
            found.append(Change(kind, key, {**data, "id": key}))
    return tuple(found)


NOTHING = Batch(0, fresh=False, changes=())


@dataclass
class Viewer:
    """One open stream: what it wants, and what waits for it."""

    topics: tuple[str, ...]
    waiting: asyncio.Queue[Batch] = field(default_factory=lambda: asyncio.Queue(VIEWER_QUEUE))
    overflown: bool = False

    def give(self, batch: Batch) -> None:
        """Add a batch; a viewer that cannot keep up is told to begin anew."""
        try:
            self.waiting.put_nowait(batch)
        except asyncio.QueueFull:
            self.overflown = True
            while not self.waiting.empty():
                self.waiting.get_nowait()
            self.waiting.put_nowait(NOTHING)


class Channel:
    """All viewers of one site who may see the same."""

    def __init__(self, parts: Parts, who: Principal) -> None:
        self._parts = parts
        self._who = who
        self.viewers: list[Viewer] = []
        self.kept = Kept()
        self._states: dict[str, State] = {}
        self._kept: deque[tuple[str, Batch]] = deque(maxlen=KEEP_BATCHES)
        self._since: dict[str, int] = {}
        self.rev = 0
        self._reading = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def join(self, viewer: Viewer, since: int) -> list[Batch] | None:
        """Add a viewer; its missed batches, or None when it must fetch the snapshot again."""
        self.viewers.append(viewer)
        if self._task is None:
            self._task = asyncio.create_task(self._follow())
        new = [topic for topic in viewer.topics if topic not in self._states]
        if new:
            await self.read(new)
        if any(since < self._since.get(topic, 0) for topic in viewer.topics):
            return None
        if self._kept and since < self._kept[0][1].rev and len(self._kept) == KEEP_BATCHES:
            return None
        return [
            batch
            for topic, batch in self._kept
            if topic in viewer.topics and (batch.rev > since or not batch.fresh)
        ]

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer; with the last one the channel stops reading."""
        self.viewers.remove(viewer)
        wanted = {topic for one in self.viewers for topic in one.topics}
        for topic in list(self._states):
            if topic not in wanted:
                del self._states[topic], self._since[topic]
        if not self.viewers and self._task is not None:
            self._task.cancel()
            self._task = None

    async def read(self, topics: Iterable[str] | None = None) -> None:
        """Read whole topics, and tell what differs from the time before."""
        async with self._reading:
            wanted = tuple(topics) if topics is not None else tuple(self._states)
            now = self._parts.clock.now()

            def work(session: Session) -> tuple[int, dict[str, State]]:
                asked = Asked(self._who, now)
                rev = feed.head(session, self._who.site_id)
                return rev, {
                    topic: board_state.load(session, asked, [topic], self.kept) for topic in wanted
                }

            rev, states = await anyio.to_thread.run_sync(self._parts.reads.run, work)
            fresh, self.rev = rev > self.rev, max(rev, self.rev)
            for topic, state in states.items():
                self._compare(topic, state, fresh=fresh)

    def _compare(self, topic: str, state: State, *, fresh: bool) -> None:
        before = self._states.get(topic)
        self._states[topic] = state
        if before is None:
            self._since[topic] = self.rev
            return
        changes = changes_between(before, state)
        if not changes:
            return
        batch = Batch(self.rev, fresh=fresh, changes=changes)
        self._kept.append((topic, batch))
        for viewer in self.viewers:
            if topic in viewer.topics:
                viewer.give(batch)

    async def _follow(self) -> None:
        revisions = self._parts.bus.follow(self._who.site_id)
        poked = asyncio.Event()
        listener = asyncio.create_task(_ring(revisions, poked))
        idle = 0
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(poked.wait(), POSITIONS_EVERY_S)
                whole = poked.is_set() or idle >= IDLE_READS
                poked.clear()
                idle = 0 if whole else idle + 1
                await self._safely(self.read if whole else self._read_positions)
                await asyncio.sleep(READ_GAP_S)
        finally:
            listener.cancel()

    async def _safely(self, work: Callable[[], Any]) -> None:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - the board must outlive one failed read
            log.error("board", site_id=str(self._who.site_id), exc_info=error)

    async def _read_positions(self) -> None:
        """Read only where the vehicles are."""
        async with self._reading:
            asked = Asked(self._who, self._parts.clock.now())
            for topic, state in list(self._states.items()):
                known = state.get("position")
                if not known:
                    continue
                ids = [UUID(run_id) for run_id in known]
                found = await anyio.to_thread.run_sync(
                    self._parts.reads.run, lambda s, ids=ids: board_state.positions(s, asked, ids)
                )
                if topic in self._states:
                    self._compare(topic, {**state, "position": {**known, **found}}, fresh=False)


async def _ring(revisions: AsyncIterator[int], poked: asyncio.Event) -> None:
    async for _revision in revisions:
        poked.set()


class Hub:
    """Every channel of this process."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._channels: dict[ScopeClass, Channel] = {}

    def channel(self, who: Principal) -> Channel:
        """The channel of everybody who sees what this principal sees."""
        key = (who.site_id, who.carrier_id, who.roles)
        if key not in self._channels:
            self._channels[key] = Channel(self._parts, who)
        return self._channels[key]

    def full(self) -> bool:
        """Whether no further viewer is taken."""
        return sum(len(one.viewers) for one in self._channels.values()) >= VIEWERS_MAX


def hub_of(app: FastAPI, parts: Parts) -> Hub:
    """The hub of this app, made by the first viewer."""
    hub: Hub | None = getattr(app.state, "hub", None)
    if hub is None:
        hub = app.state.hub = Hub(parts)
    return hub


def events_of(batch: Batch) -> list[ServerSentEvent]:
    """The batch on the wire: each change with its revision, positions and estimates without one.

    The last change alone has the id from which a viewer that was cut goes on.
    """
    events, last = [], len(batch.changes) - 1
    for number, change in enumerate(batch.changes):
        counted = batch.fresh and change.kind != "position"
        data = {**change.data, "rev": batch.rev} if counted else change.data
        id_ = str(batch.rev) if batch.fresh and number == last else None
        events.append(ServerSentEvent(event=change.kind, data=data, id=id_))
    return events
