"""Plan ops become a task: what is asked of the order, and what else the next plan says."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import singledispatchmethod
from uuid import UUID

from server.dispatch.seen import Seen, spans_in_seconds, stop_of
from server.dispatch.shapes import Visit
from server.runs.service import AddedVisit, VisitEdit
from shared import task as planned
from shared.plan import (
    AcceptProposal,
    Assign,
    Cancel,
    ContingencyOff,
    ContingencyOn,
    Insert,
    Late,
    Lock,
    Move,
    NewLine,
    PlanNote,
    PlanOp,
    Reverse,
    Swap,
    Unlock,
    Window,
)
from shared.refusals import refuse
from shared.resequence import keep_order
from shared.run import FINAL_STATES
from shared.task import Task, TaskStop

OFF = "optional_off"


class Ops:
    """Reads ops one after the other; refuses what nobody can change any more."""

    def __init__(
        self,
        seen: Seen,
        added: Sequence[AddedVisit],
        *,
        proposals: Mapping[UUID, Sequence[UUID]] | None = None,
    ) -> None:
        self._seen = seen
        self._waiting = list(added)
        self._proposals = proposals or {}
        self._stops = dict(seen.task.run.stops)
        self._changes: list[planned.Change] = []
        self._loaded: list[planned.Amount] = []  # what new stops are brought has to be on board
        self._ids = [one.id for one in seen.visits]
        self.edits: dict[UUID, VisitEdit] = {}
        self.added: list[AddedVisit] = []
        self.assign: dict[str, UUID | None] = {}
        self.note: str | None = None

    def read(self, ops: Sequence[PlanOp]) -> None:
        """Take every op in its order."""
        for op in ops:
            self._take(op)

    def task(self) -> Task:
        """The run as it was, and the changes so far."""
        task = self._seen.task
        run = replace(task.run, stops=self._stops)
        load = tuple(map(sum, zip(task.at.load, *self._loaded, strict=True)))
        at = replace(task.at, load=load)
        return replace(task, run=run, at=at, changes=tuple(self._changes))

    def id_of(self, number: int) -> UUID:
        """The visit behind a number of the task."""
        return self._ids[number]

    @singledispatchmethod
    def _take(self, op: PlanOp) -> None:
        raise AssertionError(op)

    @_take.register
    def _insert(self, op: Insert) -> None:
        new = self._waiting.pop(0)
        number = len(self._ids)
        self._ids.append(new.id)
        self.added.append(new)
        brought, taken = (self._goods(new.lines, way) for way in ("drop", "pickup"))
        self._loaded.append(brought)
        stop = TaskStop(
            id=number,
            index=self._seen.ground.numbers[new.location_id],
            service_s=new.service_s,
            windows=spans_in_seconds(new.windows),
            delivery=brought,
            pickup=taken,
        )
        cheapest = "after" not in op.model_fields_set
        self._changes.append(planned.Insert(stop, cheapest, self.behind(op.after)))

    def _goods(self, lines: Sequence[NewLine], way: str) -> planned.Amount:
        return self._seen.cargo.new([line for line in lines if line.direction == way])

    @_take.register
    def _cancel(self, op: Cancel) -> None:
        visit = self.open_visit(op.visit)
        self._changes.append(planned.Cancel(self._seen.number(visit.id)))
        self._edit(visit.id, plan_state="cancelled")

    @_take.register
    def _move(self, op: Move) -> None:
        visit = self._movable(op.visit)
        if op.after == op.visit:
            raise _unfit("after")
        number = self._seen.number(visit.id)
        self._changes.append(planned.Move(number, self.behind(op.after)))

    @_take.register
    def _window(self, op: Window) -> None:
        visit = self.open_visit(op.visit)
        number = self._seen.number(visit.id)
        self._changes.append(planned.Rewindow(number, spans_in_seconds(op.windows)))
        self._edit(visit.id, windows=tuple(op.windows))

    @_take.register
    def _late(self, op: Late) -> None:
        self._changes.append(planned.Late(op.delay_s))

    @_take.register
    def _swap(self, op: Swap) -> None:
        order = self._order()
        a, b = (order.index(self._seen.number(self._movable(one).id)) for one in (op.a, op.b))
        order[a], order[b] = order[b], order[a]
        self._changes.append(planned.Arrange(tuple(order)))

    @_take.register
    def _reverse(self, op: Reverse) -> None:
        order = self._order()
        ends = [
            order.index(self._seen.number(self._movable(one).id)) for one in (op.first, op.last)
        ]
        first, last = min(ends), max(ends) + 1
        for number in order[first:last]:
            self._movable(self._ids[number])
        turned = (*order[:first], *reversed(order[first:last]), *order[last:])
        self._changes.append(planned.Arrange(turned))

    @_take.register
    def _lock(self, op: Lock) -> None:
        visit = self.open_visit(op.visit)
        lock: dict[str, str] = {"as": op.place}
        if op.place == "before":
            if op.before is None:
                raise _unfit("before")
            lock["before"] = str(self.open_visit(op.before).id)
        self._relock(visit, lock)

    @_take.register
    def _unlock(self, op: Unlock) -> None:
        self._relock(self.open_visit(op.visit), None)

    @_take.register
    def _assign(self, op: Assign) -> None:
        for key in op.model_fields_set & {"vehicle_id", "driver_id"}:
            self.assign[key] = getattr(op, key)

    @_take.register
    def _contingency_on(self, op: ContingencyOn) -> None:
        visit = self._seen.view.visit(op.visit)
        if visit.plan_state != OFF:
            raise refuse("bad_state", why="this stop is on already")
        stop = stop_of(visit, self._seen)
        before = [n for n in self._order() if n < len(self._seen.visits)]
        earlier = [n for n in before if self._seen.visits[n].pos < visit.pos]
        after = max(earlier, key=lambda n: self._seen.visits[n].pos) if earlier else None
        self._changes.append(planned.Insert(stop, cheapest=False, after=after))
        self._edit(visit.id, plan_state="planned")

    @_take.register
    def _contingency_off(self, op: ContingencyOff) -> None:
        visit = self.open_visit(op.visit)
        if visit.kind != "contingency":
            raise refuse("bad_state", why="only a contingency stop is switched off")
        self._changes.append(planned.Cancel(self._seen.number(visit.id)))
        self._edit(visit.id, plan_state=OFF)

    @_take.register
    def _note(self, op: PlanNote) -> None:
        self.note = op.text

    @_take.register
    def _accept(self, op: AcceptProposal) -> None:
        wanted = self._proposals.get(op.proposal)
        if wanted is None:
            raise refuse("not_found")
        order = self._order()
        known = [self._seen.number(one) for one in wanted if one in self._ids]
        chosen = [number for number in dict.fromkeys(known) if number in order]
        committed = [n for n in order if n in self._seen.task.run.committed]
        rest = [number for number in order if number not in chosen]
        proposed = dict.fromkeys([*committed, *chosen, *rest])
        self._changes.append(planned.Arrange(tuple(proposed)))

    def _order(self) -> list[int]:
        """The open order after the changes so far; whoever waits gets a place first."""
        return list(keep_order(self.task()).order)

    def open_visit(self, visit_id: UUID) -> Visit:
        """A visit that can still be changed: planned, and nobody is or was there."""
        visit = self._seen.view.visit(visit_id)
        if visit.fact_state in FINAL_STATES or visit_id in self._seen.progress.settled:
            raise refuse("locked_stop", stop=self._name(visit))
        if visit_id not in self._seen.progress.ahead or visit_id in self._gone():
            raise refuse("bad_state", why=f"{self._name(visit)} is not on the way")
        return visit

    def _gone(self) -> set[UUID]:
        return {one for one, edit in self.edits.items() if edit.plan_state in ("cancelled", OFF)}

    def _movable(self, visit_id: UUID) -> Visit:
        """An open visit that is neither driven to now nor locked to its place."""
        visit = self.open_visit(visit_id)
        number = self._seen.number(visit_id)
        if visit_id == self._seen.progress.heading or self._stops[number].locked:
            raise refuse("locked_stop", stop=self._name(visit))
        return visit

    def behind(self, visit_id: UUID | None) -> int | None:
        """The stop to come after; behind what is settled means first of the open ones."""
        if visit_id is None or visit_id in self._seen.progress.settled:
            return None
        if visit_id == self._seen.view.start_visit:
            return None
        if visit_id not in self._ids or visit_id in self._gone():
            raise _unfit("after")
        number = self._ids.index(visit_id)
        if number not in self._stops and number not in self._order():
            raise _unfit("after")
        return number

    def _relock(self, visit: Visit, lock: Mapping[str, str] | None) -> None:
        number = self._seen.number(visit.id)
        place = (lock or {}).get("as")
        before = (lock or {}).get("before")
        self._stops[number] = replace(
            self._stops[number],
            locked=place == "place" or visit.appointment_id is not None,
            position="first" if place == "first" else "last" if place == "last" else "any",
            before=(self._seen.number(UUID(before)),) if before else (),
        )
        self._edit(visit.id, lock=lock)

    def _edit(self, visit_id: UUID, **values: object) -> None:
        known = self.edits.get(visit_id, VisitEdit())
        self.edits[visit_id] = replace(known, **values)  # type: ignore[arg-type]

    def _name(self, visit: Visit) -> str:
        place = self._seen.view.places.get(visit.location_id)
        return str(place.name) if place is not None else ""


def _unfit(member: str) -> Exception:
    return refuse("bad_input", errors=[(f"/ops/{member}", "not on the way")], why=member)
