"""Prices and plans as the board and the API read them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from server.dispatch.ops import Ops
from server.dispatch.seen import Seen
from shared.task import Price, Timeline, TimelineStep, Violation


def whole_order(seen: Seen, ops: Ops, open_order: Sequence[int]) -> list[UUID]:
    """What is settled, then what lies ahead."""
    return [*seen.progress.settled, *(ops.id_of(number) for number in open_order)]


def write_price(
    seen: Seen, ops: Ops, price: Price, cost_per_km_minor: int | None, *, brief: bool = False
) -> dict[str, Any]:
    """The price of a change (schedule-and-plant.md §11); brief: neither order nor times."""
    cost = None
    if cost_per_km_minor is not None and price.delta_m is not None:
        cost = round(price.delta_m * cost_per_km_minor / 1000)
    every: dict[str, Any] = {} if brief else _order_and_times(seen, ops, price)
    return {
        **every,
        "delta_s": price.delta_s,
        "delta_m": price.delta_m,
        "delta_end_s": price.delta_end_s,
        "cost_minor": cost,
        "moved_stops": price.moved_stops,
        "late": _late(ops, price),
        "violations": {
            "new": write_violations(ops, price.new),
            "worse": write_violations(ops, price.worse),
            "cleared": write_violations(ops, price.cleared),
        },
        "told": [],
    }


def _order_and_times(seen: Seen, ops: Ops, price: Price) -> dict[str, Any]:
    return {
        "order": [str(one) for one in whole_order(seen, ops, price.order)],
        "etas": {str(ops.id_of(n)): at * 1000 for n, at in _arrivals(price.timeline).items()},
    }


def _arrivals(timeline: Timeline) -> Mapping[int, int]:
    return {
        step.id: step.arrival_s
        for step in timeline.steps
        if step.kind == "stop" and step.id is not None
    }


def _late(ops: Ops, price: Price) -> dict[str, list[int]]:
    """Seconds late before and after, for every visit that is late in either."""
    before, after = _delays(price.before), _delays(price.timeline)
    return {
        str(ops.id_of(number)): [before.get(number, 0), after.get(number, 0)]
        for number in sorted(before.keys() | after.keys())
    }


def _delays(timeline: Timeline) -> dict[int, int]:
    return {
        found.id: found.duration_s or 0
        for found in timeline.violations
        if found.cause == "delay" and isinstance(found.id, int)
    }


def write_violations(ops: Ops, violations: Sequence[Violation]) -> list[dict[str, Any]]:
    """Violations with the visit they are at; those of the end name no visit."""
    return [write_violation(ops, found) for found in violations]


def write_violation(ops: Ops, found: Violation) -> dict[str, Any]:
    """One of them."""
    written: dict[str, Any] = {"cause": found.cause}
    if isinstance(found.id, int) and found.cause != "missing_break":
        written["visit"] = str(ops.id_of(found.id))
    if found.duration_s is not None:
        written["duration_s"] = found.duration_s
    if found.amount is not None:
        written["amount"] = list(found.amount)
    if found.soft:
        written["soft"] = True
    return written


def planned_times(ops: Ops, steps: Sequence[TimelineStep]) -> dict[UUID, tuple[int, int]]:
    """Planned arrival and departure of each stop ahead, in milliseconds."""
    return {
        ops.id_of(step.id): (step.arrival_s * 1000, step.departure_s * 1000)
        for step in steps
        if step.kind == "stop" and step.id is not None
    }
