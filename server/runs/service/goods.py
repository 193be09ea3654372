"""Goods put on a run after it was opened: what a train takes along to its stations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from server.core.ids import new_id
from server.runs.tables import LoadLineRow
from shared.ids import RunId, SiteId


@dataclass(frozen=True)
class StockLine:
    """Boxes of a part for one visit."""

    drop_visit: UUID
    part_no: str
    qty: int
    name: str = ""
    unit: str = "box"


def add_stock(
    session: Session, site_id: SiteId, run_id: RunId, lines: Sequence[StockLine], *, now: datetime
) -> None:
    """Put these lines on the run; devices learn of them with its next rows."""
    session.add_all(
        LoadLineRow(
            site_id=site_id,
            id=new_id(now),
            run_id=run_id,
            part_no=line.part_no,
            name=line.name,
            qty=line.qty,
            unit_label=line.unit,
            labels=[],
            drop_visit=line.drop_visit,
            created_at=now,
            updated_at=now,
        )
        for line in lines
    )
    session.flush()
