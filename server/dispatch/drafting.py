"""An answer of resequencing becomes the next version of a plan."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from server.dispatch.answers import planned_times, write_violations
from server.dispatch.ops import Ops
from server.dispatch.seen import Seen
from server.runs.service import PlanDraft
from shared.task import Answer
from shared.timeline import simulate


def drafted(seen: Seen, read: Ops, answer: Answer, order: Sequence[UUID]) -> PlanDraft:
    """The next version: planned times hold the buffers, which the price does not."""
    places = {one.id: one.location_id for one in seen.visits}
    places |= {one.id: one.location_id for one in read.added}
    run = seen.view.run
    route = [run.start_location, *(places[one] for one in order), run.end_location]
    stops = {
        number: replace(stop, service_s=stop.service_s + _buffer(seen, number))
        for number, stop in answer.run.stops.items()
    }
    line = simulate(replace(answer.run, stops=stops), answer.order, answer.at)
    back = {
        one.id: (line.end_s * 1000, line.end_s * 1000) for one in seen.visits if one.kind == "end"
    }
    return PlanDraft(
        order=order,
        times=planned_times(read, line.steps) | back,
        legs=seen.ground.legs(route),
        return_ms=line.end_s * 1000,
        violations=write_violations(read, answer.timeline.violations),
        edits=read.edits,
        added=read.added,
        assign=read.assign,
        note=read.note,
        planner={"rung": answer.rung, "engine": "level0"},
    )


def _buffer(seen: Seen, number: int) -> int:
    return seen.visits[number].buffer_s if number < len(seen.visits) else 0
