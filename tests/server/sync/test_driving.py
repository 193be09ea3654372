"""Who drives and where the vehicle is: sign-in brings the runs, positions ride along."""

from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from server.core.access import Principal
from server.core.clock import from_ms
from server.core.http import Parts
from server.runs import queries as runs
from shared.events import DriverSignedIn, DriverSignedOut, Event, RunClaimed, RunStarted
from shared.ids import SiteId
from tests.helpers.builders import START_MS, fact, id_of
from tests.helpers.clock import ManualClock
from tests.server.sync.a_device import Circle, Device, found_site, open_circle, pair_device

pytestmark = pytest.mark.anyio
KAYA = id_of("kaya")


@pytest.fixture
async def tablet(client: AsyncClient, app: FastAPI, parts: Parts, supervisor: Principal) -> Device:
    """A device in no vehicle, in a site with two places."""
    del client
    found_site(parts, supervisor, "bakery", "dairy")
    return await pair_device(app, supervisor, "Tablet", van=False)


def signs_in(at: int = 0, by: str = "kaya") -> Event:
    return fact(DriverSignedIn(method="pin"), at=at, by=by, run=None, visit=None)


async def test_a_driver_who_signs_in_finds_the_runs_of_today(
    tablet: Device, parts: Parts, supervisor: Principal
) -> None:
    circle = open_circle(parts, supervisor, "bakery", van=False, driver=KAYA)
    await tablet.exchange()
    assert ("run", circle.run) not in tablet.rows

    await tablet.record(signs_in()).exchange()

    assert ("run", circle.run) in tablet.rows


async def test_the_runs_follow_the_driver_to_another_device(
    tablet: Device, parts: Parts, supervisor: Principal, app: FastAPI
) -> None:
    circle = open_circle(parts, supervisor, "bakery", van=False, driver=KAYA)
    await tablet.record(signs_in()).exchange()
    other = await pair_device(app, supervisor, "Spare", van=False)

    await other.record(signs_in(at=9)).exchange()

    await tablet.exchange()
    assert ("run", circle.run) in other.rows
    assert ("run", circle.run) not in tablet.rows


async def test_a_sign_in_told_late_does_not_take_the_runs_back(
    tablet: Device, parts: Parts, supervisor: Principal, app: FastAPI
) -> None:
    circle = open_circle(parts, supervisor, "bakery", van=False, driver=KAYA)
    other = await pair_device(app, supervisor, "Spare", van=False)
    await other.record(signs_in(at=9)).exchange()

    await tablet.record(signs_in(at=0)).exchange()

    await other.exchange()
    assert ("run", circle.run) in other.rows
    assert ("run", circle.run) not in tablet.rows


async def test_who_signs_out_leaves_no_run_behind(
    tablet: Device, parts: Parts, supervisor: Principal
) -> None:
    circle = open_circle(parts, supervisor, "bakery", van=False, driver=KAYA)
    await tablet.record(signs_in()).exchange()

    await tablet.record(fact(DriverSignedOut(), at=9, run=None, visit=None)).exchange()

    assert ("run", circle.run) not in tablet.rows


async def test_an_open_run_belongs_to_the_device_that_claims_it(
    tablet: Device, parts: Parts, supervisor: Principal
) -> None:
    circle = open_circle(parts, supervisor, "bakery", van=False)
    await tablet.exchange()
    assert ("run", circle.run) in tablet.rows

    told = await tablet.record(fact(RunClaimed(), run=circle.run, visit=None)).exchange()

    assert told["held"] == []


async def test_positions_of_a_started_run_are_kept(
    clock: ManualClock, tablet: Device, app: FastAPI, supervisor: Principal, site: SiteId
) -> None:
    clock.at = from_ms(START_MS + 60_000)
    parts = tablet.parts
    tablet = await pair_device(app, supervisor, "Tablet", van=False)
    circle = open_circle(parts, supervisor, "bakery", van=False, driver=KAYA)
    await tablet.record(signs_in()).exchange()
    started = fact(RunStarted(), run=circle.run, visit=None)
    await tablet.record(started).exchange()

    await tablet.exchange(positions=_track(circle, START_MS))

    found = parts.reads.run(lambda s: runs.positions(s, site, UUID(circle.run)))
    assert [one.lat for one in found] == [48.137154, 48.137172]


def _track(circle: Circle, now_ms: int) -> dict[str, object]:
    fixes = [[0, 0, 0, 9], [15, 180, -95, 8]]
    return {"run": circle.run, "t0": now_ms, "lat0": 481371540, "lon0": 115761240, "d": fixes}
