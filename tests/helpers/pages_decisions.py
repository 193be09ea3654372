"""What a supervisor must decide, for page tests: waiting entries, contradictions, wishes, names."""

from typing import Any

from sqlmodel import Session

from server.core.access import Principal, Role
from server.core.http import Parts
from server.feed import service as feed
from server.runs import queries as runs
from server.sync import rules, service
from shared.events import (
    DriverSignedIn,
    FeedbackGiven,
    RunClaimed,
    RunOrderProposed,
    StopCompleted,
    StopFailed,
)
from shared.ids import DeviceId
from shared.sync import DeviceClock
from tests.helpers.builders import fact, id_of, text_id
from tests.helpers.pages import Board
from tests.server.facts.a_stream import Stream

RUN = "L09 Centre evening"
DONE = StopCompleted.model_validate({"proof": {"kind": "delivery", "method": "none"}})
CLOSED = StopFailed.model_validate(
    {"reason": "closed", "proof": {"kind": "failure", "method": "none"}, "attempt": 1}
)


def add_decisions(parts: Parts, board: Board) -> None:
    """Let a strange tablet report what somebody has to look at."""
    now_ms, key = parts.clock.ms(), board.runs[RUN]
    device = DeviceId(id_of("a strange tablet"))
    scope, now = f"run:{key}", parts.clock.now()
    parts.writer.run(lambda s: feed.set_devices(s, board.site_id, scope, [device], now))
    visits = [str(one) for one in parts.reads.run(lambda s: _order(s, board))]
    base: dict[str, Any] = {"run": str(key), "hlc": now_ms, "by": "Mila"}
    nobody: dict[str, Any] = {"run": None, "visit": None, "hlc": now_ms}
    feedback = FeedbackGiven(about="location", id=text_id("x"), field="access", value="ramp B")
    order = RunOrderProposed(order=visits[::-1], base_version=1, reason="road_closed")
    stream = Stream("a strange tablet").record(
        fact(DONE, **{**base, "run": text_id("nowhere"), "visit": None}),
        fact(DONE, **{**base, "visit": visits[-1]}),
        fact(CLOSED, **{**base, "visit": visits[-1], "hlc": now_ms + 1}),
        fact(order, **{**base, "visit": None}),
        fact(RunClaimed(), **{**base, "visit": None}),
        fact(feedback, **{**base, "visit": None}),
        fact(DriverSignedIn(method="unlisted", name="Joe from the agency"), **nobody),
    )
    stream.record_doc(text_id("poison"), '{"type": "stop.vanished", "a long word": "' + "w" * 90)
    who = Principal("device", board.site_id, device_id=device, roles=frozenset({Role.DEVICE}))
    push = stream.push(clock=DeviceClock("5d0e7a42", 8_060_000, now_ms))
    service.exchange(parts, who, rules.Envelope(v=1, rid="7f3a9c10", push=push))


def _order(session: Session, board: Board) -> Any:
    return runs.load(session, board.site_id, board.runs[RUN]).order
