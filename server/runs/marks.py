"""Marks of a run, computed from rows whenever somebody looks: pure."""

from datetime import datetime
from typing import NamedTuple

LATE_AFTER_S = {"road": 300, "plant": 120}
MISS_AFTER_S = 7_200
OVERDUE_AFTER_S = 900


class Standing(NamedTuple):
    """What the marks of a run follow from."""

    kind: str
    plan_state: str
    gate_passed: bool
    departure_at: datetime
    return_at: datetime
    departed_at: datetime | None
    returned_at: datetime | None
    started: bool
    takt_s: int | None
    plan_seen: bool


def marks(run: Standing, now: datetime) -> list[str]:
    """Marks of a run now, several at once; read from rows, never from a timer that misfired."""
    found = ["ready"] if run.plan_state == "planned" and run.gate_passed else []
    if run.plan_state not in ("planned", "dispatched"):
        return found
    lane = "plant" if run.kind == "internal" else "road"
    waiting_s = (now - run.departure_at).total_seconds()
    if run.departed_at is None and run.returned_at is None and waiting_s > 0:
        limit_s = (run.takt_s or MISS_AFTER_S) if lane == "plant" else MISS_AFTER_S
        if waiting_s >= limit_s and not (lane == "plant" and run.started):
            found.append("missed")
        elif waiting_s >= LATE_AFTER_S[lane]:
            found.append("late_departure")
    back_s = (now - run.return_at).total_seconds()
    if run.departed_at is not None and run.returned_at is None and back_s >= OVERDUE_AFTER_S:
        found.append("overdue_return")
    if run.plan_state == "dispatched" and run.started and not run.plan_seen:
        found.append("plan_not_seen")
    return found
