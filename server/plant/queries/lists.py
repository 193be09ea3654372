"""Lists of the plant as they are answered: cards, calls and stock with the words of their cycle."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from server.plant import queries
from server.plant.queries import forms
from server.plant.queries.forms import Half
from server.plant.tables import ControlCycleRow, KanbanCallRow, KanbanCardRow
from server.sites import queries as sites
from shared.ids import SiteId
from shared.scan import card_check


def _cycles(session: Session, site_id: SiteId) -> dict[UUID, ControlCycleRow]:
    return {row.id: row for row in queries.control_cycles(session, site_id, everything=True)}


def cards(session: Session, site_id: SiteId, cycle_id: UUID | None = None) -> list[Half]:
    """The cards of one control cycle, or of all."""
    rows = queries.cards(session, site_id, cycle_ids=None if cycle_id is None else [cycle_id])
    cycles = _cycles(session, site_id)
    return [forms.card_out(row, cycles[row.control_cycle_id]) for row in rows]


def one_card(session: Session, row: KanbanCardRow) -> Half:
    """One card."""
    return forms.card_out(row, _cycles(session, SiteId(row.site_id))[row.control_cycle_id])


def lost(session: Session, site_id: SiteId, now: datetime) -> list[Half]:
    """The cards nobody has seen for too long."""
    cycles = _cycles(session, site_id)
    rows = queries.lost_cards(session, site_id, now)
    return [forms.card_out(row, cycles[row.control_cycle_id]) for row in rows]


def calls(
    session: Session, site_id: SiteId, *, open_only: bool = True, limit: int = queries.LIST_MAX
) -> list[Half]:
    """The open calls, or the last ones of all."""
    cycles = _cycles(session, site_id)
    rows = queries.calls(session, site_id, open_only=open_only, limit=limit)
    return [forms.call_out(row, cycles[row.control_cycle_id]) for row in rows]


def one_call(session: Session, row: KanbanCallRow) -> Half:
    """One call."""
    return forms.call_out(row, _cycles(session, SiteId(row.site_id))[row.control_cycle_id])


def stocks(session: Session, site_id: SiteId, now: datetime) -> list[Half]:
    """What is at the stations, counted and estimated."""
    cycles = {(row.station_id, row.part_no): row for row in _cycles(session, site_id).values()}
    found = []
    for row in queries.stocks(session, site_id):
        cycle = cycles.get((row.station_id, row.part_no))
        if cycle is not None:
            found.append(forms.stock_out(row, cycle, now))
    return found


def board_stocks(session: Session, site_id: SiteId) -> list[Half]:
    """What is at the stations, for pages that estimate by themselves as time passes."""
    cycles = {(row.station_id, row.part_no): row for row in _cycles(session, site_id).values()}
    found = []
    for row in queries.stocks(session, site_id):
        cycle = cycles.get((row.station_id, row.part_no))
        if cycle is not None:
            found.append(forms.board_stock(row, cycle))
    return found


def label(session: Session, row: KanbanCardRow) -> Half:
    """What is printed on a card: its code (`MR1:…`, read by `shared.scan`) and the words beside."""
    site_id = SiteId(row.site_id)
    card, cycle = one_card(session, row), _cycles(session, site_id)[row.control_cycle_id]
    places = sites.locations(session, site_id, {cycle.station_id, cycle.supermarket_id})

    def name(place: UUID) -> str:
        return places[place].name if place in places else ""

    return {
        "id": card["id"],
        "code": code_of(row),
        "part_no": cycle.part_no,
        "name": cycle.name,
        "station": name(cycle.station_id),
        "supermarket": name(cycle.supermarket_id),
        "pieces_per_box": cycle.pieces_per_box,
        "serial": row.serial,
        "of": cycle.cards,
        "print_rev": row.print_rev,
    }


def code_of(row: KanbanCardRow) -> str:
    """The scan code of a card in its present printing."""
    site, card = str(row.site_id), str(row.id)
    return f"MR1:{site}:{card}:{row.print_rev}:{card_check(site, card, row.print_rev)}"
