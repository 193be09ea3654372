"""Cards and calls on the server: one call per cycle, one movement of stock, rows for trains."""

from collections.abc import Sequence
from datetime import datetime
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from server.core.writer import AnyWriter
from server.feed import queries as feed
from server.feed.queries import RowView
from server.plant import queries, service
from server.plant.queries import lists
from server.plant.tables import ControlCycleRow, KanbanCallRow
from shared.calls import call_id
from shared.events import Event, KanbanFulfilled, KanbanScanned, StationDone, StockCounted
from shared.ids import SiteId
from shared.refusals import Refusal
from shared.road_facts import FactVoided, StopReopened
from shared.scan import CardCode, parse_scan
from tests.helpers.builders import fact, id_of, text_id
from tests.helpers.clock import ManualClock
from tests.server.plant.a_plant import STATION, a_cycle, a_supervisor, take

KLT = "KLT-6429"
RUN = id_of("run")


@pytest.fixture
def now(clock: ManualClock) -> datetime:
    return clock.now()


@pytest.fixture
def cycle(writer: AnyWriter, site: SiteId, now: datetime) -> ControlCycleRow:
    """Part P-118 at the station, with two cards."""
    given = a_cycle(container_type=KLT, cards=2, lead_s=1200)
    return writer.run(lambda s: service.add_control_cycle(s, a_supervisor(site), given, now=now))


@pytest.fixture
def card(writer: AnyWriter, site: SiteId, cycle: ControlCycleRow) -> str:
    """The first of its cards."""
    cards = writer.run(lambda s: queries.cards(s, site, cycle_ids=[cycle.id]))
    return str(cards[0].id)


def the_cards(writer: AnyWriter, site: SiteId) -> list[str]:
    return [str(row.id) for row in writer.run(lambda s: queries.cards(s, site))]


def the_calls(writer: AnyWriter, site: SiteId) -> Sequence[KanbanCallRow]:
    return writer.run(lambda s: queries.calls(s, site, open_only=False))


def rows(writer: AnyWriter, site: SiteId, kind: str) -> list[RowView]:
    return writer.run(lambda s: feed.rows_of(s, site, kind))


def stock(writer: AnyWriter, site: SiteId) -> list[int]:
    return [row.boxes for row in writer.run(lambda s: queries.stocks(s, site))]


def scan(card: str, at: int, purpose: Any = "call", **envelope: Any) -> Event:
    body = KanbanScanned(card=card, how="scan", purpose=purpose, location=str(STATION))
    return fact(body, at=at, **envelope)


def fill(card: str, opener: Event, at: int, **envelope: Any) -> Event:
    return fact(KanbanFulfilled(call=call_id(card, opener.id), qty=1), at=at, **envelope)


def counted(at: int, qty: int) -> Event:
    return fact(StockCounted(location=str(STATION), item="P-118", qty=qty), at=at)


def test_a_control_cycle_has_the_cards_it_asks_for(
    writer: AnyWriter, site: SiteId, now: datetime, cycle: ControlCycleRow
) -> None:
    who = a_supervisor(site)
    writer.run(lambda s: service.change_control_cycle(s, who, cycle.id, {"cards": 3}, now=now))

    cards = writer.run(lambda s: queries.cards(s, site))
    assert [card.serial for card in cards] == [1, 2, 3]
    told = {row.id: row for row in rows(writer, site, "card")}
    assert set(told) == {str(card.id) for card in cards}
    assert {row.scope for row in told.values()} == {"site"}


def test_a_card_scanned_on_two_tablets_opens_one_call(
    writer: AnyWriter, site: SiteId, now: datetime, cycle: ControlCycleRow, card: str
) -> None:
    early, late = scan(card, 1), scan(card, 5, by="ben")
    take(writer, site, now, [late], stream="two")
    take(writer, site, now, [early], stream="one", times=2)

    [call] = the_calls(writer, site)

    assert (str(call.id), call.aliases) == (call_id(card, early.id), [call_id(card, late.id)])
    [row] = rows(writer, site, "call")
    assert (row.id, row.scope) == (str(call.id), "site")
    assert row.plan is not None
    assert row.plan["promised"] == row.plan["called"] + cycle.lead_s * 1000
    assert row.fact is not None
    assert row.fact["also"] == 1


