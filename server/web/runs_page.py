"""The page of one run: its stops, what a change would cost, what the driver knows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from fastapi import Request
from sqlmodel import Session
from starlette.responses import Response

from server.core.access import Principal, may
from server.core.clock import from_ms
from server.core.http import InParts, Who, needs
from server.core.words import _
from server.fleet import queries as fleet
from server.loops import queries as loops
from server.people import queries as people
from server.runs import queries as runs
from server.runs.queries import RunView
from server.sites import queries as sites
from server.web.board_runs import PLANT_KINDS
from server.web.fact_words import fact_titles, said_of
from server.web.formats import day
from server.web.held_page import names_of
from server.web.op_words import lines_of
from server.web.page import page, page_router
from server.web.shell import Shell
from server.web.stream import read_snapshot, reason_words
from shared.run import live

router = page_router()
HISTORY_MAX = 30
FACTS_MAX = 300


class PlanMade(Protocol):
    """A version of a plan, as far as its words need it."""

    @property
    def ops(self) -> list[dict[str, Any]]:
        """What was changed."""
        ...


@router.get("/runs/{run_id}", openapi_extra=needs("runs", "read"))
def run_page(request: Request, run_id: UUID, who: Who, parts: InParts) -> Response:
    """One run with everything that can be done to it."""

    def load(session: Session, _shell: Shell) -> Mapping[str, Any]:
        row = runs.allowed_run(session, who, run_id)
        view = runs.load(session, who.site_id, run_id)
        edit = may(who, "write", resource=runs.resource(row, "plan"))
        loop = loops.loop(session, who.site_id, row.loop_id) if row.loop_id else None
        return {
            "name": row.name,
            "service_date": row.service_date.isoformat(),
            "day_name": day(row.service_date),
            "loop_id": str(row.loop_id or ""),
            "loop_name": f"{loop.code} {loop.name}" if loop else "",
            "note": (row.note or {}).get("text", ""),
            "may_edit": edit,
            "vehicles": [(str(one.id), one.name) for one in fleet.vehicles(session, who)],
            "drivers": [(str(one.id), one.name) for one in people.drivers(session, who)],
            "loads": list(_loads(view)),
            "history": _history(session, who, view),
            "facts": _facts(session, who, view),
            "page_data": {
                "id": str(run_id),
                "reasons": reason_words(session, who),
                "lane": "plant" if row.kind in PLANT_KINDS else "road",
                "may_edit": edit,
                "snapshot": read_snapshot(session, request, parts, who, (f"run:{run_id}",)),
            },
        }

    return page(request, who, parts, "run.html", load, here="/today")


def _loads(view: RunView) -> Iterable[dict[str, Any]]:
    names = {one.id: view.places[one.location_id].name for one in view.visits}
    for line in view.loads:
        stop = line.drop_visit or line.pickup_visit
        yield {
            "part_no": line.part_no,
            "name": line.name,
            "qty": line.qty,
            "unit_label": line.unit_label,
            "stop": names.get(stop, "") if stop else "",
        }


def _history(session: Session, who: Principal, view: RunView) -> list[dict[str, Any]]:
    """The versions of the plan, the newest first, in words."""
    plans = list(runs.plans(session, who.site_id, view.run.id))[:HISTORY_MAX]
    names = _stop_names(session, who, view, plans)
    wanted = {op.get("location_id") for plan in plans for op in plan.ops}
    places = sites.locations(session, who.site_id, [UUID(str(one)) for one in wanted if one])
    names |= {str(key): place.name for key, place in places.items()}
    known = {str(one.id): one.name for one in people.people(session, who.site_id)}
    return [
        {
            "version": plan.version,
            "who": _by(plan.made_by, known),
            "at": plan.created_at,
            "reason": plan.reason,
            "lines": lines_of(plan.ops, names),
        }
        for plan in plans
    ]


def _stop_names(
    session: Session, who: Principal, view: RunView, plans: Sequence[PlanMade]
) -> dict[str, str]:
    """Names of the visits, those that went to another run included."""
    gone = {UUID(one) for plan in plans for op in plan.ops for one in op.get("visits", ())}
    gone -= {one.id for one in view.visits}
    rows = [*view.visits, *runs.visits(session, who.site_id, gone)]
    places = sites.locations(session, who.site_id, {one.location_id for one in rows})
    return {str(one.id): places[one.location_id].name for one in rows}


def _facts(session: Session, who: Principal, view: RunView) -> list[dict[str, Any]]:
    """What was reported about the run, the newest first; what was taken back is marked."""
    known = runs.run_facts(session, who.site_id, view)[-FACTS_MAX:]
    living = {fact.id for fact in live(one.event for one in known)}
    names, titles = names_of(session, who), fact_titles()
    devices = {one.event.id: one.device_id for one in known}
    undone = {
        target: names.device(str(one.device_id)) or names.by(one.event.envelope.by)
        for one in known
        if (target := getattr(one.event.body, "undo", None)) in devices
        and devices[target] != one.device_id
    }
    stops = {str(one.id): view.places[one.location_id].name for one in view.visits}
    return [
        {
            "id": one.event.id,
            "title": titles.get(one.event.type, one.event.type),
            "stop": stops.get(one.event.envelope.visit or "", ""),
            "by": names.by(one.event.envelope.by, one.reported_ms),
            "device": names.device(str(one.device_id)),
            "at": from_ms(one.reported_ms),
            "received": from_ms(one.received_ms),
            "clock": from_ms(one.event.envelope.clk[2]) if one.event.envelope.clk[2] > 0 else None,
            "uncertain": one.uncertain,
            "dead": one.event.id not in living,
            "undone_by": undone.get(one.event.id, ""),
            "said": said_of(one.event.body, names),
        }
        for one in reversed(known)
    ]


def _by(made_by: str, known: Mapping[str, str]) -> str:
    kind, _colon, key = made_by.partition(":")
    if kind in ("user", "supervisor", "person"):
        return known.get(key, _("somebody"))
    if made_by == "facts":
        return _("by what was reported")
    return _("by the timetable") if kind in ("system", "schedule", "timetable", "") else made_by
