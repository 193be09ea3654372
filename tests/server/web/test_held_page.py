"""What waits for a person is on one page, in words, with what can be done about it."""

import re
from html import unescape
from json import loads
from typing import Any

import pytest
from httpx import AsyncClient

from server.core.http import Parts
from server.sync import scrub
from server.sync.tables import ScrubRow
from shared.events import DriverSignedIn, FeedbackGiven, RunClaimed, StopReopened
from shared.ids import SiteId
from tests.helpers.builders import completed, fact, id_of, text_id
from tests.server.sync.a_conflict import (
    CLOCK,
    CLOSED,
    DONE,
    Scene,
    a_scene,
    both_know,
    proposal,
)

pytestmark = pytest.mark.anyio
BUTTON = re.compile(r'data-path="([^"]*)" data-body="([^"]*)"[^>]*>([^<]*)<')


@pytest.fixture
def scene(parts: Parts, site: SiteId) -> Scene:
    return a_scene(parts, site)


@pytest.fixture
async def desk(board: AsyncClient, scene: Scene) -> AsyncClient:
    """The supervisor's browser, in a site where something happens."""
    del scene
    return board


async def shown(desk: AsyncClient) -> str:
    answer = await desk.get("/held")
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


async def press(desk: AsyncClient, name: str, **more: Any) -> int:
    """Do what the first button of this name does."""
    page = (await desk.get("/held")).text
    path, body, _ = next(one for one in BUTTON.findall(page) if one[2] == name)
    answer = await desk.post(path, json={**loads(unescape(body)), **more})
    return answer.status_code


async def test_an_empty_page_says_so(desk: AsyncClient) -> None:
    assert "Nothing waits for you." in await shown(desk)


async def test_a_waiting_entry_is_dismissed_and_waits_again(
    desk: AsyncClient, scene: Scene
) -> None:
    scene.record("A", completed(run=text_id("nowhere"), visit=None))
    scene.send("A")
    page = await shown(desk)
    assert "This device never had the run it speaks of." in page
    assert '"type": "stop.completed"' in page

    assert await press(desk, "Dismiss", reason="test scan") == 200
    assert "Dismissed lately" in await shown(desk)
    assert await press(desk, "Let it wait again") == 200

    assert "Entries that wait" in await shown(desk)
    assert await press(desk, "Attach to a stop", visit=scene.visits["bakery"]) == 200
    assert scene.visit("bakery").outcome == "done"


async def test_an_unreadable_entry_is_shown_as_it_came(desk: AsyncClient, scene: Scene) -> None:
    scene.phones["A"].stream.record_doc(text_id("poison"), "{ <b>not json")

    scene.send("A")

    page = (await desk.get("/held")).text
    assert "{ &lt;b&gt;not json" in page
    assert "Attach to a stop" not in page


async def test_both_sides_of_a_contradiction_stand_beside_each_other(
    desk: AsyncClient, scene: Scene
) -> None:
    both_know(scene)
    failed, done = scene.about("bakery", CLOSED, 5), scene.about("bakery", DONE, 9)
    scene.record("A", failed)
    scene.record("B", done)
    scene.send("A")
    scene.send("B")

    page = await shown(desk)

    assert "Two different results" in page
    assert ">Closed<" in re.sub(r"\s+", "", page)
    run = scene.run_ids["A"]
    for event in (failed, done):
        assert f'href="/runs/{run}#fact-{event.id}"' in page
        assert f'id="fact-{event.id}"' in (await desk.get(f"/runs/{run}")).text
    assert await press(desk, "Settle", reason="asked the customer") == 200
    assert "Two different results" not in await shown(desk)


