"""Every field of sync.md §16, judged at its borders, and what the server knows by itself."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from server.core.access import Principal
from server.facts.streams import StreamUse
from server.sync.health import Aside, Sign, cloned, judge, kept_health
from shared.ids import DeviceId
from tests.helpers.builders import START_MS, completed, id_of
from tests.helpers.clock import ManualClock
from tests.server.conftest import as_person
from tests.server.facts.a_stream import Stream
from tests.server.sync.a_device import Circle, Device, photo_of
from tests.server.web.test_devices_view import Row

pytestmark = pytest.mark.anyio
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
RUN = id_of("run")
PHONE = DeviceId(id_of("phone"))


def look(name: str, row: Row | None = None, aside: Aside | None = None) -> str:
    sign: Sign = getattr(judge(row or Row(), aside or Aside(), START_MS), name)
    return sign.look


@pytest.mark.parametrize(
    ("plant", "age_s", "wanted"),
    [
        (False, 300, "good"), (False, 301, "warn"), (False, 900, "warn"), (False, 901, "bad"),
        (True, 60, "good"), (True, 61, "warn"), (True, 180, "warn"), (True, 181, "bad"),
    ],
)  # fmt: skip
def test_a_device_in_an_open_run_is_fresh_quiet_or_silent(
    *, plant: bool, age_s: int, wanted: str
) -> None:
    row = Row(last_seen_ms=START_MS - age_s * 1000)

    assert look("seen", row, Aside(run=RUN, plant=plant)) == wanted
    assert look("seen", row) == ""


@pytest.mark.parametrize(
    ("age", "wanted"),
    [(10 * MINUTE, "good"), (2 * HOUR, "warn"), (2 * HOUR + 1, "bad")],
)
def test_the_oldest_unsent_fact_turns_from_green_to_red(age: int, wanted: str) -> None:
    unsent = {"events": 2, "blobs": 0, "oldest_ms": START_MS - age}

    assert look("oldest", Row(unsent_json=unsent)) == wanted


@pytest.mark.parametrize(("age", "wanted"), [(HOUR, "good"), (DAY, "warn"), (DAY + 1, "bad")])
def test_photos_that_do_not_arrive_turn_from_green_to_red(age: int, wanted: str) -> None:
    row = Row(unsent_json={"events": 0, "blobs": 1, "oldest_ms": None})

    assert look("photos", row, Aside(missing_ms=START_MS - age)) == wanted
    assert look("photos", row, Aside(unreadable=1)) == "bad"


@pytest.mark.parametrize(
    ("age", "wanted"), [(1_800_000, "good"), (3 * DAY, "warn"), (3 * DAY + 1, "bad")]
)
def test_what_is_sent_but_in_no_backup_turns_red_after_three_days(age: int, wanted: str) -> None:
    assert look("unsafe", aside=Aside(unsafe_ms=START_MS - age)) == wanted


@pytest.mark.parametrize(("count", "wanted"), [(0, "good"), (1, "warn"), (2, "warn"), (3, "bad")])
def test_three_troubles_in_a_day_are_red(count: int, wanted: str) -> None:
    told = {"trouble": {"steps": [], "count": count}}

    assert look("trouble", Row(health_json=told)) == wanted
    assert look("trouble", Row(health_json={}), Aside(forks=count)) == wanted


@pytest.mark.parametrize(
    ("name", "told", "wanted"),
    [
        ("clock", {"clock_off_ms": 2 * MINUTE}, "good"),
        ("clock", {"clock_off_ms": -2 * MINUTE - 1}, "warn"),
        ("clock", {"clock_off_ms": HOUR + 1}, "bad"),
        ("space", {"free_mb": 1001}, "good"),
        ("space", {"free_mb": 1000}, "warn"),
        ("space", {"free_mb": 200}, "bad"),
        ("battery", {"battery_pct": 10}, "bad"),
    ],
)
def test_clock_space_and_power_have_their_borders(
    name: str, told: dict[str, Any], wanted: str
) -> None:
    assert look(name, Row(health_json=told)) == wanted
    assert look(name) == ""


@pytest.mark.parametrize(
    ("app", "wanted"), [("1.2.0+3", "good"), ("1.1.9", "warn"), ("0.0.9", "bad"), ("?", "")]
)
def test_an_app_is_current_old_or_too_old(app: str, wanted: str) -> None:
    assert look("app", Row(app=app), Aside(current="1.2.0")) == wanted


def use(name: str, made: int, last: int) -> StreamUse:
    return StreamUse(PHONE, id_of(name), made, last, None)


def test_a_fork_alone_is_no_clone_but_two_streams_in_turn_are() -> None:
    assert cloned([use("old", 0, 10), use("new", 11, 90)]) == set()
    assert cloned([use("old", 0, 50), use("new", 11, 40)]) == {PHONE}
    assert cloned([use("a", 0, 10), use("b", 11, 60), use("c", 20, 90)]) == {PHONE}


def test_troubles_are_counted_over_a_day_and_then_forgotten() -> None:
    kept: dict[str, Any] | None = None
    for at, stalls in ((0, 5), (HOUR, 6), (2 * HOUR, 7)):
        kept = kept_health({"stalls": stalls}, kept, 0, at)
    assert kept is not None
    assert kept["trouble"]["count"] == 2

    later = kept_health({"stalls": 7}, kept, 0, DAY + 90 * MINUTE)
    at_last = kept_health({"stalls": 7}, later, 0, 2 * DAY + 3 * HOUR)

    assert (later["trouble"]["count"], at_last["trouble"]["count"]) == (1, 0)


async def signs(board: AsyncClient) -> dict[str, Any]:
    """What the list of devices says of the only one."""
    (item,) = (await board.get("/api/v1/devices")).json()["items"]
    found: dict[str, Any] = item["signs"]
    return found


async def test_the_list_of_devices_judges_what_the_device_told(
    board: AsyncClient, van: Device, clock: ManualClock
) -> None:
    before = await signs(board)
    health = {"free_mb": 150, "battery_pct": 80, "forks": 0, "digest_misses": 0, "stalls": 0}
    unsent = {"events": 3, "blobs": 1, "bytes": 9, "oldest_ms": clock.ms() - 3 * HOUR}

    await van.exchange(health=health, unsent=unsent)
    after = await signs(board)

    assert before["entries"] == {"look": "", "value": None}
    assert before["space"] == {"look": "", "value": None}
    assert after["entries"] == {"look": "warn", "value": 3}
    assert after["oldest"]["look"] == "bad"
    assert after["space"] == {"look": "bad", "value": 150}
    assert after["clock"]["look"] == "good"
    assert after["trouble"] == {"look": "good", "value": 0}


async def test_a_held_fact_and_a_missing_photo_are_told_with_their_device(
    app: FastAPI, supervisor: Principal, van: Device, circle: Circle, clock: ManualClock
) -> None:
    visit = circle.visits["bakery"]
    van.record(
        completed(run=circle.run, visit=visit, blobs=[photo_of(b"never sent")]),
        completed(run=circle.run, visit=str(id_of("nowhere"))),
    )
    await van.exchange(unsent={"events": 0, "blobs": 1, "bytes": 9, "oldest_ms": None})
    clock.pass_time(hours=25)

    found = await signs(as_person(app, supervisor))

    assert found["held"] == {"look": "bad", "value": 1}
    assert found["photos"] == {"look": "bad", "value": 1}


async def test_two_streams_used_in_turn_are_told_as_a_clone(
    board: AsyncClient, van: Device, circle: Circle, clock: ManualClock
) -> None:
    first, second = Stream("first"), Stream("second")
    for number, stream in enumerate((first, second, first)):
        clock.pass_time(s=60)
        van.stream, van.acked = stream, len(stream.sent)
        visit = circle.visits["bakery"]
        await van.record(completed(at=number, run=circle.run, visit=visit)).exchange()

    assert (await signs(board))["clone"] == {"look": "bad", "value": 1}


async def test_other_bytes_under_a_known_number_are_red_until_a_person_has_settled_them(
    board: AsyncClient, van: Device, circle: Circle
) -> None:
    first = completed(run=circle.run, visit=circle.visits["bakery"])
    await van.record(first).exchange()
    van.stream, van.acked = Stream("again"), 0
    other = completed(at=7, id=first.id, run=circle.run, visit=circle.visits["dairy"])
    await van.record(other).exchange()
    before = (await signs(board))["conflicts"]

    items = (await board.get("/api/v1/exceptions")).json()["items"]
    (item,) = [one for one in items if one["subject_kind"] == "event"]
    said = {"do": "settle", "reason": "same phone, old copy"}
    answer = await board.post(f"/api/v1/exceptions/{item['id']}", json=said)

    assert answer.status_code == 200
    assert before == {"look": "bad", "value": 1}
    assert (await signs(board))["conflicts"] == {"look": "good", "value": 0}
