"""Cards on the board: made, listed, printed; calls with their evidence and stock told live."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlmodel import Session

from server.core.http import Parts
from server.plant import queries, service
from server.plant.wire import NewControlCycle
from server.sites import service as sites
from shared.events import HandoverWritten, KanbanScanned
from shared.ids import LocationId
from shared.site import Location
from tests.helpers.builders import fact, id_of
from tests.helpers.pages import Board
from tests.server.plant.a_plant import take

pytestmark = pytest.mark.anyio
STATION, MARKET = id_of("station 9"), id_of("market 9")


@pytest.fixture
def cards(parts: Parts, made: Board) -> list[str]:
    """Two cards of a part at station 9, where three boxes were counted."""
    given = NewControlCycle.model_validate(
        {
            "part_no": "P-118", "name": "Side panels", "station_id": STATION,
            "supermarket_id": MARKET, "pieces_per_box": 20, "demand_per_h": 60,
            "min_boxes": 2, "max_boxes": 5, "cards": 2, "lead_s": 1200,
        }
    ).model_dump()  # fmt: skip
    now, who = parts.clock.now(), made.person
    places = [
        (LocationId(STATION), Location(kind="station", name="Station 9", lat=48.1, lon=11.5)),
        (LocationId(MARKET), Location(kind="supermarket", name="Market", lat=48.1, lon=11.5)),
    ]

    def work(session: Session) -> list[str]:
        sites.add_locations(session, who, places, now=now)
        cycle = service.add_control_cycle(session, who, given, now=now)
        service.count_stock(session, who, STATION, "P-118", boxes=3, now=now)
        rows = queries.cards(session, who.site_id, cycle_ids=[cycle.id])
        return [str(row.id) for row in rows]

    return parts.writer.run(work)


def scanned(parts: Parts, made: Board, card: str, *names: str) -> None:
    """Several tablets scan one card."""
    body = KanbanScanned(card=card, how="scan", purpose="call", location=str(STATION))
    for n, name in enumerate(names):
        told = fact(body, at=n, by=name, run=None, visit=None)
        take(parts.writer, made.person.site_id, parts.clock.now(), [told], stream=name)


async def snapshot(ada: AsyncClient) -> dict[str, Any]:
    answer = await ada.get("/api/v1/board/snapshot?topics=plant")
    state: dict[str, Any] = answer.json()["state"]
    return state


async def test_the_page_lists_each_card_with_what_can_be_done(
    ada: AsyncClient, cards: list[str]
) -> None:
    page = (await ada.get("/cards")).text

    assert "Side panels" in page
    assert all(f'data-card="{card}"' in page for card in cards)
    assert "P-118/2" in page


async def test_the_sheet_has_a_code_for_each_card(ada: AsyncClient, cards: list[str]) -> None:
    sheet = (await ada.get("/cards/sheet")).text

    assert sheet.count("MR1:") == len(cards)
    for card in cards:
        picture = await ada.get(f"/cards/{card}/code.svg")
        assert picture.headers["content-type"] == "image/svg+xml"
        assert picture.text.count("<path") >= 1


async def test_a_call_is_told_with_its_evidence(
    ada: AsyncClient, parts: Parts, made: Board, cards: list[str]
) -> None:
    scanned(parts, made, cards[0], "kaya", "ben")

    [call] = (await snapshot(ada))["call"].values()

    assert (call["place"], call["state"], call["scans"]) == ("Station 9", "open", 2)
    assert call["promised"] == call["called"] + 1_200_000


@pytest.mark.usefixtures("cards")
async def test_counted_stock_is_told_with_what_an_estimate_needs(ada: AsyncClient) -> None:
    [stock] = (await snapshot(ada))["stock"].values()

    assert (stock["boxes"], stock["pieces_per_box"], stock["demand_per_h"]) == (3, 20, 60)
    assert stock["place"] == "Station 9"


async def test_a_handover_is_told_until_it_is_taken_over(
    ada: AsyncClient, parts: Parts, made: Board
) -> None:
    body = HandoverWritten(open=[], text="rack stuck", counts={"done": 3})
    left = fact(body, run=None, visit=None)
    take(parts.writer, made.person.site_id, parts.clock.now(), [left])

    [told] = (await snapshot(ada))["handover"].values()

    assert (told["text"], told["counts"]) == ("rack stuck", {"done": 3})


async def test_other_topics_do_not_carry_the_cards(ada: AsyncClient, cards: list[str]) -> None:
    answer = await ada.get("/api/v1/board/snapshot?topics=today:2026-03-02")

    assert cards
    assert "call" not in answer.json()["state"]
