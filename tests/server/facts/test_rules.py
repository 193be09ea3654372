"""A doc is judged alone, and its instant estimated from the device's clocks."""

import pytest

from server.facts import rules
from shared.sync import DeviceClock
from tests.helpers.builders import START_MS, arrived, doc_of, text_id

ID = text_id("event")
RECEIVED_MS = START_MS + 60_000
CLOCK = DeviceClock("5d0e7a42", 1_000_000, START_MS - 7_000)


@pytest.mark.parametrize(
    ("doc", "why"),
    [
        ("{", "bad_doc"),
        ("[]", "bad_doc"),
        ('{"type":7}', "bad_doc"),
        ('{"type":"stop.arrived","type":"x"}', "bad_doc"),
        ('{"type":"stop.arrived","note":"\\u0000"}', "bad_doc"),
        ('{"type":"stop.arrived","hlc":1e400}', "bad_doc"),
        ("[" * 40 + "]" * 40, "bad_doc"),
        ('{"type":"moon.landed","v":1}', "unknown_type"),
        ('{"type":"stop.arrived","v":1}', "bad_body"),
    ],
)
def test_a_doc_that_is_no_fact_is_named_and_never_raised(doc: str, why: str) -> None:
    reading = rules.read(ID, doc.encode())

    assert (reading.event, reading.why) == (None, why)


def test_a_lone_surrogate_is_no_text() -> None:
    doc = b'{"type":"note.added","text":"' + b'\xed\xa0\x80"}'

    assert rules.read(ID, doc).why == "bad_doc"


def test_a_name_that_is_no_id_is_a_bad_body() -> None:
    event = arrived()
    doc = doc_of(event).replace(event.envelope.by, "driver:" + "-" * 36)

    assert rules.read(ID, doc.encode()).why == "bad_body"


def test_a_fact_of_tomorrow_keeps_what_people_need_to_find_it() -> None:
    event = arrived()
    doc = doc_of(event).replace("stop.arrived", "stop.teleported")

    reading = rules.read(ID, doc.encode())

    assert reading.type == "stop.teleported"
    assert (str(reading.run), str(reading.visit)) == (event.envelope.run, event.envelope.visit)
    assert (reading.hlc, reading.by) == (event.envelope.hlc, event.envelope.by)


def test_the_same_boot_tells_the_instant_by_the_clock_that_only_grows() -> None:
    clk = ("5d0e7a42", 990_000, 12)

    assert rules.reported(RECEIVED_MS, CLOCK, clk) == (RECEIVED_MS - 10_000, False)


def test_another_boot_tells_it_by_the_wall_clock_and_is_uncertain() -> None:
    clk = ("00000000", 990_000, START_MS - 27_000)

    assert rules.reported(RECEIVED_MS, CLOCK, clk) == (RECEIVED_MS - 20_000, True)


def test_no_fact_happened_after_it_arrived() -> None:
    clk = ("5d0e7a42", 5_000_000, 12)

    assert rules.reported(RECEIVED_MS, CLOCK, clk) == (RECEIVED_MS, False)


def test_a_doc_without_clocks_happened_when_it_arrived_as_far_as_we_know() -> None:
    assert rules.reported(RECEIVED_MS, CLOCK, None) == (RECEIVED_MS, True)


@pytest.mark.parametrize(
    ("new", "old", "better"),
    [
        ((5, False), (6, False), True),
        ((7, False), (6, False), False),
        ((7, False), (6, True), True),
        ((5, True), (6, False), False),
    ],
)
def test_certain_beats_uncertain_and_then_the_earlier_estimate_counts(
    new: tuple[int, bool], old: tuple[int, bool], *, better: bool
) -> None:
    assert rules.better(new, old) is better


def test_a_held_doc_is_shown_as_it_is() -> None:
    assert rules.shown(b'{"a":1}') == {"a": 1}
    assert rules.shown(b"{ half") == "{ half"
    assert rules.shown(None) is None
