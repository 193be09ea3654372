"""The demo is filled once and has something on the road at any hour."""

import itertools
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import Session

from server.app import build_parts
from server.core.access import system
from server.core.hosting import Stop
from server.core.http import Parts
from server.core.passwords import Passwords
from server.core.settings import Settings
from server.demo import command, fleet, places
from server.demo.keys import SITE_ID
from server.demo.live import TZ
from server.demo.rounds import rounds
from server.loops import queries as loop_queries
from server.runs import queries as runs
from server.runs.queries import RunView
from server.sites import queries as sites
from server.sites import service as site_service
from shared.ids import LoopId, RunId, SiteId
from shared.local_time import local_day
from shared.site import Site
from tests.helpers.clock import ManualClock

PASSWORD = "a long demo password"
FRIDAY_AFTERNOON = datetime(2026, 11, 20, 13, 25, 40, tzinfo=UTC)
HOURS = [
    datetime(2026, 11, 22, 2, 59, 1, tzinfo=UTC),  # Sunday night
    datetime(2026, 12, 25, 22, 45, tzinfo=UTC),  # Christmas, a quarter to midnight
    datetime(2026, 11, 20, 23, 50, tzinfo=UTC),  # past midnight at the site
]


class House:
    """A server's parts without a server."""

    def __init__(self, parts: Parts, clock: ManualClock) -> None:
        self.parts = parts
        self.clock = clock

    def set_up(self) -> str:
        return command.set_up(self.parts, nothing_blocks)

    def runs_now(self) -> list[RunView]:
        """Runs on their way: dispatched, planned to leave within the last minute."""
        now = self.clock.now()

        def look(session: Session) -> list[RunView]:
            today = local_day(now, TZ)
            found = [
                row
                for one in rounds(today)
                for row in runs.of_loop(session, SITE_ID, one.id, today, today)
                if row.plan_state == "dispatched"
                and timedelta(0) <= now - row.planned_departure_at < timedelta(minutes=1)
            ]
            return runs.views(session, SITE_ID, [RunId(row.id) for row in found])

        return self.parts.reads.run(look)


def nothing_blocks(
    _session: Session, _site: SiteId, _run: RunId, _now: datetime
) -> list[tuple[str, str, str]]:
    return []


def build(settings: Settings) -> House:
    """Parts with fast passwords, on Friday afternoon."""
    clock = ManualClock(FRIDAY_AFTERNOON)
    parts = build_parts(settings, clock)
    parts.passwords = Passwords(memory_kib=64)
    return House(parts, clock)


