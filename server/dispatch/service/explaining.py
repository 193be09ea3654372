"""What of a run does not fit, why, by how much, and the ops that would mend it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core.access import Principal
from server.dispatch.answers import write_violation
from server.dispatch.ground import PLANT
from server.dispatch.ops import Ops
from server.dispatch.remedies import Driven, drop_remedy, first_remedy
from server.dispatch.seen import DIMENSIONS, SCALE, Seen, amounts
from server.dispatch.service.changeable import may_be_driven
from server.fleet import queries as fleet
from server.planner.explain import Remedy
from server.runs import queries as runs
from shared.changes import changed
from shared.plan import Assign, Cancel, Insert, PlanOp, Window, write_op
from shared.task import Amount, Price, Task, Violation

TOLD_MAX, TOLD_BRIEFLY_MAX = 20, 3
DROPS_LOOKED_FOR_MAX = 3
MINUTE_S = 60  # people widen windows by minutes
Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A run, the ops somebody thinks about, and their price."""

    seen: Seen
    read: Ops
    ops: Sequence[PlanOp]
    task: Task
    price: Price


def unfit(session: Session, who: Principal, asked: Asked, *, brief: bool = False) -> list[Told]:
    """Every rule that is broken at a stop, with what mends it, the least dear first.

    A brief answer tells only what is new or worse, and the first remedy of it.
    """
    price = asked.price
    among = (*price.new, *price.worse) if brief else price.timeline.violations
    found = [one for one in among if not one.soft and isinstance(one.id, int)]
    if not found:
        return []
    explaining = _Explaining(session, who, asked)
    told = found[: TOLD_BRIEFLY_MAX if brief else TOLD_MAX]
    return [explaining.told(one, number, brief=brief) for number, one in enumerate(told)]