def test_a_call_filled_on_two_tablets_moves_stock_and_empties_once(
    writer: AnyWriter, site: SiteId, now: datetime, card: str
) -> None:
    opened = scan(card, 2)
    first, second = fill(card, opened, 5), fill(card, opened, 6, by="ben")
    take(writer, site, now, [counted(1, 3), opened, second], stream="two", times=2)
    take(writer, site, now, [first], stream="one", times=2)

    [call] = the_calls(writer, site)

    assert (call.state, call.delivered, call.also) == ("fulfilled", 1, 1)
    assert call.closed_by == f"driver:{text_id('kaya')}"
    assert stock(writer, site) == [4]
    assert sum(row.balance for row in writer.run(lambda s: queries.balances(s, site))) == 1
    found = writer.run(lambda s: feed.exceptions(s, site))
    assert [(one.kind, one.subject_id) for one in found] == [("over_supply", str(call.id))]


def test_one_driver_who_scans_and_serves_delivers_no_surplus(
    writer: AnyWriter, site: SiteId, now: datetime, card: str
) -> None:
    opened = scan(card, 2)
    done = fact(StationDone(delivered=[(call_id(card, opened.id), 1)]), at=6)
    take(writer, site, now, [counted(1, 0), opened, scan(card, 5, "fulfil"), done])

    assert stock(writer, site) == [1]
    assert writer.run(lambda s: feed.exceptions(s, site)) == []


def test_a_late_earlier_scan_keeps_the_run_a_person_gave_the_call_to(
    writer: AnyWriter, site: SiteId, now: datetime, card: str
) -> None:
    known, late = scan(card, 5), scan(card, 2, by="ben")
    take(writer, site, now, [known])
    call = UUID(call_id(card, known.id))

    def give(session: Any) -> None:
        row = queries.call(session, site, call)
        row.run_id = RUN
        session.add(row)

    writer.run(give)
    take(writer, site, now, [late], stream="two")

    [row] = the_calls(writer, site)
    assert (str(row.id), row.run_id) == (call_id(card, late.id), RUN)
    [told] = rows(writer, site, "call")
    assert told.scope == f"run:{RUN}"


def test_an_undone_station_takes_boxes_back_and_its_call_is_open_again(
    writer: AnyWriter, site: SiteId, now: datetime, card: str
) -> None:
    opened = scan(card, 2)
    done = fact(StationDone(delivered=[(call_id(card, opened.id), 1)]), at=6)
    take(writer, site, now, [counted(1, 3), opened, done])
    assert stock(writer, site) == [4]

    take(writer, site, now, [fact(StopReopened(undo=done.id), at=8)], stream="two")

    assert [call.state for call in the_calls(writer, site)] == ["open"]
    assert stock(writer, site) == [3]
    assert sum(row.balance for row in writer.run(lambda s: queries.balances(s, site))) == 0


def test_a_voided_scan_withdraws_its_call_from_the_trains(
    writer: AnyWriter, site: SiteId, now: datetime, card: str
) -> None:
    opened = scan(card, 2)
    take(writer, site, now, [opened])
    take(writer, site, now, [fact(FactVoided(undo=opened.id), at=3)], stream="two")

    assert the_calls(writer, site) == []
    assert rows(writer, site, "call") == []


def test_only_the_newest_call_of_a_card_stays_on_the_trains(
    writer: AnyWriter, site: SiteId, now: datetime, card: str
) -> None:
    first, again = scan(card, 2), scan(card, 9)
    take(writer, site, now, [first, fill(card, first, 5)])
    assert [row.id for row in rows(writer, site, "call")] == [call_id(card, first.id)]

    take(writer, site, now, [again], stream="two")

    assert [row.id for row in rows(writer, site, "call")] == [call_id(card, again.id)]
    assert len(the_calls(writer, site)) == 2


def test_facts_of_a_card_wait_until_the_card_is_known(
    writer: AnyWriter, site: SiteId, now: datetime
) -> None:
    take(writer, site, now, [scan(text_id("stranger"), 2)])

    assert the_calls(writer, site) == []


@pytest.mark.usefixtures("cycle")
def test_a_count_stands_until_the_next_and_a_voided_one_is_forgotten(
    writer: AnyWriter, site: SiteId, now: datetime
) -> None:
    old, new = counted(1, 5), counted(4, 2)
    take(writer, site, now, [new])
    take(writer, site, now, [old], stream="two")
    assert stock(writer, site) == [2]

    take(writer, site, now, [fact(FactVoided(undo=new.id), at=6)], stream="three")
    assert stock(writer, site) == [5]

    take(writer, site, now, [fact(FactVoided(undo=old.id), at=7)], stream="four")
    assert stock(writer, site) == []
    assert rows(writer, site, "stock") == []


STORY = ("scan", "again", "fill", "refill", "count")


def story(card: str) -> dict[str, Event]:
    opened, again = scan(card, 2), scan(card, 3, by="ben")
    return {
        "scan": opened,
        "again": again,
        "fill": fill(card, again, 5),
        "refill": fill(card, opened, 7, by="ben"),
        "count": counted(1, 3),
    }