@pytest.fixture
def fresh(sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    """A server that nobody has set up."""
    shutil.copy(sqlite_template, tmp_path / "milkrun.db")
    house = build(Settings.read(data=tmp_path))
    yield house
    house.parts.close()


@pytest.fixture(scope="module")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after the first start."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copy(sqlite_template, folder / "milkrun.db")
    house = build(Settings.read(data=folder, demo_password=PASSWORD))
    house.set_up()
    house.parts.close()
    return folder


@pytest.fixture
def house(filled: Path, tmp_path: Path) -> Iterator[House]:
    """A server that was set up a moment ago."""
    shutil.copy(filled / "milkrun.db", tmp_path / "milkrun.db")
    house = build(Settings.read(data=tmp_path, demo_password=PASSWORD))
    yield house
    house.parts.close()


@pytest.mark.parametrize("now", HOURS, ids=str)
def test_every_loop_has_a_run_that_leaves_this_minute_whatever_the_hour(
    fresh: House, now: datetime
) -> None:
    fresh.clock.at = now

    fresh.set_up()

    going = fresh.runs_now()
    assert sorted(view.run.name.split()[0] for view in going) == ["D01", "D04", "T1", "T2"]
    assert all(view.run.vehicle_id for view in going)


@pytest.mark.parametrize(
    "settings", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_the_demo_runs_on_postgres_too(settings: Settings) -> None:
    house = build(settings)

    house.set_up()

    assert len(house.runs_now()) == 4
    house.parts.close()


def test_windows_of_the_live_run_are_told_for_its_hour(house: House) -> None:
    furniture = next(view for view in house.runs_now() if view.run.name.startswith("D01"))
    first = furniture.stops[0]
    assert (
        first.windows[0][0]
        == (FRIDAY_AFTERNOON.replace(second=0) + timedelta(minutes=30)).timestamp() * 1000
    )
    assert all(
        visit.planned_arrival_at < furniture.run.planned_return_at for visit in furniture.stops
    )
    assert furniture.run.planned_return_at - furniture.run.planned_departure_at < timedelta(hours=6)


def test_a_live_run_carries_its_goods(house: House) -> None:
    lines = {view.run.name[:3]: view.loads for view in house.runs_now()}

    assert sum(line.qty for line in lines["D01"]) == 13
    assert sum(line.qty for line in lines["D04"]) == 38
    assert all(line.pickup_visit and not line.drop_visit for line in lines["D01"])
    assert all(line.drop_visit and not line.pickup_visit for line in lines["D04"])


def test_tomorrow_the_loops_leave_by_their_timetable_again(house: House) -> None:
    monday = date(2026, 11, 23)

    def look(session: Session) -> list[time]:
        loop = loop_queries.by_code(session, SITE_ID, "D01")
        assert loop is not None
        found = runs.of_loop(session, SITE_ID, LoopId(loop.id), monday, monday)
        return [row.planned_departure_at.astimezone(TZ).time() for row in found]

    assert house.parts.reads.run(look) == [time(6)]


def test_a_second_start_uses_what_is_there(house: House) -> None:
    house.clock.at = FRIDAY_AFTERNOON + timedelta(minutes=2)
    before = house.parts.reads.run(lambda s: len(runs.open_runs(s, SITE_ID)))

    second = house.set_up()

    assert second == PASSWORD
    assert house.parts.reads.run(lambda s: len(runs.open_runs(s, SITE_ID))) == before


def test_a_start_hours_later_sends_the_trucks_out_again(house: House) -> None:
    house.clock.at = FRIDAY_AFTERNOON + timedelta(hours=5)

    house.set_up()

    names = [view.run.name.split()[0] for view in house.runs_now()]
    assert {"D01", "D04"} <= set(names)


def test_a_start_hours_later_leaves_no_vehicle_on_two_runs_at_once(house: House) -> None:
    house.clock.at = FRIDAY_AFTERNOON + timedelta(hours=3)

    house.set_up()

    def look(session: Session) -> list[tuple[str, datetime, datetime]]:
        found = runs.open_runs(session, SITE_ID)
        told = [(str(r.vehicle_id), r.planned_departure_at, r.planned_return_at) for r in found]
        return sorted(told)

    taken = house.parts.reads.run(look)
    pairs = itertools.pairwise(taken)
    assert [(a, b) for a, b in pairs if a[0] == b[0] and b[1] < a[2]] == []


def test_a_visitor_finds_an_open_run(house: House) -> None:
    def look(session: Session) -> list[str]:
        return [row.name for row in runs.open_runs(session, SITE_ID)
                if row.vehicle_id == fleet.SPARE.id and row.driver_id is None]  # fmt: skip

    assert house.parts.reads.run(look) == ["D01 Furniture A/B/C"]


def test_a_folder_with_a_site_of_ones_own_is_left_alone(fresh: House) -> None:
    other = SiteId(UUID(int=9))
    now = fresh.clock.now()
    fresh.parts.writer.run(lambda s: site_service.create_site(s, other, Site(name="Mine"), now=now))

    with pytest.raises(Stop) as stop:
        fresh.set_up()

    assert "a site of your own" in stop.value.sentence


def test_the_same_seed_gives_the_same_places(house: House) -> None:
    rows = house.parts.reads.run(lambda s: sites.page(s, SITE_ID))

    assert len(rows) == 36
    assert {row.id for row in rows} == {spot.id for spot in places.ALL}


def test_the_greeting_says_where_how_and_with_what(house: House) -> None:
    text = "\n".join(command.greeting(house.parts, PASSWORD))

    assert "/driver/" in text
    assert f"demo   password {PASSWORD}" in text
    assert "Pairing code" in text


def test_each_simulated_vehicle_gets_a_code_of_its_own(house: House) -> None:
    crews = command.crews(house.parts)

    assert len({crew.code for crew in crews}) == 5
    assert command.crews(house.parts, count=2)[1].driver == "Tim Muster"


def test_a_wish_for_a_password_counts(tmp_path: Path) -> None:
    wanted = Settings.read(data=tmp_path, demo_password="correct horse")

    assert command.password_of(wanted) == "correct horse"


@pytest.mark.parametrize("wanted", ["short", "x" * 129])
def test_a_password_of_the_wrong_length_is_refused_by_the_name_of_its_setting(
    tmp_path: Path, wanted: str
) -> None:
    with pytest.raises(Stop, match="MILKRUN_DEMO_PASSWORD must have 12 to 128 characters"):
        command.password_of(Settings.read(data=tmp_path, demo_password=wanted))


def test_nobody_drives_faster_than_the_three_speeds(settings: Settings) -> None:
    with pytest.raises(Stop):
        command.tour(settings, speed=7)
    assert system(SITE_ID).site_id == SITE_ID
