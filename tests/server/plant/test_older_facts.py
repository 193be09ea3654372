"""A database from before cards: its facts are known to the plant as if they came today."""

from pathlib import Path
from uuid import UUID

from alembic import command
from sqlmodel import Session, select

from server.core import db
from server.core.settings import Settings
from server.facts import service as facts
from server.migrations import steps
from server.plant import rules
from server.plant.tables import PlantMentionRow
from shared.calls import call_id
from shared.events import (
    AndonRaised,
    Event,
    HandoverWritten,
    KanbanFulfilled,
    KanbanScanned,
    StationDone,
    StationMissed,
    StockCounted,
)
from shared.ids import SiteId
from shared.road_facts import FactVoided, StopReopened
from tests.helpers.builders import arrived, fact, id_of, text_id
from tests.server.facts.a_stream import DEVICE, RECEIVED_MS, Stream

BEFORE = "0003"
CARD, PLACE = text_id("card"), text_id("station 4")


def spoken() -> list[Event]:
    """One fact of each way to speak of something, and one that speaks of nothing."""
    scan = fact(KanbanScanned(card=CARD, how="scan", purpose="call", location=PLACE), at=1)
    call = call_id(CARD, scan.id)
    return [
        scan,
        fact(KanbanScanned(card=CARD, how="tap", purpose="check", location=PLACE), at=2),
        fact(KanbanFulfilled(call=call, card=CARD, qty=1), at=3),
        fact(StationDone(delivered=[(call, 1), (text_id("load"), 2)]), at=4),
        fact(StationMissed(reason="blocked"), at=5),
        fact(AndonRaised(andon=text_id("andon"), category="path", severity=1), at=6),
        fact(StockCounted(location=PLACE, item="P-118", qty=3), at=7),
        fact(HandoverWritten(open=[], text="", counts={}), at=8),
        fact(StopReopened(undo=text_id("result")), at=9),
        fact(FactVoided(undo=text_id("count")), at=10),
        arrived(at=11),
    ]


def test_facts_from_before_the_step_are_found_by_what_they_speak_of(tmp_path: Path) -> None:
    settings = Settings.read(data=tmp_path)
    engine, site = db.write_engine(settings), SiteId(id_of("site"))
    with engine.begin() as connection:
        command.upgrade(steps._config(connection), BEFORE)
    told = spoken()
    with Session(engine) as session:
        push = Stream().record(*told).push()
        facts.append(session, site, DEVICE, push, received_ms=RECEIVED_MS)
        session.commit()

    with engine.begin() as connection:
        command.upgrade(steps._config(connection), "head")

    with Session(engine) as session:
        rows = session.exec(select(PlantMentionRow)).all()
    engine.dispose()
    found = {(row.ref, row.event_id) for row in rows}
    assert found == {(ref, UUID(one.id)) for one in told for ref in rules.refs_of(one)}
    assert len(found) == 12
