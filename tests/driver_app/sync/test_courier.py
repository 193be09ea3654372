"""How long the worker waits and what it leaves out next time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driver_app.sync.courier import Pace, chunk_bytes, older, reaction, stalled, timer_s
from shared.sync import BACKOFF_MAX_S, BATCH_EVENTS


@given(failures=st.integers(0, 10_000), jitter=st.floats(0, 1))
def test_the_wait_has_an_upper_bound_and_never_ends_the_trying(
    failures: int, jitter: float
) -> None:
    assert 0 <= Pace(failures=failures).wait_s(jitter) <= BACKOFF_MAX_S


def test_the_wait_doubles_with_each_failure() -> None:
    waits = [Pace(failures=n).wait_s(1.0) for n in range(4)]

    assert waits == [1, 2, 4, 8]


def test_a_server_that_names_its_time_is_obeyed() -> None:
    assert Pace().failed(retry_after_s=42).wait_s(0.5) == 42


def test_a_success_forgets_all_trouble_but_the_wish_for_plain_bodies() -> None:
    worn = Pace(plain=True).refused("too_large").failed().failed()

    assert worn.succeeded() == Pace(plain=True)


def test_a_changed_network_is_tried_at_once() -> None:
    assert Pace(failures=9, retry_after_s=300).hopeful().wait_s(1.0) == 1


def test_after_three_bad_envelopes_the_facts_go_alone_then_in_halves() -> None:
    pace = Pace()
    seen = []
    for _ in range(5):
        pace = pace.refused("bad_envelope")
        seen.append((pace.core, pace.events_max))

    assert seen == [
        (False, BATCH_EVENTS),
        (False, BATCH_EVENTS),
        (True, BATCH_EVENTS),
        (True, BATCH_EVENTS // 2),
        (True, BATCH_EVENTS // 4),
    ]


def test_a_single_event_is_the_smallest_batch() -> None:
    pace = Pace(core=True, events_max=1).refused("too_large")

    assert pace.events_max == 1


def test_a_server_that_wants_plain_bodies_gets_them() -> None:
    assert Pace().refused("bad_encoding").plain


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("stream_fork", "fork"),
        ("bad_token", "pair_again"),
        ("token_expired", "pair_again"),
        ("device_retired", "retired"),
        ("device_stolen", "stolen"),
        ("server_full", "wait"),
        ("something_of_the_future", "wait"),
    ],
)
def test_a_refusal_means(code: str, meaning: str) -> None:
    assert reaction(code) == meaning


def test_an_open_run_is_asked_for_more_often_and_a_low_battery_less() -> None:
    idle = timer_s(open_run=False, plant=False, battery_pct=100)
    road = timer_s(open_run=True, plant=False, battery_pct=100)
    plant = timer_s(open_run=True, plant=True, battery_pct=100)
    weak = timer_s(open_run=True, plant=False, battery_pct=14)

    assert (idle, road, plant, weak) == (900, 60, 30, 240)


def test_photos_travel_in_larger_parts_on_wifi() -> None:
    assert chunk_bytes("wifi") > chunk_bytes("cell") == chunk_bytes("unknown")


def test_stalled_is_only_who_has_something_to_send_and_a_network() -> None:
    assert stalled(unsent=1, online=True, silent_ms=120_001)
    assert not stalled(unsent=0, online=True, silent_ms=120_001)
    assert not stalled(unsent=1, online=False, silent_ms=120_001)
    assert not stalled(unsent=1, online=True, silent_ms=119_000)


@pytest.mark.parametrize(
    ("app", "least", "old"),
    [
        ("0.1.0", "0.2.0", True),
        ("0.9.0+310", "0.10.0", True),
        ("1.4.2+310", "1.4.2", False),
        ("1.4.2", "", False),
        ("dev", "1.0.0", False),
    ],
)
def test_an_app_below_what_the_server_wants_is_too_old(app: str, least: str, old: bool) -> None:  # noqa: FBT001
    assert older(app, least) is old
