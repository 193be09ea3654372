"""Only the core of a request can make it a bad one (sync.md §3.1)."""

import json
from typing import Any
from uuid import UUID

import pytest

from server.sync import rules
from server.sync.rules import Subject
from shared.chain import CHAIN_ZERO
from shared.ids import EventId, RunId, VisitId
from shared.refusals import FixTheSender
from tests.helpers.builders import id_of, text_id

RUN, VISIT = RunId(id_of("run")), VisitId(id_of("bakery"))


def core(**other: Any) -> dict[str, Any]:
    return {
        "v": 1,
        "rid": "7f3a9c10",
        "stream": text_id("stream"),
        "base": {"seq": 0, "chain": CHAIN_ZERO},
        "events": [{"seq": 1, "id": text_id("event"), "doc": "{}"}],
        "clock": ["5d0e7a42", 1, 2],
        **other,
    }


def opened(**other: Any) -> rules.Envelope:
    return rules.open_envelope(json.dumps(core(**other)).encode())


def test_a_whole_request_is_read() -> None:
    fix = {"run": text_id("run"), "t0": 1, "lat0": 2, "lon0": 3, "d": [[0, 0, 0, 9]]}
    unsent = {"events": 2, "blobs": 1, "bytes": 23, "oldest_ms": 5}

    read = opened(positions=fix, unsent=unsent, health={"free_mb": 5}, cursor="c1:1:a:*")

    assert read.positions is not None
    assert read.unsent is not None
    assert (read.unsent.events, read.health, read.cursor) == (2, {"free_mb": 5}, "c1:1:a:*")
    assert read.push.events[0].doc == "{}"


@pytest.mark.parametrize(
    "lane",
    [
        {"positions": {"run": 5}},
        {"positions": {"run": "x", "t0": 1, "d": [[0]] * 500}},
        {"health": {"x": "y" * 3_000}},
        {"health": [1]},
        {"health": {"deep": [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}},
        {"unsent": {"events": "two"}},
        {"fork": {"from": 1}},
        {"cursor": 5},
        {"cursor": "x" * 1_000},
        {"app": "\u0000"},
        {"rid": 7},
        {"news": "of tomorrow"},
        {"v": "one"},
    ],
)
def test_a_fault_beside_the_core_fails_nothing(lane: dict[str, Any]) -> None:
    read = opened(**lane)

    assert read.push.events[0].seq == 1


def test_numbers_no_machine_can_hold_fail_only_their_lane() -> None:
    body = json.dumps(core(health="HERE")).replace('"HERE"', '{"x":1e999,"y":' + "9" * 50 + "}")

    assert rules.open_envelope(body.encode()).push.base_seq == 0


def test_a_fork_names_the_stream_it_left() -> None:
    read = opened(fork={"from": text_id("old"), "reason": "restored"})

    assert read.fork is not None
    assert (read.fork.from_, read.fork.reason) == (text_id("old"), "restored")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"stream": "X"}, "/stream"),
        ({"base": {"seq": -1, "chain": CHAIN_ZERO}}, "/base/seq"),
        ({"base": {"seq": 0, "chain": "z"}}, "/base/chain"),
        ({"events": {}}, "/events"),
        ({"events": [{"seq": 2, "id": text_id("event"), "doc": "{}"}]}, "/events/0/seq"),
        ({"events": [{"seq": 1, "id": "x", "doc": "{}"}]}, "/events/0/id"),
        ({"events": [{"seq": 1, "id": text_id("event"), "doc": {}}]}, "/events/0/doc"),
        ({"clock": []}, "/clock"),
        ({"clock": ["a", 1, 10**30]}, "/clock/2"),
    ],
)
def test_a_fault_in_the_core_is_named(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(FixTheSender, match="bad_envelope") as refused:
        opened(**change)

    assert refused.value.errors[0][0] == pointer


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"[]", b"null", b"[" * 100_000, b'{"base":{"seq":0,"seq":1}}'],
    ids=["nothing", "not utf-8", "a list", "null", "a tower", "a key twice"],
)
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(FixTheSender, match="bad_envelope"):
        rules.open_envelope(body)


@pytest.mark.parametrize(
    ("version", "retired", "refused"),
    [(1, False, None), (0, False, "upgrade_required"), (2, False, "server_too_old"),
     (1, True, "retired")],
)  # fmt: skip
def test_rows_are_for_devices_of_a_known_version(
    version: int, refused: str | None, *, retired: bool
) -> None:
    assert rules.pull_refused(version, retired=retired) == refused


def subject(kind: str = "stop.arrived", *, run: bool = True, visit: bool = True) -> Subject:
    return Subject(EventId(UUID(int=1)), kind, RUN if run else None, VISIT if visit else None)


@pytest.mark.parametrize(
    ("given", "runs", "visits", "claimable", "why"),
    [
        (subject(), {RUN}, {VISIT}, (), None),
        (subject(), (), {VISIT}, (), "unknown_run"),
        (subject(), {RUN}, (), (), "unknown_visit"),
        (subject(visit=False), {RUN}, (), (), None),
        (subject(run=False, visit=False), (), (), (), None),
        (subject("run.claimed", visit=False), (), (), {RUN}, None),
        (subject("run.claimed", visit=False), {RUN}, (), (), "unknown_run"),
    ],
)
def test_a_fact_counts_if_its_device_was_told_of_what_it_is_about(
    given: Subject, runs: Any, visits: Any, claimable: Any, why: str | None
) -> None:
    found = rules.judge([given], runs=runs, visits=visits, claimable=claimable)

    assert found.get(given.id) == why
