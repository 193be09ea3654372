"""Boxes at stations: the newest count and what came after it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from server.feed import service as feed
from server.plant import rules
from server.plant.queries import forms
from server.plant.service.mentions import Said
from server.plant.tables import StationStockRow, StockEntryRow
from shared.calls import Moment
from shared.events import StockCounted
from shared.floor import Delivery, fold_stock, on_hand
from shared.ids import SiteId, VisitId

SITE_SCOPE = "site"
STOCK = "stock"
Part = tuple[UUID, str]
"""A station and a part number."""


@dataclass(frozen=True, slots=True)
class Came:
    """Boxes one call or visit brought; without a moment they are not there."""

    key: UUID
    station_id: UUID
    part_no: str
    boxes: int
    moment: Moment | None
    visit: VisitId | None = None


def put(session: Session, site_id: SiteId, came: Came) -> bool:
    """Let the ledger say exactly this of one call or visit; False when it said so already."""
    row = session.get(StockEntryRow, (site_id, came.key))
    if came.moment is None or not came.boxes:
        if row is not None:
            session.delete(row)
        return row is not None
    told = (came.boxes, came.moment.hlc, UUID(came.moment.event))
    if row is not None and (row.boxes, row.hlc, row.event_id) == told:
        return False
    session.merge(
        StockEntryRow(
            site_id=site_id,
            id=came.key,
            station_id=came.station_id,
            part_no=came.part_no,
            boxes=came.boxes,
            hlc=came.moment.hlc,
            event_id=UUID(came.moment.event),
            visit_id=came.visit,
        )
    )
    return True


def book_visit(
    session: Session, site_id: SiteId, visit: VisitId, came: Iterable[Came]
) -> set[Part]:
    """Let the ledger say exactly this of a visit; gives what changed."""
    wanted = {one.key: one for one in came}
    rows = session.exec(
        select(StockEntryRow).where(
            col(StockEntryRow.site_id) == site_id, col(StockEntryRow.visit_id) == visit
        )
    ).all()
    for row in rows:
        wanted.setdefault(row.id, Came(row.id, row.station_id, row.part_no, 0, None))
    return {(one.station_id, one.part_no) for one in wanted.values() if put(session, site_id, one)}


def refold(
    session: Session, site_id: SiteId, said: Said, parts: Iterable[Part], now: datetime
) -> None:
    """Say what is at these stations; what was never counted is not known."""
    session.flush()
    for station_id, part_no in sorted(parts):
        row = session.get(StationStockRow, (site_id, station_id, part_no))
        count = fold_stock(said.about([rules.stock_id(station_id, part_no)]))
        if count is not None and isinstance(count.body, StockCounted):
            row = row or _uncounted(site_id, station_id, part_no, now)
            row.counted, row.hlc, row.event_id = (
                count.body.qty,
                count.envelope.hlc,
                UUID(count.id),
            )
            row.counted_at, row.counted_by = said.at(count.id), count.envelope.by
        elif row is not None and _counted_by(said, row):
            _forget(session, row, now)
            row = None
        if row is not None:
            _tell(session, row, now)


def _counted_by(said: Said, row: StationStockRow) -> bool:
    """Whether the count that stood was among what was read: then it was voided."""
    return bool(said.mentions.get(rules.stock_id(row.station_id, row.part_no)))


def _uncounted(site_id: SiteId, station: UUID, part: str, now: datetime) -> StationStockRow:
    return StationStockRow(
        site_id=site_id, station_id=station, part_no=part, counted=0, boxes=0, counted_at=now,
        hlc=0, event_id=UUID(int=0), updated_at=now,
    )  # fmt: skip


def _forget(session: Session, row: StationStockRow, now: datetime) -> None:
    key = str(rules.stock_id(row.station_id, row.part_no))
    change = feed.FeedChange(STOCK, key, SITE_SCOPE, None, None, deleted=True)
    feed.publish(session, SiteId(row.site_id), [change], now)
    session.delete(row)


def _tell(session: Session, row: StationStockRow, now: datetime) -> None:
    site_id = SiteId(row.site_id)
    entries = session.exec(
        select(StockEntryRow).where(
            col(StockEntryRow.site_id) == site_id,
            col(StockEntryRow.station_id) == row.station_id,
            col(StockEntryRow.part_no) == row.part_no,
            col(StockEntryRow.hlc) >= row.hlc,
        )
    ).all()
    came = [Delivery(one.hlc, str(one.event_id), one.boxes) for one in entries]
    row.boxes = on_hand(row.counted, (row.hlc, str(row.event_id)), came)
    row.rev, row.updated_at = feed.lock(session, site_id, now), now
    session.add(row)
    key = str(rules.stock_id(row.station_id, row.part_no))
    plan, fact = forms.stock_plan(row), forms.stock_fact(row)
    feed.publish(session, site_id, [feed.FeedChange(STOCK, key, SITE_SCOPE, plan, fact)], now)
