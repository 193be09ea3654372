"""What a newer plan did to the order the driver knew, one line per stop (S9)."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from driver_app.state import DiffLine, VisitView
from shared.ids import VisitId

TIME_CHANGE_MS = 60_000


def snapshot(plan: Mapping[str, Any], visits: Sequence[VisitView]) -> dict[str, Any]:
    """The plan as the driver understood it, kept until the next one is understood."""
    return {
        "version": int(plan.get("plan_version", 0)),
        "return": int(plan.get("planned_return", 0)),
        "order": list(plan.get("order", [])),
        "stops": {
            str(v.id): [v.no, v.name, v.planned_arrival_ms, [list(w) for w in v.windows]]
            for v in visits
        },
    }


def diff_of(
    seen: Mapping[str, Any] | None,
    plan: Mapping[str, Any],
    visits: Sequence[VisitView],
    *,
    acked: int,
) -> tuple[DiffLine, ...]:
    """Differences between the plan last understood and this one; insert shows one + and no move."""
    version = int(plan.get("plan_version", 0))
    if seen is None or acked >= version or int(seen["version"]) >= version:
        return ()
    old: list[str] = list(seen["order"])
    new: list[str] = list(plan.get("order", []))
    known = {str(visit.id): visit for visit in visits}
    moved = _moved([id_ for id_ in old if id_ in new], [id_ for id_ in new if id_ in old])
    lines = [
        line
        for id_ in new
        if id_ in known
        and (line := _line(known[id_], seen["stops"].get(id_), known=id_ in old, moved=moved))
    ]
    lines += [_gone(id_, seen["stops"][id_], known.get(id_)) for id_ in old if id_ not in new]
    return tuple(lines)


def _line(
    visit: VisitView, before: Sequence[Any] | None, *, known: bool, moved: Mapping[str, bool]
) -> DiffLine | None:
    now = (visit.id, visit.no, visit.name)
    if not known or before is None:
        return DiffLine("added", *now, 0, 0, visit.planned_arrival_ms)
    old_no, old_ms = int(before[0]), int(before[2])
    times = (old_no, old_ms, visit.planned_arrival_ms)
    if str(visit.id) in moved:
        return DiffLine("up" if moved[str(visit.id)] else "down", *now, *times)
    if [list(window) for window in visit.windows] != before[3]:
        return DiffLine("window", *now, *times)
    if abs(visit.planned_arrival_ms - old_ms) >= TIME_CHANGE_MS and visit.open:
        return DiffLine("time", *now, *times)
    return None


def _gone(id_: str, before: Sequence[Any], visit: VisitView | None) -> DiffLine:
    kept = visit is not None and visit.state not in ("cancelled", "pending", "hidden")
    return DiffLine(
        "kept_off_plan" if kept else "removed",
        VisitId(UUID(id_)),
        int(before[0]),
        str(before[1]),
        int(before[0]),
        int(before[2]),
        0,
    )


def _moved(old: Sequence[str], new: Sequence[str]) -> dict[str, bool]:
    """Stops that left the common order, as few as possible; True: earlier than before."""
    before = {id_: number for number, id_ in enumerate(old)}
    places = [before[id_] for id_ in new]
    stay = _longest_rising(places)
    return {id_: before[id_] > number for number, id_ in enumerate(new) if before[id_] not in stay}


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """The longest rising subsequence (patience sorting)."""
    tails: list[int] = []
    parent: dict[int, int | None] = {}
    for number in numbers:
        at = bisect_left(tails, number)
        parent[number] = tails[at - 1] if at else None
        tails[at : at + 1] = [number]
    found: set[int] = set()
    last: int | None = tails[-1] if tails else None
    while last is not None:
        found.add(last)
        last = parent[last]
    return found
