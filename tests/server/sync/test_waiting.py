"""What waits is judged again when plans move, and what is stored is compared every night."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from server.core.access import Principal
from server.core.http import Parts
from server.facts import queries as facts
from server.feed import queries as feed
from server.people import devices
from server.runs.service import states
from server.sync import scrub
from server.sync.waiting import Waiting
from shared.ids import DeviceId, RunId, SiteId
from tests.helpers.builders import arrived, completed, id_of
from tests.helpers.clock import ManualClock
from tests.server.sync.a_conflict import DONE, Scene, a_scene
from tests.server.sync.a_device import Circle, Device, open_circle, sha_of

NOWHERE = str(id_of("nowhere"))


def dispatch(parts: Parts, who: Principal, run: str) -> None:
    key = RunId(UUID(run))
    parts.writer.run(lambda s: states.dispatch(s, who, key, now=parts.clock.now()))


def held(parts: Parts, site: SiteId) -> list[tuple[str, str]]:
    return [(str(one.id), one.why) for one in parts.reads.run(lambda s: facts.held(s, site))]


@pytest.mark.anyio
async def test_what_waits_counts_as_soon_as_its_run_is_dispatched_though_the_device_is_away(
    van: Device, parts: Parts, supervisor: Principal, site: SiteId
) -> None:
    circle = open_circle(parts, supervisor, "bakery", dispatched=False)
    visit = circle.visits["bakery"]
    await van.record(arrived(run=circle.run, visit=visit), arrived(run=NOWHERE)).exchange()
    waiting, now = Waiting(parts), parts.clock.now()
    first = waiting.look(now)
    idle = waiting.look(now)

    dispatch(parts, supervisor, circle.run)
    again = waiting.look(now)

    assert (first, idle, again) == (1, 0, 1)
    assert [why for _, why in held(parts, site)] == ["unknown_run"]
    [row] = parts.reads.run(lambda s: feed.rows_of(s, site, "stop", ids=[visit]))
    assert row.fact is not None


@pytest.mark.anyio
async def test_what_a_retired_device_sent_waits_for_a_person_only(
    van: Device, circle: Circle, parts: Parts, supervisor: Principal, site: SiteId
) -> None:
    retire(parts, supervisor, van)
    await van.record(arrived(run=circle.run, visit=circle.visits["bakery"])).exchange()

    Waiting(parts).look(parts.clock.now())

    assert [why for _, why in held(parts, site)] == ["retired_device"]


def retire(parts: Parts, who: Principal, device: Device) -> None:
    key, now = DeviceId(UUID(device.id)), parts.clock.now()
    parts.writer.run(
        lambda s: devices.set_state(s, who, key, state="retired", reason="sold", now=now)
    )


@pytest.mark.anyio
async def test_after_thirty_days_a_retired_device_is_told_so(
    van: Device, parts: Parts, supervisor: Principal, clock: ManualClock
) -> None:
    retire(parts, supervisor, van)
    clock.pass_time(s=30 * 86_400)
    last = await van.record(arrived(run=NOWHERE)).post()
    clock.pass_time(s=1)

    late = await van.record(arrived(at=1, run=NOWHERE)).post()

    assert last.status_code == 200
    assert (late.status_code, late.json()["code"]) == (401, "device_retired")


@pytest.mark.anyio
async def test_pairing_again_in_mid_shift_goes_on_with_the_same_stream(
    van: Device, circle: Circle, parts: Parts, supervisor: Principal
) -> None:
    """The answer to the first try is lost: the device still has its old token, and it works."""
    old = van.client.headers["Authorization"].removeprefix("Bearer ")
    bakery, dairy = (circle.visits[name] for name in ("bakery", "dairy"))
    await van.record(arrived(run=circle.run, visit=bakery)).exchange()
    await pair_again(van, parts, supervisor, old)
    await van.record(completed(at=1, run=circle.run, visit=bakery)).exchange()

    token = await pair_again(van, parts, supervisor, old)
    van.client.headers["Authorization"] = f"Bearer {token}"
    told = await van.record(arrived(at=2, run=circle.run, visit=dairy)).exchange()
    van.client.headers["Authorization"] = f"Bearer {old}"
    refused = await van.post()

    assert (told["ack"]["seq"], told["held"]) == (3, [])
    assert (refused.status_code, refused.json()["code"]) == (401, "bad_token")


async def pair_again(van: Device, parts: Parts, who: Principal, old: str) -> str:
    key, now = DeviceId(UUID(van.id)), parts.clock.now()
    code = parts.writer.run(lambda s: devices.issue_code(s, who, device_id=key, name="", now=now))
    body = {"code": code.code, "name": "Van 4", "device_id": van.id, "old_token": old}
    answer = await van.client.post("/api/v1/pair", json=body)
    told: dict[str, Any] = answer.json()
    assert (answer.status_code, told["device_id"]) == (200, van.id)
    return str(told["token"])


@pytest.fixture
def scene(parts: Parts, site: SiteId) -> Scene:
    """Something was done, so that there is something to compare."""
    scene = a_scene(parts, site)
    for place in ("bakery", "dairy"):
        scene.record("A", scene.about(place, DONE, 5))
    scene.send("A")
    return scene


def test_a_scrub_finds_nothing_where_nothing_is_wrong(scene: Scene) -> None:
    found = scrub.scrub(scene.parts, scene.site, scene.parts.clock.now())

    assert (found.facts, found.visits, found.differences) == (2, 1, [])


SPOILERS: dict[str, str] = {
    "visit": "UPDATE stop_visit SET fact = '{\"n\": 9}'",
    "feed": "UPDATE feed_row SET fact = '{\"n\": 9}' WHERE kind = 'stop'",
    "fact": "UPDATE event SET doc_sha = 'spoilt'",
}


@pytest.mark.parametrize("kind", sorted(SPOILERS))
def test_a_scrub_names_what_changed_by_itself(
    scene: Scene, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrub, "SHARE", 1.0)
    scene.parts.writer.run(unguarded(SPOILERS[kind]))

    found = scrub.scrub(scene.parts, scene.site, scene.parts.clock.now())

    assert {one["kind"] for one in found.differences} == {kind}


def unguarded(statement: str) -> Callable[[Session], None]:
    """Change a row past the triggers, as a bad disk would."""

    def work(session: Session) -> None:
        postgres = session.get_bind().dialect.name == "postgresql"
        if postgres:
            session.execute(text("ALTER TABLE event DISABLE TRIGGER USER"))
        else:
            names = session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in names.scalars().all():
                session.execute(text(f'DROP TRIGGER "{name}"'))
        session.execute(text(statement))
        if postgres:
            session.execute(text("ALTER TABLE event ENABLE TRIGGER USER"))

    return work


def test_a_scrub_hashes_every_file(scene: Scene) -> None:
    content = b"a photo"
    sha = sha_of(content)
    photo = scene.about("bakery", DONE, 9, blobs=[[sha, len(content), "image/jpeg", "photo"]])
    scene.record("A", photo)
    scene.send("A")
    store = scene.parts.blobs
    store.append(sha, 0, content)
    store.seal(sha, len(content))
    scene.parts.writer.run(lambda s: s.execute(text("UPDATE blob SET done = true")))
    whole = scrub.scrub(scene.parts, scene.site, scene.parts.clock.now())
    path = store.path(sha)
    assert path is not None

    path.write_bytes(b"a  hoto")

    spoilt = scrub.scrub(scene.parts, scene.site, scene.parts.clock.now())
    assert (whole.files, whole.differences) == (1, [])
    assert spoilt.differences == [{"kind": "file", "id": sha}]


def test_every_site_is_scrubbed_once_a_night(scene: Scene, clock: ManualClock) -> None:
    """Noon in Berlin: the first one waits for the night; it is made up for after two days."""
    parts, night = scene.parts, timedelta(hours=14)
    due = []
    for step in (timedelta(0), night, timedelta(minutes=10), timedelta(hours=24), night):
        clock.at += step
        due.append(scrub.scrub_if_due(parts, clock.now()))

    assert due == [0, 1, 0, 1, 0]
