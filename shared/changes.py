"""What becomes of a run when changes are applied to it one after the other."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import singledispatchmethod

from shared.insertion import Arc, cheapest_insertion
from shared.keeping import HERE
from shared.task import (
    Arrange,
    Cancel,
    Change,
    Insert,
    Late,
    Move,
    Rewindow,
    RunView,
    Start,
    Task,
    TaskStop,
)
from shared.walk import Walker, prepare


@dataclass(slots=True)
class Changed:
    """The run after its changes; what waits for a place is put in by `settle`."""

    run: RunView
    at: Start
    standing: tuple[int, ...]
    stops: dict[int, TaskStop]
    order: list[int]
    waiting: list[int] = field(default_factory=list)
    inserted: set[int] = field(default_factory=set)
    reopened: list[int] = field(default_factory=list)
    glued: set[Arc] = field(default_factory=set)

    @property
    def kept(self) -> tuple[int, ...]:
        """The standing order without what was cancelled."""
        return tuple(stop_id for stop_id in self.standing if stop_id in self.stops)

    def walker(self) -> Walker:
        return prepare(replace(self.run, stops=self.stops, standing=self.kept), self.at)

    def settle(self, stops: Iterable[int] | None = None) -> Walker:
        """Give each waiting stop its cheapest place, in the order they came."""
        walker = self.walker()
        for stop_id in list(self.waiting if stops is None else stops):
            self.waiting.remove(stop_id)
            found = cheapest_insertion(walker, self.order, stop_id, glued=self.glued)
            self.order = list(found.order)
        return walker

    @singledispatchmethod
    def take(self, change: Change) -> None:
        """Apply one change."""
        raise AssertionError(change)

    @take.register
    def _insert(self, change: Insert) -> None:
        stop = change.stop
        self.stops[stop.id] = stop
        self.inserted.add(stop.id)
        if change.cheapest:
            self.waiting.append(stop.id)
        else:
            self._put(stop.id, change.after)

    @take.register
    def _cancel(self, change: Cancel) -> None:
        del self.stops[change.id]
        self.inserted.discard(change.id)
        if change.id in self.waiting:
            self.waiting.remove(change.id)
        else:
            self.order.remove(change.id)

    @take.register
    def _move(self, change: Move) -> None:
        if change.after in self.waiting:
            self.settle([change.after])
        if change.id in self.waiting:
            self.waiting.remove(change.id)
        else:
            self.order.remove(change.id)
        self._put(change.id, change.after)

    @take.register
    def _rewindow(self, change: Rewindow) -> None:
        self.stops[change.id] = replace(self.stops[change.id], windows=change.windows)
        self.reopened.append(change.id)

    @take.register
    def _late(self, change: Late) -> None:
        self.at = replace(self.at, available_s=self.at.available_s + change.delay_s)

    @take.register
    def _arrange(self, change: Arrange) -> None:
        if self.waiting:
            self.settle()
        assert sorted(change.order) == sorted(self.order), "the same stops in another order"
        self.order = list(change.order)

    def _put(self, stop_id: int, after: int | None) -> None:
        """Directly behind another stop, or first of the open ones; and there it stays."""
        place = self._first_open() if after is None else self.order.index(after) + 1
        self.order.insert(place, stop_id)
        self.glued.add((self.order[place - 1] if place else HERE, stop_id))

    def _first_open(self) -> int:
        return 1 if self.order and self.order[0] in self.run.committed else 0


def changed(task: Task) -> Changed:
    """Apply the changes of a task in the given order; new stops wait for their place."""
    day = Changed(task.run, task.at, task.order, dict(task.run.stops), list(task.order))
    for change in task.changes:
        day.take(change)
    return day
