"""How many bytes a loop is on the wire: they depend on no machine (sync-proof.md §6)."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from server.core.access import Principal
from server.core.http import Parts
from server.runs.rules import NewRun, NewVisit
from server.runs.service import opening, states
from server.sites import service as sites
from shared.ids import RunId
from shared.site import Location
from tests.server.sync.a_device import VAN, Device

pytestmark = pytest.mark.anyio

STOPS = 200
LOOP_BYTES = 15_000


def open_loop(parts: Parts, who: Principal) -> RunId:
    """A dispatched run past places that are new."""
    now = parts.clock.now()
    at = [now + timedelta(seconds=360 * (n + 1)) for n in range(STOPS + 1)]

    def work(session: Session) -> RunId:
        given = [
            Location(kind="customer", name=f"Shop {n:03}", lat=60 + n**0.5 / 9, lon=25 - n**0.5 / 7)
            for n in range(STOPS)
        ]
        rows = sites.add_locations(session, who, [(None, one) for one in given], now=now)
        depot = rows[0].id
        stops = [
            NewVisit(row.id, "fixed", there, there + timedelta(seconds=120), service_s=120)
            for row, there in zip(rows, at, strict=False)
        ]
        ends = NewVisit(depot, "start", now, now), NewVisit(depot, "end", at[-1], at[-1])
        new = NewRun(
            name="Long round", kind="outbound", service_date=now.date(), departure_at=now,
            return_at=at[-1], start_location=depot, end_location=depot,
            visits=(ends[0], *stops, ends[1]), legs=((240, 2_400),) * (STOPS + 1), vehicle_id=VAN,
        )  # fmt: skip
        run_id = opening.open_run(session, who.site_id, new, now=now)
        assert run_id is not None
        states.dispatch(session, who, run_id, now=now)
        return run_id

    return parts.writer.run(work)


async def test_a_loop_of_200_stops_comes_in_one_answer_of_15_kilobytes(
    van: Device, parts: Parts, supervisor: Principal
) -> None:
    open_loop(parts, supervisor)

    answer = await van.post()

    told = answer.json()["pull"]
    assert not told["more"]
    assert sum(row[0] == "stop" for row in told["rows"]) == STOPS + 2
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) <= LOOP_BYTES
