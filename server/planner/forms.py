"""The JSON of the planner, read into tasks and written from answers; the only translator.

Floats are rounded once, here: durations up, windows inwards, so that nothing becomes feasible by
rounding.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from server.planner.ladder import Proposal, Resequenced
from server.planner.task_form import (
    CancelForm,
    ChangeForm,
    InsertForm,
    LateForm,
    MoveForm,
    StopForm,
    TaskForm,
    WindowForm,
)
from shared.task import (
    Amount,
    Cancel,
    Change,
    Insert,
    Late,
    Move,
    Policy,
    Rewindow,
    RunView,
    Start,
    Task,
    TaskBreak,
    TaskStop,
    TimelineStep,
    Violation,
    Window,
)

FORMAT = "milkrun.resequence/1"
ANSWER_FORMAT = "milkrun.resequence.answer/1"


class BadTask(Exception):
    """The input is not a task: which member, as a JSON pointer, and what is wrong with it."""

    def __init__(self, pointer: str, error: str) -> None:
        super().__init__(f"{pointer}: {error}")
        self.pointer = pointer
        self.error = error


_READER = TypeAdapter(TaskForm)


class Asked:
    """A task as it was sent, with the name of its run for the answer."""

    def __init__(self, form: TaskForm, task: Task) -> None:
        self.run = {"id": form.run.id, "version": form.run.version}
        self.task = task


def read_task(body: bytes | str) -> Asked:
    """Parse and check one task; what is wrong is told with a JSON pointer."""
    try:
        form = _READER.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadTask(_pointer(first["loc"]), first["msg"]) from error
    except RecursionError as error:
        raise BadTask("", "nested too deeply") from error
    return Asked(form, _Reading(form).task())


def _pointer(loc: Iterable[str | int]) -> str:
    """The JSON pointer of a place in the body, tags of unions left out."""
    tags = {"insert", "cancel", "move", "window", "late"}
    parts, last = [], None
    for part in loc:
        if not (part in tags and isinstance(last, int)):
            parts.append(str(part).replace("~", "~0").replace("/", "~1"))
        last = part
    return "".join(f"/{part}" for part in parts)


class _Reading:
    """What no single member can know: that the members fit together."""

    def __init__(self, form: TaskForm) -> None:
        self.form = form
        self.size = 0
        self.dimensions = len(form.vehicle.capacity)

    def task(self) -> Task:
        form = self.form
        durations, distances = self._matrix()
        self._order()
        stops = {}
        for number, stop in enumerate(form.stops):
            if stop.id in stops:
                raise BadTask(f"/stops/{number}/id", "the same id twice")
            stops[stop.id] = self._stop(stop, f"/stops/{number}")
        order = tuple(form.order[len(form.done) :])
        missing = [n for n, i in enumerate(order) if i not in stops]
        if missing:
            raise BadTask(f"/order/{missing[0] + len(form.done)}", "no such stop in stops")
        run = RunView(
            stops={stop_id: stops[stop_id] for stop_id in order},
            durations=durations,
            distances=distances,
            end_index=self._index(form.vehicle.end_index, "/vehicle/end_index"),
            end_window=self._window(form.vehicle.end_window, "/vehicle/end_window"),
            max_overtime_s=form.vehicle.max_overtime_s,
            capacity=tuple(form.vehicle.capacity),
            pairs=tuple((a, b) for a, b in form.pairs),
            rest=self._break(),
            committed=tuple(form.committed),
            standing=order,
            template_l_s=form.policy.template_l_s,
        )
        return Task(run, order, self._start(), self._changes(set(order)), self._policy())

    def _matrix(self) -> tuple[list[list[int]], list[list[int]] | None]:
        profile = self.form.vehicle.profile
        matrix = self.form.matrices.get(profile)
        if matrix is None:
            raise BadTask("/matrices", f"no travel times for the profile {profile}")
        self.size = len(matrix.durations)
        at = f"/matrices/{profile.replace('~', '~0').replace('/', '~1')}"
        durations = self._square(matrix.durations, f"{at}/durations")
        if matrix.distances is None:
            return durations, None
        return durations, self._square(matrix.distances, f"{at}/distances")

    def _square(self, rows: list[list[float]], pointer: str) -> list[list[int]]:
        for number, row in enumerate(rows):
            if len(row) != self.size:
                raise BadTask(f"{pointer}/{number}", f"{self.size} numbers are needed")
        if len(rows) != self.size or not rows:
            raise BadTask(pointer, f"{self.size} rows are needed")
        whole: list[list[int]] = np.ceil(np.array(rows)).astype(np.int64).tolist()
        return whole

    def _order(self) -> None:
        form = self.form
        seen: set[int] = set()
        for number, stop_id in enumerate(form.order):
            if stop_id in seen:
                raise BadTask(f"/order/{number}", "the same stop twice")
            seen.add(stop_id)
        for number, (a, b) in enumerate(zip(form.done, form.order, strict=False)):
            if a != b:
                raise BadTask(f"/done/{number}", "done is not the beginning of order")
        if len(form.done) > len(form.order):
            raise BadTask("/done", "more stops than order has")
        if form.committed != form.order[len(form.done) :][: len(form.committed)]:
            raise BadTask("/committed/0", "the committed stop does not follow the done ones")

    def _index(self, index: int, pointer: str) -> int:
        if index >= self.size:
            raise BadTask(pointer, f"the matrix has {self.size} places")
        return index

    def _window(self, span: list[int] | None, pointer: str) -> Window | None:
        if span is None:
            return None
        if span[0] > span[1]:
            raise BadTask(pointer, "the window ends before it begins")
        return span[0], span[1]

    def _windows(self, spans: list[list[int]], pointer: str) -> tuple[Window, ...]:
        found = [self._window(span, f"{pointer}/{n}") for n, span in enumerate(spans)]
        return tuple(window for window in found if window is not None)

    def _amount(self, amount: list[int], pointer: str) -> Amount:
        if not amount:
            return (0,) * self.dimensions
        if len(amount) != self.dimensions:
            raise BadTask(pointer, f"the vehicle's capacity has {self.dimensions} amounts")
        return tuple(amount)

    def _stop(self, stop: StopForm, pointer: str) -> TaskStop:
        return TaskStop(
            id=stop.id,
            index=self._index(stop.index, f"{pointer}/index"),
            service_s=stop.service,
            setup_s=stop.setup,
            windows=self._windows(stop.time_windows, f"{pointer}/time_windows"),
            delivery=self._amount(stop.delivery, f"{pointer}/delivery"),
            pickup=self._amount(stop.pickup, f"{pointer}/pickup"),
            priority=stop.priority,
            locked=stop.locked,
            position=stop.position,
            before=tuple(stop.before),
            template_arrival_s=stop.template_arrival_s,
        )

    def _start(self) -> Start:
        vehicle = self.form.vehicle
        if vehicle.available_s < self.form.now_s:
            raise BadTask("/vehicle/available_s", "earlier than now_s")
        load = self._amount(vehicle.load, "/vehicle/load")
        return Start(self._index(vehicle.index, "/vehicle/index"), vehicle.available_s, load)

    def _break(self) -> TaskBreak | None:
        rest = self.form.rest
        if rest is None:
            return None
        windows = tuple(sorted(self._windows(rest.time_windows, "/break/time_windows")))
        limit = None if rest.max_load is None else self._amount(rest.max_load, "/break/max_load")
        return TaskBreak(rest.id, windows, rest.service, rest.taken, limit)

    def _policy(self) -> Policy:
        policy = self.form.policy
        return Policy(policy.keep_s, policy.max_moved_stops, policy.allow_drop)

    def _changes(self, known: set[int]) -> tuple[Change, ...]:
        held = set(self.form.committed)
        taken = known | set(self.form.done)
        changes = []
        for number, change in enumerate(self.form.changes):
            at = f"/changes/{number}"
            changes.append(self._change(change, at, known, taken, held))
        return tuple(changes)

    def _change(
        self, change: ChangeForm, at: str, known: set[int], taken: set[int], held: set[int]
    ) -> Change:
        match change:
            case InsertForm(stop=stop):
                if stop.id in taken:
                    raise BadTask(f"{at}/stop/id", "the same id twice")
                known.add(stop.id)
                taken.add(stop.id)
                return Insert(self._stop(stop, f"{at}/stop"))
            case CancelForm(id=stop_id):
                self._known(stop_id, f"{at}/id", known)
                known.remove(stop_id)
                return Cancel(stop_id)
            case MoveForm(id=stop_id, after=after):
                self._movable(stop_id, after, at, known, held)
                return Move(stop_id, after)
            case WindowForm(id=stop_id, time_windows=spans):
                self._known(stop_id, f"{at}/id", known)
                return Rewindow(stop_id, self._windows(spans, f"{at}/time_windows"))
            case LateForm(delay_s=delay):
                return Late(delay)

    def _known(self, stop_id: int, pointer: str, known: set[int]) -> None:
        if stop_id not in known:
            raise BadTask(pointer, "no such open stop")

    def _movable(
        self, stop_id: int, after: int | None, at: str, known: set[int], held: set[int]
    ) -> None:
        self._known(stop_id, f"{at}/id", known)
        if stop_id in held:
            raise BadTask(f"{at}/id", "the committed stop cannot be moved")
        if after is not None:
            self._known(after, f"{at}/after", known)
        if after == stop_id:
            raise BadTask(f"{at}/after", "a stop cannot follow itself")


def write_answer(
    asked: Asked, found: Resequenced, *, seed: int, elapsed_ms: float
) -> dict[str, Any]:
    """The answer as planner-json writes it."""
    answer = found.answer
    proposed = {} if found.proposal is None else {"proposal": _proposal(found.proposal)}
    return {
        "format": ANSWER_FORMAT,
        "code": 0,
        "run": asked.run,
        "feasible": answer.feasible,
        "order": list(answer.order),
        "dropped": list(answer.dropped),
        "timeline": [_step(step) for step in answer.timeline.steps],
        "violations": [_violation(found) for found in answer.timeline.violations],
        "moved_stops": answer.moved_stops,
        "broken_adjacencies": answer.broken_adjacencies,
        "travel_s": answer.timeline.travel_s,
        "travel_m": answer.timeline.travel_m,
        "delta_s": answer.delta_s,
        "delta_m": answer.delta_m,
        "delta_end_s": answer.delta_end_s,
        "rung": answer.rung,
        "engine": found.engine,
        "seed": seed,
        "elapsed_ms": round(elapsed_ms, 1),
        "note": found.note,
    } | proposed


def _proposal(found: Proposal) -> dict[str, Any]:
    return {
        "order": list(found.order),
        "delta_s": found.delta_s,
        "moved_stops": found.moved_stops,
    }


def _step(step: TimelineStep) -> dict[str, Any]:
    named = {"type": step.kind} if step.id is None else {"type": step.kind, "id": step.id}
    return named | {
        "arrival": step.arrival_s,
        "waiting_time": step.waiting_s,
        "start": step.start_s,
        "departure": step.departure_s,
        "load": list(step.load),
        "violations": [_violation(found) for found in step.violations],
    }


def _violation(found: Violation) -> dict[str, Any]:
    written: dict[str, Any] = {"cause": found.cause, "id": found.id}
    if found.duration_s is not None:
        written["duration"] = found.duration_s
    if found.amount is not None:
        written["amount"] = list(found.amount)
    if found.soft:
        written["soft"] = True
    return written
