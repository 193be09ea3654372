"""A tugger's station: one tap, empties counted, andon without waiting."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from driver_app import actions
from tests.driver_app.actions.a_shift import RUN_ID, Shift, begin_shift, visit_id

pytestmark = pytest.mark.anyio
STATION = visit_id("bakery")


@pytest.fixture
async def tugger(tmp_path: Path) -> AsyncIterator[Shift]:
    """A round past three stations."""
    made = await begin_shift(tmp_path, kind="internal", takt_s=1200)
    yield made
    await made.session.end()


async def test_a_station_as_planned_is_one_tap(tugger: Shift) -> None:
    await actions.station_done(tugger.ctx, STATION, await tugger.sheet(sheet="station"))

    doc = json.loads((await tugger.recorded())[-1][1])
    line = tugger.visit("bakery").lines[0]
    assert doc["body"] == {"delivered": [[str(line.id), 3]], "empties": []}
    assert tugger.visit("bakery").state == "done"


async def test_empties_and_unticked_checks_are_told(tugger: Shift) -> None:
    draft = await tugger.sheet(sheet="station")
    draft.taken["KLT-6429"] = 2
    draft.ticked = {"oil": "", "guard": "no tool"}

    await actions.station_done(tugger.ctx, STATION, draft)

    body = json.loads((await tugger.recorded())[-1][1])["body"]
    assert body["empties"] == [["KLT-6429", "taken", 2]]
    assert body["checks"] == [["oil", True], ["guard", False, "no tool"]]
    assert tugger.visit("bakery").empties_taken == {"KLT-6429": 2}


async def test_a_missed_station_is_failed_and_the_round_goes_on(tugger: Shift) -> None:
    await actions.station_missed(tugger.ctx, STATION, "blocked")

    assert tugger.visit("bakery").state == "failed"
    assert tugger.run.next_visit == visit_id("dairy")


async def test_an_andon_is_sent_at_once_and_shown_until_cleared(tugger: Shift) -> None:
    await actions.raise_andon(tugger.ctx, RUN_ID, "path", visit=STATION, text="pallet in the way")
    (andon,) = tugger.run.andons
    urgent = list(tugger.kicks)

    await actions.ack_andon(tugger.ctx, RUN_ID, andon[0])
    seen = tugger.run.andons[0][3]
    await actions.clear_andon(tugger.ctx, RUN_ID, andon[0], "removed")

    assert urgent == [True]
    assert (andon[1], seen) == ("path", True)
    assert tugger.run.andons == ()


async def test_a_handover_counts_what_was_done(tugger: Shift) -> None:
    await actions.station_done(tugger.ctx, STATION, await tugger.sheet(sheet="station"))

    await actions.hand_over(tugger.ctx, RUN_ID, "one rack stuck")

    body = json.loads((await tugger.recorded())[-1][1])["body"]
    assert body["counts"] == {"done": 1, "missed": 0, "open": 2}