async def test_a_proposed_order_is_taken_over_or_refused(desk: AsyncClient, scene: Scene) -> None:
    for at, name in ((5, "Refuse"), (9, "Take it over")):
        scene.record("A", proposal(scene, at))
        scene.send("A")
        assert await press(desk, name) == 200

    run = scene.run("A")
    assert run.plan.order == [scene.visits["dairy"], scene.visits["bakery"]]
    assert run.run.proposal is not None
    assert run.run.proposal["state"] == "accepted"
    assert "Drivers propose" not in await shown(desk)


async def test_a_run_is_given_to_who_asked_for_it_or_not(desk: AsyncClient, scene: Scene) -> None:
    for at, by, name in ((5, "Mila", "Refuse"), (9, "Ada", "Give it to this device")):
        run = str(scene.run_ids["A"])
        wish = fact(RunClaimed(), at=at, by=by, run=run, visit=None)
        scene.record("B", wish)
        scene.send("B")
        assert "Somebody wants to take a run over" in await shown(desk)
        assert await press(desk, name) == 200

    assert scene.run("A").run.device_id == scene.phones["B"].who.device_id
    assert "Somebody wants" not in await shown(desk)


async def test_a_suggestion_and_a_typed_name_are_settled(desk: AsyncClient, scene: Scene) -> None:
    body = FeedbackGiven(about="location", id=text_id("bakery"), field="access", value="ramp B")
    by = f"device:{scene.phones['A'].who.device_id}"
    signed = fact(DriverSignedIn(method="unlisted", name="Joe"), run=None, visit=None)
    told = signed.envelope.model_copy(update={"by": by})
    scene.record("A", scene.about("bakery", body, 5), type(signed)(signed.id, told, signed.body))
    scene.send("A")
    page = await shown(desk)
    assert "ramp B" in page
    assert "Joe" in page
    later = scene.about("bakery", DONE, 9)
    by_joe = later.envelope.model_copy(update={"by": by})
    scene.record("A", type(later)(later.id, by_joe, later.body))
    scene.send("A")
    driver = await desk.post("/api/v1/drivers", json={"name": "Josef", "lang": "de"})

    assert await press(desk, "Done") == 200
    assert await press(desk, "Say who that is", driver=driver.json()["id"]) == 200
    assert await press_unknown(desk, signed.id) == 422

    run = unescape((await desk.get(f"/runs/{scene.run_ids['A']}")).text)
    assert "Josef" in run.split(f'id="fact-{later.id}"')[1].split("</li>")[0]
    assert "Nothing waits for you." in await shown(desk)


async def press_unknown(desk: AsyncClient, event_id: str) -> int:
    answer = await desk.post(f"/api/v1/sign-ins/{event_id}", json={"driver": str(id_of("nobody"))})
    return answer.status_code


async def test_what_the_scrub_found_stands_above_every_page(
    desk: AsyncClient, scene: Scene
) -> None:
    now = scene.parts.clock.now()
    clean = scrub.scrub(scene.parts, scene.site, now)
    assert (clean.differences, clean.visits) == ([], 1)
    assert "changed by itself" not in await shown(desk)
    bad = ScrubRow(
        site_id=scene.site, id=id_of("scrub"), started_ms=1, finished_ms=CLOCK.wall_ms * 2,
        facts=1, files=0, visits=0, differences=[{"kind": "fact", "id": "x"}],
    )  # fmt: skip

    scene.parts.writer.run(lambda s: s.add(bad))

    assert "Stored data has changed by itself (entries)." in await shown(desk)


async def test_an_undo_from_another_device_is_flagged_on_the_run(
    desk: AsyncClient, scene: Scene
) -> None:
    both_know(scene)
    done = scene.about("bakery", DONE, 5)
    scene.record("A", done)
    scene.record("B", scene.about("bakery", StopReopened(undo=done.id, reason="wrong_stop"), 9))
    scene.send("A")
    scene.send("B")

    page = unescape((await desk.get(f"/runs/{scene.run_ids['A']}")).text)

    assert "taken back by" in page
    assert "Stop reopened</b> bakery: wrong_stop" in page
