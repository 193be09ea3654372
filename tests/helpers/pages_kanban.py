"""Cards, calls, counted stock and a handover for the board's pages, recorded as facts."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from server.core.clock import to_ms
from server.core.http import Parts
from server.core.ids import new_id
from server.facts import service as facts
from server.plant import queries
from server.plant import service as plant
from server.plant.wire import NewControlCycle
from shared.events import CallPrepared, HandoverWritten, KanbanScanned
from shared.fact import Body
from tests.helpers.pages import Board

PARTS = (("P-118", "Side panels left"), ("P-203", "Wiring harness, long version"))


def add_kanban(parts: Parts, board: Board) -> list[str]:
    """Two parts at a station with three cards each; three calls, one prepared; gives the cards."""
    now = parts.clock.now()
    station, market = board.places["Line 2 left"], board.places["Supermarket"]

    def work(session: Session) -> list[str]:
        cards: list[str] = []
        for n, (part_no, name) in enumerate(PARTS):
            given = NewControlCycle.model_validate(
                {
                    "part_no": part_no, "name": name, "station_id": station,
                    "supermarket_id": market, "pieces_per_box": 20, "demand_per_h": 60 + n,
                    "min_boxes": 2, "max_boxes": 5, "cards": 3, "lead_s": 1200,
                }
            ).model_dump()  # fmt: skip
            cycle = plant.add_control_cycle(session, board.person, given, now=now)
            boxes = 1 + 3 * n
            plant.count_stock(session, board.person, station, part_no, boxes=boxes, now=now)
            rows = queries.cards(session, board.site_id, cycle_ids=[cycle.id])
            cards += [str(row.id) for row in rows]
        _speak(session, board, cards, station, now)
        return cards

    return parts.writer.run(work)


def _speak(session: Session, board: Board, cards: list[str], station: UUID, now: datetime) -> None:
    for card in (cards[0], cards[0], cards[1], cards[3]):
        body = KanbanScanned(card=card, how="scan", purpose="call", location=str(station))
        _say(session, board, body, now)
    call = queries.calls(session, board.site_id)[0]
    _say(session, board, CallPrepared(call=str(call.id)), now)
    left = HandoverWritten(
        open=[str(call.id)], text="One rack stuck at gate 2", counts={"done": 31, "missed": 1}
    )
    _say(session, board, left, now)


def _say(session: Session, board: Board, body: Body, now: datetime) -> None:
    by = f"driver:{board.drivers['Kaya Demir']}" if board.drivers else f"device:{new_id(now)}"
    told = facts.record(session, board.site_id, by, body, run_id=None, visit_id=None, now=now)
    assert told.reported_ms <= to_ms(now)
    plant.apply(session, board.site_id, [told], now)
