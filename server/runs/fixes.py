"""Positions as they travel, delta coded, and when one may be kept: pure."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from shared.events import Event
from shared.sync import Positions


class Fix(NamedTuple):
    """One position: on the earth, or on a floor plan."""

    t_ms: int
    lat: float | None
    lon: float | None
    plan_id: UUID | None
    x_m: float | None
    y_m: float | None
    acc_m: int | None


def fixes_of(given: Positions) -> list[Fix]:
    """Read the delta coded fixes of one exchange; what does not make sense is left out."""
    plan = _uuid_or_none(given.plan)
    a = (given.x0 if given.plan else given.lat0) or 0
    b = (given.y0 if given.plan else given.lon0) or 0
    found = []
    for entry in given.d:
        if len(entry) not in (3, 4):
            continue
        a, b = a + entry[1], b + entry[2]
        accuracy = entry[3] if len(entry) == 4 else None
        at = given.t0 + entry[0] * 1000
        if plan is not None:
            found.append(Fix(at, None, None, plan, a / 100, b / 100, accuracy))
        elif abs(a) <= 900_000_000 and abs(b) <= 1_800_000_000:
            found.append(Fix(at, a / 1e7, b / 1e7, None, None, None, accuracy))
    return found


def _uuid_or_none(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def duty(living: Sequence[Event]) -> list[tuple[int, int]]:
    """Spans in which a position may be kept, from the living facts of a run."""
    spans: list[tuple[int, int]] = []
    since: int | None = None
    for fact in living:
        if fact.type in ("run.started", "run.departed", "break.ended"):
            since = fact.envelope.hlc if since is None else since
        elif fact.type in ("break.started", "run.finished", "run.returned"):
            if since is not None:
                spans.append((since, fact.envelope.hlc))
            since = None
            if fact.type != "break.started":
                return spans
    return [*spans, (since, 1 << 62)] if since is not None else spans
