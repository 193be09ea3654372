"""Where a new stop fits best: its cheapest place in the runs of a day, or a run of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlmodel import Session

from server.core.access import Principal, Resource, allow
from server.core.clock import to_ms
from server.dispatch.answers import write_violations
from server.dispatch.ground import PLANT
from server.dispatch.ops import Ops
from server.dispatch.seen import Seen
from server.dispatch.service.changeable import may_be_driven
from server.dispatch.service.own_run import ad_hoc
from server.dispatch.service.reading import read_ops
from server.planner.explain import MainCause
from server.runs import queries as runs
from server.runs.queries import RunView
from server.sites import queries as sites
from shared.geo import PlantPoint
from shared.ids import SiteId
from shared.local_time import resolve_span, zone
from shared.plan import Insert, write_op
from shared.resequence import what_if
from shared.site import Location
from shared.task import Price, Violation
from shared.timeline import simulate

OFFERS_MAX = 3
Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seeking:
    """A stop that looks for a place on a day; `between` are wall times, `stop` has instants."""

    on: date
    stop: Insert
    between: tuple[time, time] | None = None


def offers(session: Session, who: Principal, asked: Seeking, *, now: datetime) -> Told:
    """The cheapest runs first, those that break nothing before others, an ad hoc run last.

    Nothing is written: inserting is an edit of the run, or the opening of one.
    """
    allow(who, "write", resource=Resource("plan", who.site_id))
    stop = _with_windows(session, who.site_id, asked)
    place = _place(session, who.site_id, stop)
    plant = isinstance(place.point(), PlantPoint)
    open_ones = [
        row.id
        for row in runs.day(session, who, asked.on)
        if may_be_driven(row) and (row.kind == PLANT) == plant
    ]
    views = runs.views(session, who.site_id, open_ones)
    found = sorted(
        (_offer(session, who.site_id, view, stop, now) for view in views), key=_Offer.rank
    )
    told = [offer.told() for offer in found[:OFFERS_MAX]]
    if not plant and stop.location_id is not None:
        told.append(ad_hoc(session, who.site_id, place, stop, on=asked.on, now=now))
    clean = any(not offer.broken for offer in found)
    return {
        "stop": write_op(stop),
        "offers": told,
        "unfit_cause": None if clean else _main_cause(found),
    }


def _with_windows(session: Session, site_id: SiteId, asked: Seeking) -> Insert:
    """Wall times of the site become instants of the day."""
    if asked.between is None:
        return asked.stop
    tz = zone(sites.site(session, site_id).tz)
    first, last = (to_ms(one.utc) for one in resolve_span(asked.on, *asked.between, tz))
    return asked.stop.model_copy(update={"windows": ((first, last),)})


def _place(session: Session, site_id: SiteId, stop: Insert) -> Location:
    location_id = stop.location_id
    if stop.order_id is not None:
        location_id = runs.order(session, site_id, stop.order_id).to_location
    assert location_id is not None, "either location_id or order_id"
    return sites.as_location(sites.location(session, site_id, location_id))


@dataclass(frozen=True, slots=True)
class _Offer:
    """The cheapest place of the stop in one run."""

    seen: Seen
    read: Ops
    price: Price

    @property
    def broken(self) -> list[Violation]:
        """Hard rules that are broken because of it."""
        return [one for one in (*self.price.new, *self.price.worse) if not one.soft]

    def rank(self) -> tuple[int, int, int, str]:
        """What breaks least comes first, then what takes the least time."""
        name = self.seen.view.run.name
        return len(self.broken), self._late_s(), self.price.delta_end_s, name

    def _late_s(self) -> int:
        return max(0, self.price.timeline.late_s - self.price.before.late_s)

    def told(self) -> Told:
        """What somebody needs in order to choose, and to insert it."""
        run, order = self.seen.view.run, self.price.order
        place = order.index(len(self.seen.visits))
        step = self.price.timeline.steps[place]
        return {
            "run_id": str(run.id),
            "name": run.name,
            "plan_version": run.plan_version,
            "after": str(self.read.id_of(order[place - 1])) if place else None,
            "position": len(self.seen.progress.settled) + place + 1,
            "arrival": step.arrival_s * 1000,
            "delta_s": self.price.delta_s,
            "delta_m": self.price.delta_m,
            "delta_end_s": self.price.delta_end_s,
            "late_s": self._late_s(),
            "unfit": [
                {**told, "stop": self._name(found), **self._over(found)}
                for told, found in zip(
                    write_violations(self.read, self.broken), self.broken, strict=True
                )
            ],
        }

    def _name(self, found: Violation) -> str:
        if not isinstance(found.id, int) or found.id >= len(self.seen.visits):
            return ""
        return str(self.seen.view.places[self.seen.visits[found.id].location_id].name)

    def _over(self, found: Violation) -> Told:
        return {} if found.amount is None else {"over": self.seen.cargo.told(found.amount)}


def _offer(session: Session, site_id: SiteId, view: RunView, stop: Insert, now: datetime) -> _Offer:
    seen, read = read_ops(session, site_id, view, [stop], now)
    before = simulate(seen.task.run, seen.task.order, seen.task.at)
    return _Offer(seen, read, what_if(read.task(), before=before))


def _main_cause(found: Sequence[_Offer]) -> MainCause | None:
    """Why the best run does not take it; nothing when there is no run at all."""
    if not found:
        return None
    causes = {one.cause for one in found[0].broken}
    return "only_late" if causes <= {"delay"} else "capacity_used_up"
