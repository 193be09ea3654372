"""Random facts about one small run, as bytes, for tests of the oracle and the fold."""

import json
import uuid
from typing import Any

from hypothesis import strategies as st

RUN = "01a317c3-b980-7a10-8c21-3f0000000001"
OTHER_RUN = "01a317c3-b980-7a10-8c21-3f0000000002"
START = "01a317c3-b980-7a10-8c21-3f0000000010"
VISIT = "01a317c3-b980-7a10-8c21-3f0000000011"
CARD = "01a317c3-b980-7a10-8c21-3f0000000031"
PLACE = "01a317c3-b980-7a10-8c21-3f0000000041"
LINES = ["01a317c3-b980-7a10-8c21-3f0000000021", "01a317c3-b980-7a10-8c21-3f0000000022"]
DRIVERS = [f"driver:01a2dcc1-8600-7000-8000-0000000000d{n}" for n in (7, 8)]
START_MS = 1_800_000_000_000
FACTS_MAX = 14

Drawn = tuple[str, bytes]

small = st.integers(0, 9)
line = st.sampled_from(LINES)
direction = st.sampled_from(["load", "pickup", "unload", "return"])
label = st.sampled_from(["P-1", "P-2", "P-3"])
pairs = st.lists(st.tuples(line, small).map(list), max_size=2)
proof = st.fixed_dictionaries(
    {"kind": st.just("delivery"), "method": st.just("none")},
    optional={"drop_point": st.sampled_from(["neighbour", "locker"])},
)
short = st.lists(st.tuples(line, small, small, st.just("damaged")).map(list), max_size=2)
moved = st.tuples(st.just("KLT"), st.sampled_from(["taken", "given"]), small).map(list)


def event_id(number: int) -> str:
    """The id of the n-th fact."""
    return f"01a3185e-24c1-7c3e-9a00-{number:012x}"


any_fact = st.integers(0, FACTS_MAX).map(event_id)
any_call = st.integers(0, FACTS_MAX)

BODIES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "stop.arrived": st.just({"source": "manual"}),
    "stop.service_started": st.just({}),
    "stop.departed": st.just({}),
    "stop.completed": st.fixed_dictionaries({"proof": proof, "lines": pairs}),
    "stop.partly": st.fixed_dictionaries({"proof": proof, "lines": pairs, "short": short}),
    "stop.failed": st.fixed_dictionaries(
        {"reason": st.just("closed"), "proof": proof, "attempt": st.just(1)}
    ),
    "stop.skipped": st.just({"reason": "queue", "return_later": True}),
    "station.done": st.fixed_dictionaries(
        {"delivered": pairs, "empties": st.lists(moved, max_size=2)}
    ),
    "station.missed": st.just({"reason": "blocked"}),
    "load.scanned": st.fixed_dictionaries(
        {"label": label, "how": st.just("scan"), "dir": direction, "qty": small},
        optional={"line": line},
    ),
    "load.counted": st.fixed_dictionaries({"line": line, "dir": direction, "qty": small}),
    "empties.taken": moved.map(
        lambda one: {"container_type": one[0], "dir": one[1], "qty": one[2]}
    ),
    "stop.reopened": any_fact.map(lambda one: {"undo": one}),
    "fact.voided": any_fact.map(lambda one: {"undo": one}),
    "note.added": st.just({"text": "gate", "about": "visit"}),
    "plan.acknowledged": small.map(lambda n: {"plan_version": n, "plan_rev": n}),
    "run.order_proposed": st.just({"order": [], "base_version": 1, "reason": "queue"}),
    "run.started": st.just({}),
    "run.departed": st.just({}),
    "run.missed": st.just({"reason": "no_driver"}),
    "run.returned": st.just({}),
    "run.finished": st.just({}),
    "break.started": st.just({"kind": "rest"}),
    "break.ended": any_fact.map(lambda one: {"started": one}),
}


@st.composite
def facts(draw: st.DrawFn, *, visits: tuple[str | None, ...] = (VISIT,)) -> list[Drawn]:
    """Some facts as (id, doc); undo and break ends name each other or nobody."""
    found = []
    for number in range(draw(st.integers(0, FACTS_MAX))):
        kind = draw(st.sampled_from(sorted(BODIES)))
        found.append(_fact(draw, number, kind, draw(BODIES[kind]), draw(st.sampled_from(visits))))
    return found


def _fact(
    draw: st.DrawFn, number: int, kind: str, body: dict[str, Any], visit: str | None
) -> Drawn:
    hlc = START_MS + draw(small)
    told = {
        "v": 1, "type": kind, "run": RUN, "hlc": hlc, "clk": ["5d0e7a42", 1, hlc],
        "plan_rev": 1, "by": draw(st.sampled_from(DRIVERS)), "body": body,
    }  # fmt: skip
    if visit is not None:
        told["visit"] = visit
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return event_id(number), text.encode()


@st.composite
def card_facts(draw: st.DrawFn) -> list[Drawn]:
    """Facts about one card, fulfilments naming calls that were and were not opened."""

    found = []
    for number in range(draw(st.integers(0, 9))):
        call = str(uuid.uuid5(uuid.UUID(CARD), event_id(draw(st.integers(0, 9)))))
        scan = {"card": CARD, "how": "scan", "location": PLACE}
        choices: list[tuple[str, dict[str, Any]]] = [
            ("kanban.scanned", {**scan, "purpose": "call"}),
            ("kanban.scanned", {**scan, "purpose": "fulfil"}),
            ("kanban.scanned", {**scan, "purpose": "check"}),
            ("kanban.fulfilled", {"call": call, "qty": 1}),
            ("station.done", {"delivered": [[call, 1]]}),
            ("fact.voided", {"undo": event_id(draw(st.integers(0, 9)))}),
        ]
        kind, body = draw(st.sampled_from(choices))
        found.append(_fact(draw, number, kind, body, VISIT))
    return found
