"""What the facts of a run and its visits give a supervisor to look at: pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.events import Event, RunDisrupted, RunStarted, VehicleChecked
from shared.run import RESULT_RANK, RunFold, VisitFold

CANCELLED, MOVED, NOT_PLANNED = "cancelled", "moved", "not_planned"


@dataclass(frozen=True)
class Condition:
    """A reason to look; its key stays the same as long as the same facts are the cause.

    `facts` and `plan` are the two sides to be compared: what was reported, and what in the plan
    stands against it.
    """

    kind: str
    cause: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    facts: Sequence[Event] = ()
    plan: str = ""

    @property
    def key(self) -> str:
        """Name of this condition; a settled one is not raised again."""
        return f"{self.kind}:{self.cause}"


@dataclass(frozen=True)
class Planned:
    """What the plan says of a visit, as far as facts may contradict it."""

    state: str
    cancelled_rev: int | None = None
    wanted_run: str | None = None
    runs: Collection[str] = ()


def of_visit(plan: Planned, folded: VisitFold, living: Sequence[Event]) -> list[Condition]:
    """Conditions of one visit (sync-events.md R2, R3, R13, R14)."""
    result = folded.result
    if result is None:
        told = [fact for fact in living if fact.envelope.visit][-1:]
        off = plan.state != "planned" and folded.count
        return [Condition("off_plan", "visit", facts=told, plan=CANCELLED)] if off else []
    found = []
    if plan.state == "cancelled":
        seen = plan.cancelled_rev is not None and result.envelope.plan_rev >= plan.cancelled_rev
        kind = "completed_after_cancel" if seen else "cancel_not_seen"
        outcome = {"outcome": folded.state}
        found.append(Condition(kind, result.id, outcome, facts=[result], plan=CANCELLED))
    if _came_back(plan, result):
        found.append(Condition("moved_after_done", result.id, facts=[result], plan=MOVED))
    if folded.ranks_differ:
        both = [result, _other(result, living)]
        found.append(Condition("result_conflict", result.id, {"also": folded.also}, facts=both))
    if folded.state == "failed":
        reason = getattr(result.body, "reason", "")
        found.append(Condition("failed_visit", result.id, {"reason": reason}, facts=[result]))
    return found


def _came_back(plan: Planned, result: Event) -> bool:
    """Done on a run that people had taken the visit away from."""
    run = result.envelope.run
    return plan.wanted_run is not None and run in plan.runs and run != plan.wanted_run


def _other(result: Event, living: Sequence[Event]) -> Event:
    """The best result that says something else."""
    rank = RESULT_RANK[result.type]
    others = [fact for fact in living if RESULT_RANK.get(fact.type, rank) != rank]
    return min(others, key=lambda fact: (-RESULT_RANK[fact.type], fact.stamp))


def of_run(plan_state: str, folded: RunFold, living: Sequence[Event]) -> list[Condition]:
    """Conditions of one run (sync-events.md R3, R15, R17), and what its driver reported."""
    found = [
        Condition(
            "disruption",
            fact.id,
            {**fact.body.model_dump(exclude_none=True), "visit": fact.envelope.visit},
            facts=[fact],
        )
        for fact in living
        if isinstance(fact.body, RunDisrupted)
    ]
    if folded.count and plan_state in ("draft", "planned", "cancelled"):
        plan = CANCELLED if plan_state == "cancelled" else NOT_PLANNED
        state = {"plan_state": plan_state}
        found.append(Condition("off_plan", "run", state, facts=living[-1:], plan=plan))
    found += _after_the_end(folded, living)
    if folded.missed is not None and folded.departed is None:
        reason = getattr(folded.missed.body, "reason", "")
        missed = [folded.missed]
        found.append(Condition("missed", folded.missed.id, {"reason": reason}, facts=missed))
    return found + _left_open(folded, living)


def _after_the_end(folded: RunFold, living: Sequence[Event]) -> list[Condition]:
    end = min((e for e in (folded.finished, folded.returned) if e), key=_stamp, default=None)
    if end is None or not folded.after_finish:
        return []
    late = [fact for fact in living if fact.stamp > end.stamp]
    return [Condition("after_finish", end.id, {"count": len(late)}, facts=[end, late[-1]])]


def _stamp(fact: Event) -> tuple[int, str]:
    return fact.stamp


def _left_open(folded: RunFold, living: Sequence[Event]) -> list[Condition]:
    """The driver left although the gate or the check of the vehicle said no."""
    start = folded.started
    if start is None or not isinstance(start.body, RunStarted):
        return []
    items = [list(one) for one in start.body.overrides or ()]
    checks = [
        fact
        for fact in living
        if isinstance(fact.body, VehicleChecked) and fact.stamp < start.stamp
    ]
    newest = checks[-1] if checks else None
    unfit = newest is not None and isinstance(newest.body, VehicleChecked) and not newest.body.fit
    if not items and not unfit:
        return []
    both = [newest, start] if newest is not None and unfit else [start]
    detail = {"items": items, "unfit": unfit}
    return [Condition("gate_overridden", start.id, detail, facts=both)]
