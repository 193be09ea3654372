"""How visits cross from one run to another: a next version of both plans, told to both."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from server.dispatch.answers import whole_order
from server.dispatch.drafting import drafted
from server.dispatch.ops import Ops
from server.dispatch.seen import Seen, joining, see
from server.dispatch.service.looking import follow, look_at
from server.runs import service as running
from server.runs.queries import RunView
from server.runs.service import PlanDraft, Wish
from shared import task as planned
from shared.ids import SiteId
from shared.resequence import keep_order
from shared.task import TaskStop

OUT, IN = "transfer_out", "transfer_in"
NOTHING: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class Place:
    """Where visits go in the other run: the cheapest place each, behind a visit, or as they were.

    `after` None is the first open place; `before` is an order that had them; `settled` are visits
    that are done already.
    """

    cheapest: bool = True
    after: UUID | None = None
    before: Sequence[UUID] = ()
    settled: Collection[UUID] = NOTHING


@dataclass(frozen=True)
class Crossing:
    """Visits on their way between two runs that are locked, who wants it and why.

    `wish` is None when facts decide, not people.
    """

    source: RunView
    target: RunView
    visits: Sequence[UUID]
    by: str
    reason: str
    now: datetime
    wish: Wish | None = None
    place: Place = field(default_factory=Place)

    @property
    def site_id(self) -> SiteId:
        """Where it happens."""
        return SiteId(self.source.run.site_id)


def carry_over(session: Session, way: Crossing) -> tuple[RunView, RunView]:
    """Write the next version of both plans and tell the devices of both."""
    leaving = _without(session, way)
    left, joined = running.hang_over(session, way.source, way.target, way.visits, way.wish)
    entering = _with(session, way, joined)
    # A stop leaves a tombstone behind only where it turns up elsewhere.
    joined.run.in_feed = joined.run.in_feed or left.run.in_feed
    left = _written(session, way, left, leaving)
    joined = _written(session, way, joined, entering)
    follow(session, way.site_id, way.visits, joined.run.id, way.now)
    for view in (left, joined):
        look_at(session, way.site_id, view, way.now)
    return left, joined


def _written(session: Session, way: Crossing, view: RunView, draft: PlanDraft) -> RunView:
    leaves = view.run.id == way.source.run.id
    other = way.target.run if leaves else way.source.run
    op = {
        "op": OUT if leaves else IN,
        "visits": [str(one) for one in way.visits],
        "run": str(other.id),
        "run_name": other.name,
    }
    draft = replace(draft, ops=[op])
    return running.change_plan(session, view, draft, by=way.by, reason=way.reason, now=way.now)


def _without(session: Session, way: Crossing) -> PlanDraft:
    seen = see(session, way.site_id, way.source, way.now)
    open_ones = [seen.number(one) for one in way.visits if seen.number(one) in seen.task.order]
    read = Ops(seen, [])
    changes = tuple(planned.Cancel(number) for number in open_ones)
    answer = keep_order(replace(seen.task, changes=changes))
    order = [one for one in whole_order(seen, read, answer.order) if one not in way.visits]
    return drafted(seen, read, answer, order)


def _with(session: Session, way: Crossing, view: RunView) -> PlanDraft:
    seen = see(session, way.site_id, view, way.now)
    read = Ops(seen, [])
    fresh = [one for one in way.visits if one not in way.place.settled]
    behind = _behind(seen, read, way.place, fresh)

    def change(stop: TaskStop) -> planned.Change:
        return planned.Insert(stop, way.place.cheapest, behind.get(read.id_of(stop.id)))

    answer = keep_order(joining(seen, list(behind) or fresh, change))
    ahead = [read.id_of(number) for number in answer.order]
    done = [one for one in way.visits if one in way.place.settled]
    return drafted(seen, read, answer, [*seen.progress.settled, *done, *ahead])


def _behind(seen: Seen, read: Ops, place: Place, fresh: Sequence[UUID]) -> dict[UUID, int | None]:
    """What each visit comes behind; several without an order of old follow one another."""
    if place.cheapest:
        return {}
    known = set(seen.progress.ahead)
    found: dict[UUID, int | None] = {}
    after = place.after
    for one in sorted(fresh, key=place.before.index) if place.before else fresh:
        if place.before:
            earlier = [x for x in place.before[: place.before.index(one)] if x in known]
            after = earlier[-1] if earlier else None
        placed = after is not None and after in found
        found[one] = seen.number(after) if placed and after else read.behind(after)
        after = one
        known.add(one)
    return found