def test_every_order_of_arrival_leaves_the_same_rows(
    writer: AnyWriter, site: SiteId, now: datetime
) -> None:
    """All orders of four facts, each on a card of its own; the count comes first."""
    who = a_supervisor(site)
    orders = list(permutations(STORY[:4]))
    given = a_cycle(cards=len(orders))
    writer.run(lambda s: service.add_control_cycle(s, who, given, now=now))
    cards = the_cards(writer, site)
    take(writer, site, now, [counted(1, 3)], stream="count")
    for card, order in zip(cards, orders, strict=True):
        facts = story(card)
        for n, name in enumerate(order):
            take(writer, site, now, [facts[name]], stream=f"{card} {n}", times=1 + n % 2)

    calls = the_calls(writer, site)

    assert len(calls) == len(cards)
    assert {(c.state, c.delivered, c.also, len(c.aliases)) for c in calls} == {
        ("fulfilled", 1, 2, 1)
    }
    assert {c.closed_by for c in calls} == {f"driver:{text_id('kaya')}"}
    assert stock(writer, site) == [3 + len(cards)]


def test_a_call_of_the_office_is_brought_by_the_run_it_was_given_to(
    writer: AnyWriter, site: SiteId, now: datetime, cycle: ControlCycleRow
) -> None:
    who = a_supervisor(site)
    call = writer.run(lambda s: service.make_call(s, who, cycle.id, boxes=2, now=now))
    take(writer, site, now, [counted(1, 0)])
    [told] = rows(writer, site, "call")
    assert (told.scope, told.plan and told.plan["boxes"]) == ("site", 2)

    done = fact(StationDone(delivered=[(str(call.id), 2)]), at=6)
    take(writer, site, now, [done], stream="two", times=2)

    assert [row.state for row in the_calls(writer, site)] == ["fulfilled"]
    assert stock(writer, site) == [2]


def test_a_call_is_given_only_to_a_run_there_is(
    writer: AnyWriter, site: SiteId, now: datetime, cycle: ControlCycleRow
) -> None:
    who = a_supervisor(site)
    call = writer.run(lambda s: service.make_call(s, who, cycle.id, boxes=1, now=now))

    with pytest.raises(Refusal, match="not_found"):
        writer.run(lambda s: service.give_call(s, who, call.id, id_of("no run"), now=now))


@pytest.mark.usefixtures("cycle")
def test_a_part_with_cards_comes_when_it_is_called(writer: AnyWriter, site: SiteId) -> None:
    lines = writer.run(lambda s: queries.lines_for_stations(s, site, [STATION], interval_s=3600))

    assert lines == {}


def test_a_label_says_the_card_in_its_newest_printing(
    writer: AnyWriter, site: SiteId, now: datetime, card: str
) -> None:
    who = a_supervisor(site)
    writer.run(lambda s: service.look_after(s, who, UUID(card), "reprint", now=now))

    label = writer.run(lambda s: lists.label(s, queries.card(s, site, UUID(card))))

    assert parse_scan(label["code"]) == CardCode(str(site), str(card), 2)
    assert (label["part_no"], label["serial"], label["of"]) == ("P-118", 1, 2)


def test_a_retired_card_is_out_of_use_for_good(
    writer: AnyWriter, site: SiteId, now: datetime, cycle: ControlCycleRow, card: str
) -> None:
    who = a_supervisor(site)
    writer.run(lambda s: service.look_after(s, who, UUID(card), "retire", now=now))

    assert len(the_cards(writer, site)) == 1
    assert len(rows(writer, site, "card")) == 1
    assert writer.run(lambda s: queries.control_cycle(s, site, cycle.id)).cards == 1
    with pytest.raises(Refusal, match="bad_state"):
        writer.run(lambda s: service.look_after(s, who, UUID(card), "found", now=now))


def test_a_card_nobody_has_seen_for_three_rounds_is_listed_until_it_is_found(
    writer: AnyWriter, site: SiteId, clock: ManualClock, card: str
) -> None:
    """Two cards of 48 pieces at 80 an hour are used up in 72 min; with the lead time 92 min."""
    who = a_supervisor(site)
    expected_s = 2 * 48 * 3600 // 80 + 1200
    clock.pass_time(s=3 * expected_s)
    assert writer.run(lambda s: queries.lost_cards(s, site, clock.now())) == []

    clock.pass_time(s=1)
    assert len(writer.run(lambda s: queries.lost_cards(s, site, clock.now()))) == 2

    writer.run(lambda s: service.look_after(s, who, UUID(card), "found", now=clock.now()))
    assert len(writer.run(lambda s: queries.lost_cards(s, site, clock.now()))) == 1
