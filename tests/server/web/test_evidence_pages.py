"""Pages that need more than runs: a loop with its preview, a proof with its parts, the stream."""

from datetime import date

import pytest
from httpx import AsyncClient

from server.core.http import Parts
from server.web.loop_preview import _note
from tests.helpers.pages import Board
from tests.helpers.pages_evidence import add_andon, add_loop, add_proof


@pytest.fixture
def whole(parts: Parts, made: Board) -> Board:
    made.loop = add_loop(parts, made)
    made.proof = add_proof(parts, made)
    add_andon(parts, made)
    return made


@pytest.mark.anyio
async def test_the_editor_shows_the_version_and_its_places(ada: AsyncClient, whole: Board) -> None:
    answer = await ada.get(f"/loops/{whole.loop}/edit")

    assert answer.status_code == 200
    assert "L12 Grocery centre" in answer.text
    assert "Hakaniemi Market Hall" in answer.text
    assert "published by" in answer.text


@pytest.mark.anyio
async def test_the_list_of_loops_knows_the_state(ada: AsyncClient, whole: Board) -> None:
    assert whole.loop

    answer = await ada.get("/loops")

    assert "trial" in answer.text
    assert "none planned" in answer.text


@pytest.mark.anyio
async def test_the_preview_lists_departures_in_wall_time(ada: AsyncClient, whole: Board) -> None:
    answer = await ada.get(f"/loops/{whole.loop}/preview")

    assert "Tue 3 Mar" in answer.text
    assert "06:30, 13:00" in answer.text
    assert "Sat 7 Mar" not in answer.text


@pytest.mark.anyio
async def test_a_proof_shows_photo_signature_and_distance(ada: AsyncClient, whole: Board) -> None:
    answer = await ada.get(f"/proofs/{whole.proof}")

    assert "Photo taken at" in answer.text
    assert "J. Müller" in answer.text
    assert "40 m away" in answer.text
    assert "Left beside the blue door." in answer.text


@pytest.mark.anyio
@pytest.mark.parametrize("by", ["?date=2026-03-02", "?run="])
async def test_proofs_are_found_by_day_and_by_run(ada: AsyncClient, whole: Board, by: str) -> None:
    wanted = by + (str(whole.runs["L04 Grocery west"]) if by.endswith("=") else "")

    answer = await ada.get(f"/proofs{wanted}")

    assert "Kaya Demir" in answer.text
    assert "signed" in answer.text


@pytest.mark.anyio
async def test_the_snapshot_speaks_of_every_kind(ada: AsyncClient, whole: Board) -> None:
    run = whole.runs["L07 Grocery north"]

    answer = await ada.get(f"/api/v1/board/snapshot?topics=today:2026-03-02,plant,run:{run}")

    state = answer.json()["state"]
    assert len(state["run"]) == 8
    assert state["run"][str(run)]["failed"] == 1
    assert next(iter(state["andon"].values()))["place"] == "Line 2 left"
    assert {"stop", "position", "exception", "device"} <= state.keys()


@pytest.mark.anyio
@pytest.mark.parametrize("topics", ["", "weather", "today:soon", "run:7", "plant"])
async def test_only_known_topics_are_read(ada: AsyncClient, topics: str) -> None:
    answer = await ada.get("/api/v1/board/snapshot", params={"topics": topics})

    assert answer.status_code == (200 if topics == "plant" else 422)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("holiday", "holiday"),
        ("gap", "clocks go forward: a departure is shifted"),
        (f"moved:{date(2026, 12, 25)}", "moved from Fri 25 Dec"),
        ("timetable:2", "timetable 2"),
    ],
)
def test_a_remark_of_the_preview_is_said_in_words(word: str, said: str) -> None:
    assert _note(word) == said
