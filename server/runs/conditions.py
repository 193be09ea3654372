"""What the facts of a run and its visits give a supervisor to look at: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.events import Event, RunDisrupted
from shared.run import RunFold, VisitFold


@dataclass(frozen=True)
class Condition:
    """A reason to look; its key stays the same as long as the same facts are the cause."""

    kind: str
    cause: str
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Name of this condition; a settled one is not raised again."""
        return f"{self.kind}:{self.cause}"


def of_visit(plan_state: str, cancelled_rev: int | None, folded: VisitFold) -> list[Condition]:
    """Conditions of one visit (sync-events.md R2, R5, R14)."""
    found: list[Condition] = []
    result = folded.result
    if result is not None and plan_state == "cancelled":
        seen = cancelled_rev is not None and result.envelope.plan_rev >= cancelled_rev
        kind = "completed_after_cancel" if seen else "cancel_not_seen"
        found.append(Condition(kind, result.id, {"outcome": folded.state}))
    if result is not None and folded.ranks_differ:
        found.append(Condition("result_conflict", result.id, {"also": folded.also}))
    if result is not None and folded.state == "failed":
        reason = getattr(result.body, "reason", "")
        found.append(Condition("failed_visit", result.id, {"reason": reason}))
    if result is None and plan_state != "planned" and folded.count:
        found.append(Condition("off_plan", "visit"))
    return found


def of_run(plan_state: str, folded: RunFold, living: Sequence[Event]) -> list[Condition]:
    """Conditions of one run (sync-events.md R3, R15, R17), and what its driver reported."""
    found = [
        Condition(
            "disruption",
            fact.id,
            {**fact.body.model_dump(exclude_none=True), "visit": fact.envelope.visit},
        )
        for fact in living
        if isinstance(fact.body, RunDisrupted)
    ]
    if folded.count and plan_state in ("draft", "planned", "cancelled"):
        found.append(Condition("off_plan", "run", {"plan_state": plan_state}))
    if folded.finished is not None and folded.after_finish:
        found.append(Condition("after_finish", folded.finished.id, {}))
    if folded.missed is not None and folded.departed is None:
        reason = getattr(folded.missed.body, "reason", "")
        found.append(Condition("missed", folded.missed.id, {"reason": reason}))
    return found
