"""What happened on a run and at its visits: a pure fold of the set of facts.

`fold_visit` and `fold_run` never raise, and do not care for order or duplicates (sync-events.md
§5). The phone's overlay and the server use these same functions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.events import (
    EmptiesTaken,
    Event,
    FactVoided,
    LoadCounted,
    LoadScanned,
    PlanAcknowledged,
    RunOrderProposed,
    StationDone,
    StationMissed,
    StopCompleted,
    StopFailed,
    StopPartly,
    StopReopened,
    StopSkipped,
)

Half = dict[str, Any]

RESULT_RANK: dict[str, int] = {
    "stop.completed": 3,
    "station.done": 3,
    "stop.partly": 2,
    "stop.failed": 1,
    "station.missed": 1,
    "stop.skipped": 0,
}
OUTCOME: dict[str, str] = {
    "stop.completed": "done",
    "station.done": "done",
    "stop.partly": "partly",
    "stop.failed": "failed",
    "station.missed": "failed",
    "stop.skipped": "skipped",
}
FINAL_STATES = frozenset(OUTCOME.values())
DIRECTIONS = ("unload", "pickup", "load", "return")


@dataclass(frozen=True, slots=True)
class VisitFold:
    """The fact half of one StopVisit, with the facts that made it."""

    result: Event | None = None
    also: int = 0
    ranks_differ: bool = False
    arrived: Event | None = None
    service_started: Event | None = None
    departed: Event | None = None
    qty: dict[str, int] = field(default_factory=dict)
    empties: dict[str, int] = field(default_factory=dict)
    count: int = 0

    @property
    def state(self) -> str:
        """none, arrived, in_service, done, partly, failed or skipped."""
        if self.result is not None:
            return OUTCOME[self.result.type]
        if self.service_started is not None:
            return "in_service"
        return "none" if self.arrived is None else "arrived"

    def half(self, *, off_plan: bool = False) -> Half:
        """The fact half as rows carry it; empty keys are left out, times are hlc."""
        result = self.result
        reason = getattr(result.body, "reason", None) if result else None
        proof = getattr(result.body, "proof", None) if result else None
        whole: Half = {
            "state": None if self.state == "none" else self.state,
            "result": result.id if result else None,
            "by": result.envelope.by if result else None,
            "reason": reason,
            "drop_point": proof.drop_point if proof else None,
            "arrived": _hlc(self.arrived),
            "service_started": _hlc(self.service_started),
            "completed": _hlc(result),
            "departed": _hlc(self.departed),
            "qty": self.qty,
            "empties": self.empties,
            "also": self.also,
            "off_plan": off_plan,
            "n": self.count,
        }
        return {key: value for key, value in whole.items() if value not in (None, 0, False, {})}


@dataclass(frozen=True, slots=True)
class RunFold:
    """The fact half of one Run, with the facts that made it."""

    started: Event | None = None
    departed: Event | None = None
    missed: Event | None = None
    returned: Event | None = None
    finished: Event | None = None
    claimed: Event | None = None
    acknowledged: int = 0
    acknowledged_by: Event | None = None
    proposal: Event | None = None
    on_break: Event | None = None
    underway: bool = False
    after_finish: int = 0
    count: int = 0

    @property
    def state(self) -> str:
        """none, acknowledged, loading, underway or returned (schedule-and-plant.md §3)."""
        if self.finished is not None or self.returned is not None:
            return "returned"
        if self.departed is not None or self.underway:
            return "underway"
        if self.started is not None:
            return "loading"
        return "acknowledged" if self.acknowledged else "none"

    def half(self) -> Half:
        """The fact half as rows carry it; empty keys are left out, times are hlc."""
        whole: Half = {
            "state": None if self.state == "none" else self.state,
            "started": _hlc(self.started),
            "departed": _hlc(self.departed),
            "missed": None if self.departed else _hlc(self.missed),
            "returned": _hlc(self.returned),
            "finished": _hlc(self.finished),
            "acknowledged": self.acknowledged,
            "proposed": self.proposal.id if self.proposal else None,
            "on_break": self.on_break.id if self.on_break else None,
            "after_finish": self.after_finish,
            "n": self.count,
        }
        return {key: value for key, value in whole.items() if value not in (None, 0)}


def _hlc(event: Event | None) -> int | None:
    return event.envelope.hlc if event else None


def _undoes(undo: Event, target: Event) -> bool:
    result = target.type in RESULT_RANK
    if result != (undo.type == StopReopened.type) or target.type in (
        StopReopened.type,
        FactVoided.type,
    ):
        return False
    return _same_place(undo, target) and undo.stamp > target.stamp


def _same_place(one: Event, other: Event) -> bool:
    """Whether two facts name the same visit or the same run; two that name neither do as well."""
    mine = (one.envelope.visit, one.envelope.run)
    theirs = (other.envelope.visit, other.envelope.run)
    if mine == theirs:
        return True
    return any(a is not None and a == b for a, b in zip(mine, theirs, strict=True))


def live(facts: Iterable[Event]) -> list[Event]:
    """The facts that count, oldest first, each once: without those a later undo has killed."""
    known = {fact.id: fact for fact in facts}
    dead: set[str] = set()
    for fact in known.values():
        if isinstance(fact.body, StopReopened | FactVoided):
            target = known.get(fact.body.undo)
            if target is not None and _undoes(fact, target):
                dead.add(target.id)
    return sorted((f for f in known.values() if f.id not in dead), key=lambda f: f.stamp)


def _first(facts: Sequence[Event], kind: str) -> Event | None:
    return next((fact for fact in facts if fact.type == kind), None)


def _last(facts: Sequence[Event], kind: str) -> Event | None:
    return next((fact for fact in reversed(facts) if fact.type == kind), None)


def better_result(a: Event, b: Event) -> Event:
    """The result that counts of two: higher rank, then the earlier (hlc, id)."""
    return min(a, b, key=lambda fact: (-RESULT_RANK[fact.type], fact.stamp))


def _result_lines(result: Event | None) -> dict[str, int]:
    body = result.body if result else None
    lines: dict[str, int] = {}
    if isinstance(body, StopCompleted | StopPartly):
        lines.update(dict(body.lines))
    if isinstance(body, StopPartly):
        lines.update({line: done for line, done, _missing, _reason in body.short})
    if isinstance(body, StationDone):
        lines.update(dict(body.delivered))
    return lines


def _quantities(facts: Sequence[Event], result: Event | None) -> dict[str, int]:
    labels: dict[tuple[str, str], tuple[str, int]] = {}
    counted: dict[tuple[str, str], int] = {}
    for fact in facts:
        body = fact.body
        if isinstance(body, LoadCounted):
            counted[body.line, body.dir] = body.qty
        elif isinstance(body, LoadScanned) and body.line is not None:
            labels.setdefault((body.label, body.dir), (body.line, body.qty))
    scanned: dict[tuple[str, str], int] = {}
    for (_, of), (line, qty) in labels.items():
        scanned[line, of] = scanned.get((line, of), 0) + qty
    per_direction = scanned | counted
    quantities = _result_lines(result)
    for direction in reversed(DIRECTIONS):
        for (line, of), qty in per_direction.items():
            if of == direction:
                quantities[line] = qty
    return dict(sorted(quantities.items()))


def _signed(direction: str, qty: int) -> int:
    return qty if direction == "taken" else -qty


def _empties(facts: Sequence[Event], result: Event | None) -> dict[str, int]:
    sums: dict[str, int] = {}
    for fact in facts:
        if isinstance(fact.body, EmptiesTaken):
            kind, qty = fact.body.container_type, _signed(fact.body.dir, fact.body.qty)
            sums[kind] = sums.get(kind, 0) + qty
    if result is not None and isinstance(result.body, StationDone):
        for kind, direction, qty in result.body.empties:
            sums[kind] = sums.get(kind, 0) + _signed(direction, qty)
    return dict(sorted(sums.items()))


def fold_visit(facts: Iterable[Event]) -> VisitFold:
    """Fold all facts of one visit into its fact half."""
    everything = list({fact.id: fact for fact in facts}.values())
    living = live(everything)
    results = [fact for fact in living if fact.type in RESULT_RANK]
    result: Event | None = None
    for candidate in results:
        result = candidate if result is None else better_result(result, candidate)
    return VisitFold(
        result=result,
        also=max(0, len(results) - 1),
        ranks_differ=len({RESULT_RANK[fact.type] for fact in results}) > 1,
        arrived=_first(living, "stop.arrived"),
        service_started=_first(living, "stop.service_started"),
        departed=_first(living, "stop.departed"),
        qty=_quantities(living, result),
        empties=_empties(living, result),
        count=len(everything),
    )


def _open_break(living: Sequence[Event]) -> Event | None:
    ended = {getattr(f.body, "started", "") for f in living if f.type == "break.ended"}
    started = [f for f in living if f.type == "break.started" and f.id not in ended]
    return started[-1] if started else None


def _acknowledged(living: Sequence[Event]) -> tuple[int, Event | None]:
    seen = [fact for fact in living if isinstance(fact.body, PlanAcknowledged)]
    best = max(seen, key=lambda f: (getattr(f.body, "plan_version", 0), f.stamp), default=None)
    return (getattr(best.body, "plan_version", 0) if best else 0), best


def fold_run(facts: Iterable[Event], start_visit: str | None = None) -> RunFold:
    """Fold all facts of one run, those of its visits included, into its fact half.

    `start_visit` is the depot visit at the start: leaving it means that the run has left.
    """
    everything = list({fact.id: fact for fact in facts}.values())
    living = live(everything)
    at_start = [f for f in living if f.envelope.visit == start_visit and start_visit is not None]
    departed = _first(living, "run.departed") or _first(at_start, "stop.departed")
    finished, returned = _first(living, "run.finished"), _first(living, "run.returned")
    acknowledged, by = _acknowledged(living)
    elsewhere = (f for f in living if f.envelope.visit not in (None, start_visit))
    return RunFold(
        started=_first(living, "run.started"),
        departed=departed,
        missed=_first(living, "run.missed"),
        returned=returned,
        finished=finished,
        claimed=_first(living, "run.claimed"),
        acknowledged=acknowledged,
        acknowledged_by=by,
        proposal=_last(living, RunOrderProposed.type),
        on_break=_open_break(living),
        underway=any(f.type not in ("visit.geotagged", "note.added") for f in elsewhere),
        after_finish=sum(1 for f in living if finished and f.stamp > finished.stamp),
        count=len(everything),
    )


def overlay_visit(received: Half, own: Sequence[Event]) -> Half:
    """The fact half as the phone shows it: what the server folded, plus own facts it has not.

    An undo of a result that is not in hand shows the visit open and `checking` until the server's
    fold arrives.
    """
    mine = fold_visit(own)
    shown = dict(received)
    undone = {f.body.undo for f in own if isinstance(f.body, StopReopened)}
    if received.get("result") in undone:
        for key in ("state", "result", "by", "reason", "drop_point", "completed"):
            shown.pop(key, None)
        shown["checking"] = True
    half = mine.half()
    if mine.result is not None and _beats(mine.result, shown):
        for key in ("state", "result", "by", "reason", "drop_point", "completed"):
            shown.pop(key, None)
        shown.update({k: half[k] for k in ("state", "result", "by", "completed") if k in half})
        shown.update({k: half[k] for k in ("reason", "drop_point") if k in half})
        shown.pop("checking", None)
    for key in ("arrived", "service_started", "departed"):
        if key in half:
            shown[key] = min(half[key], shown.get(key, half[key]))
    if shown.get("state") not in FINAL_STATES and "state" in half:
        shown["state"] = half["state"]
    shown["n"] = received.get("n", 0) + mine.count
    return _with_sums(shown, mine)


def _with_sums(shown: Half, mine: VisitFold) -> Half:
    if mine.qty:
        shown["qty"] = {**shown.get("qty", {}), **mine.qty}
    if mine.empties:
        before = shown.get("empties", {})
        kinds = sorted({*before, *mine.empties})
        shown["empties"] = {k: before.get(k, 0) + mine.empties.get(k, 0) for k in kinds}
    return shown


def _beats(own: Event, shown: Half) -> bool:
    state = shown.get("state")
    if state not in FINAL_STATES:
        return True
    rank = {"done": 3, "partly": 2, "failed": 1, "skipped": 0}[str(state)]
    mine = RESULT_RANK[own.type]
    if mine != rank:
        return mine > rank
    return own.stamp < (shown.get("completed", 0), str(shown.get("result", "")))


RESULT_BODIES = (StopCompleted, StopPartly, StopFailed, StopSkipped, StationDone, StationMissed)


def run_state(plan_state: str, fact_state: str, facts: int) -> str:
    """The state of a run as shown: pure function of plan half and fact half (first row counts)."""
    if plan_state == "closed":
        return "closed"
    if plan_state in ("draft", "planned", "cancelled"):
        return "off_plan" if facts else plan_state
    if fact_state == "returned":
        return "completed"
    return "dispatched" if fact_state == "none" else fact_state


def visit_state(plan_state: str, fact_state: str) -> str:
    """The state of a visit as shown (schedule-and-plant.md §3); `none` is no fact yet."""
    if fact_state == "none":
        return {"planned": "pending", "optional_off": "hidden"}.get(plan_state, plan_state)
    if fact_state in FINAL_STATES:
        return fact_state
    return fact_state if plan_state == "planned" else "off_plan"