class _Explaining:
    """One priced change whose broken rules are explained one after the other."""

    def __init__(self, session: Session, who: Principal, asked: Asked) -> None:
        self.session, self.who, self.asked = session, who, asked
        self.read, self.seen = asked.read, asked.seen
        self.driven = Driven(
            changed(asked.task).settle(), tuple(asked.price.order), asked.price.timeline
        )
        self.before = [write_op(op) for op in asked.ops]

    def told(self, found: Violation, number: int, *, brief: bool) -> Told:
        """The violation with its remedies."""
        told = write_violation(self.read, found)
        if found.amount is not None:
            told["over"] = self.seen.cargo.told(found.amount)
        remedies = self._remedies(found, brief=brief, drops=number < DROPS_LOOKED_FOR_MAX)
        return {**told, "remedies": [one for one in remedies if one is not None]}

    def _remedies(self, found: Violation, *, brief: bool, drops: bool) -> Iterator[Told | None]:
        number = found.id
        if found.cause not in ("delay", "load") or not isinstance(number, int):
            return
        first = first_remedy(self.driven, found, promised=self._promised(number))
        if first is not None:
            yield self._window(number, first) if first.kind == "window" else self._vehicle(first)
        if brief:
            return
        drop = drop_remedy(self.driven, found) if drops else None
        if drop is not None and drop.drop is not None:
            yield self._drop(drop.drop)
        if self._stored(number) and self.seen.view.run.kind != PLANT:
            yield self._own_run(number)

    def _stored(self, number: int) -> bool:
        return number < len(self.seen.visits)

    def _promised(self, number: int) -> bool:
        return self._stored(number) and self.seen.visits[number].appointment_id is not None

    def _window(self, number: int, remedy: Remedy) -> Told:
        """The last of its windows ends later; of a stop that is being inserted the op changes."""
        seconds = -(-(remedy.seconds or 0) // MINUTE_S) * MINUTE_S
        more_ms = seconds * 1000
        told: Told = {"kind": "window", "seconds": seconds}
        visit_id = self.read.id_of(number)
        if self._stored(number):
            edit = self.read.edits.get(visit_id)
            own = edit.windows if edit is not None else None
            spans = self.seen.visits[number].windows if own is None else own
            op = Window(visit=visit_id, windows=_widened(spans, more_ms))
            return {**told, "ops": [*self.before, write_op(op)]}
        [place] = [n for n, one in enumerate(self.read.added) if one.id == visit_id]
        spans = _widened(self.read.added[place].windows, more_ms)
        inserts = [n for n, op in enumerate(self.asked.ops) if isinstance(op, Insert)]
        ops = list(self.before)
        ops[inserts[place]] = {**ops[inserts[place]], "windows": [list(span) for span in spans]}
        return {**told, "ops": ops}

    def _vehicle(self, remedy: Remedy) -> Told | None:
        """The smallest vehicle that has the room and is free while this run is driven."""
        busy = self._busy()
        fits = [
            (tuple(limit or 0 for limit in _limits(one)), one.name, one)
            for one in fleet.vehicles(self.session, self.who)
            if one.active and one.id not in busy and self._holds(one, remedy.capacity)
        ]
        if not fits:
            return None
        row = min(fits, key=lambda fit: fit[:2])[2]
        op = Assign(vehicle_id=row.id)
        told = {"kind": "vehicle", "vehicle_id": str(row.id), "name": row.name}
        return {**told, "ops": [*self.before, write_op(op)]}

    def _busy(self) -> set[UUID | None]:
        """Vehicles of other open runs that are under way at the same time, and this run's own."""
        run = self.seen.view.run
        others = runs.day(self.session, self.who, run.service_date)
        own = self.seen.vehicle.id if self.seen.vehicle else None
        return {own} | {
            one.vehicle_id
            for one in others
            if one.id != run.id
            and may_be_driven(one)
            and one.planned_departure_at < run.planned_return_at
            and run.planned_departure_at < one.planned_return_at
        }

    def _holds(self, vehicle: Any, peak: Amount) -> bool:
        """Whether it has the room; what the present vehicle does not count is taken all at once."""
        wholes = [amounts(line) for line in self.seen.view.loads]
        most = dict(enumerate(map(sum, zip(*wholes, strict=True)) if wholes else (0, 0, 0)))
        most |= dict(zip(self.seen.cargo.kept, peak, strict=True))
        limits = enumerate(_limits(vehicle))
        return all(limit is None or most[n] <= limit * SCALE[n] for n, limit in limits)

    def _drop(self, number: int) -> Told:
        visit = self.read.id_of(number)
        if not self._stored(number):
            [place] = [n for n, one in enumerate(self.read.added) if one.id == visit]
            inserts = [n for n, op in enumerate(self.asked.ops) if isinstance(op, Insert)]
            ops = [op for n, op in enumerate(self.before) if n != inserts[place]]
            return {"kind": "drop", "visit": str(visit), "ops": ops}
        op = write_op(Cancel(visit=visit))
        return {"kind": "drop", "visit": str(visit), "ops": [*self.before, op]}

    def _own_run(self, number: int) -> Told:
        """Taken out of here and served by a run of its own, from the depot and back."""
        run, ground = self.driven.walker.run, self.seen.ground
        here, start = run.stops[number].index, ground.numbers[self.seen.view.run.start_location]
        away = ground.seconds[start][here] + run.stops[number].service_s
        own_s = away + ground.seconds[here][start]
        saved = self.driven.without(number).end_s - self.driven.timeline.end_s
        visit = str(self.read.id_of(number))
        return {"kind": "ad_hoc", "visit": visit, "delta_end_s": saved, "own_s": own_s}


def _limits(vehicle: Any) -> Sequence[float | None]:
    return [getattr(vehicle, f"capacity_{name}") for name in DIMENSIONS]


def _widened(spans: Sequence[Sequence[int]], more_ms: int) -> tuple[tuple[int, int], ...]:
    """The same windows, the last one ending later, in whole seconds as lateness is counted."""
    *others, last = sorted(((span[0], span[1]) for span in spans), key=lambda span: span[1])
    return (*others, (last[0], last[1] // 1000 * 1000 + more_ms))
