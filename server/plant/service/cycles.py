"""Control cycles and the cards that belong to them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from server.core import audit
from server.core.access import Principal, Resource, allow
from server.core.ids import new_id
from server.feed import service as feed
from server.plant import queries
from server.plant.service import folding
from server.plant.tables import ControlCycleRow, KanbanCardRow
from shared.ids import SiteId
from shared.refusals import refuse


def add_control_cycle(
    session: Session, who: Principal, given: Mapping[str, Any], *, now: datetime
) -> ControlCycleRow:
    """Say that a station needs a part; one part at one station has one control cycle."""
    allow(who, "write", resource=Resource("kanban", who.site_id))
    same = select(ControlCycleRow).where(
        col(ControlCycleRow.site_id) == who.site_id,
        col(ControlCycleRow.part_no) == given["part_no"],
        col(ControlCycleRow.station_id) == given["station_id"],
    )
    if session.exec(same).first() is not None:
        raise refuse("exists", what=str(given["part_no"]))
    row = ControlCycleRow(
        site_id=who.site_id, id=new_id(now), created_at=now, updated_at=now, **given
    )
    row.rev = feed.lock(session, who.site_id, now)
    session.add(row)
    session.flush()
    make_cards(session, who, row, now=now)
    audit.record(session, who, "control_cycle.made", ("control_cycle", row.id), now=now)
    return row


def change_control_cycle(
    session: Session,
    who: Principal,
    cycle_id: UUID,
    changed: Mapping[str, Any],
    *,
    expected_rev: int | None = None,
    now: datetime,
) -> ControlCycleRow:
    """Change the keys that are given; a stale revision is refused."""
    allow(who, "write", resource=Resource("kanban", who.site_id))
    row = queries.control_cycle(session, who.site_id, cycle_id)
    if expected_rev is not None and expected_rev != row.rev:
        raise refuse("rev")
    row.sqlmodel_update(dict(changed))
    if row.min_boxes > row.max_boxes:
        raise refuse("bad_input", errors=[("/min_boxes", "above max_boxes")], why="min_boxes")
    row.rev, row.updated_at = feed.lock(session, who.site_id, now), now
    session.flush()
    made = make_cards(session, who, row, now=now)
    _tell_again(session, row, {one.id for one in made}, now)
    subject = ("control_cycle", row.id)
    audit.record(session, who, "control_cycle.changed", subject, now=now, after=dict(changed))
    return row


def make_cards(
    session: Session, who: Principal, row: ControlCycleRow, *, now: datetime
) -> list[KanbanCardRow]:
    """Make the cards that are missing; too many are retired one by one, by people.

    What was said of a card before it was known here counts from now on.
    """
    known = queries.cards(session, who.site_id, cycle_ids=[row.id], everything=True)
    in_use = sum(1 for one in known if one.state != "retired")
    first = max((one.serial for one in known), default=0) + 1
    made = [
        KanbanCardRow(
            site_id=who.site_id, id=new_id(now), control_cycle_id=row.id, serial=serial,
            created_at=now, updated_at=now,
        )
        for serial in range(first, first + max(0, row.cards - in_use))
    ]  # fmt: skip
    session.add_all(made)
    session.flush()
    for card in made:
        folding.refold_card(session, who.site_id, card.id, now)
    return made


def _tell_again(
    session: Session, row: ControlCycleRow, told: Collection[UUID], now: datetime
) -> None:
    """Cards carry the words of their cycle to the trains: they are told again."""
    site_id = SiteId(row.site_id)
    for card in queries.cards(session, site_id, cycle_ids=[row.id]):
        if card.id not in told:
            folding.refold_card(session, site_id, card.id, now)
