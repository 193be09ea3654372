"""The oracle finds each thing that can be wrong with a story, and nothing in a sound one."""

import hashlib
import json
from typing import Any

import pytest

from tests.sim.oracle import judge
from tests.sim.oracle.facts import chain, chains, doc_sha
from tests.sim.oracle_facts import OTHER_RUN, RUN, START_MS, VISIT, event_id

DEVICE = "01a2dcc1-8600-7000-8000-0000000000e1"
STREAM = "01a2dcc1-8600-7abc-8def-000000000001"
PHOTO = b"milk run example photo\n"
SHA = hashlib.sha256(PHOTO).hexdigest()
PROOF = {"kind": "delivery", "method": "photo"}

Story = dict[str, Any]


def doc(kind: str, body: dict[str, Any], at: int, **other: Any) -> bytes:
    told = {
        "v": 1, "type": kind, "run": RUN, "visit": VISIT, "hlc": START_MS + at, "plan_rev": 1,
        "clk": ["5d0e7a42", at, START_MS + at], "by": f"device:{DEVICE}", "body": body, **other,
    }  # fmt: skip
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


def docs() -> list[bytes]:
    """A visit that was reached and completed with a photo."""
    photo = [[SHA, len(PHOTO), "image/jpeg", "photo"]]
    return [
        doc("stop.arrived", {"source": "manual"}, 1),
        doc("stop.completed", {"proof": PROOF, "lines": []}, 2, blobs=photo),
    ]


def event(number: int, content: bytes) -> dict[str, Any]:
    return {
        "id": event_id(number), "doc": content, "doc_sha": doc_sha(content), "stream": STREAM,
        "seq": number + 1, "device": DEVICE, "type": json.loads(content)["type"], "run": RUN,
        "visit": VISIT, "hlc": START_MS, "status": "ok", "why": None, "attached": None,
        "reported_ms": START_MS + number, "uncertain": False,
    }  # fmt: skip


def sound() -> Story:
    """A story in which all is well."""
    contents = docs()
    heads = chains((event_id(n), content) for n, content in enumerate(contents))
    half = {
        "state": "done", "result": event_id(1), "by": f"device:{DEVICE}",
        "arrived": START_MS + 1, "completed": START_MS + 2, "n": 2,
    }  # fmt: skip
    return {
        "facts": [
            {"id": event_id(n), "doc": content, "device": DEVICE, "life": 1,
             "true_ms": START_MS + n, "excused": None, "twin": False}
            for n, content in enumerate(contents)
        ],
        "max_delay_ms": 400,
        "devices": [{"device": DEVICE}],
        "server": {
            "streams": [
                {"id": STREAM, "device": DEVICE, "recv": 2, "chain": heads[-1], "durable": 2}
            ],
            "places": [
                {"stream": STREAM, "seq": n + 1, "event": event_id(n), "chain": head}
                for n, head in enumerate(heads)
            ],
            "events": [event(n, content) for n, content in enumerate(contents)],
            "conflicts": [],
            "blobs": [{"sha": SHA, "size": len(PHOTO), "done": True, "content": PHOTO}],
            "visits": [{"id": VISIT, "run": RUN, "plan_state": "planned", "fact": half}],
            "runs": [{"id": RUN, "fact": {"state": "underway", "n": 2}}],
            "empties": [],
            "scopes": {DEVICE: ["site", f"run:{RUN}"]},
            "rows": [["stop", VISIT, f"run:{RUN}", 7, False, {"kind": "fixed", "run": RUN}, half]],
        },
    }  # fmt: skip


def test_a_sound_story_has_no_fault() -> None:
    assert judge(sound()) == []


def lose_a_fact(story: Story) -> None:
    story["server"]["events"].pop()


def add_a_stranger(story: Story) -> None:
    story["facts"].pop()


def change_bytes(story: Story) -> None:
    story["server"]["events"][0]["doc"] = doc("stop.arrived", {"source": "scan"}, 1)


def lose_a_twin(story: Story) -> None:
    twin = story["facts"][0] | {"doc": doc("stop.arrived", {"source": "scan"}, 1)}
    story["facts"].append(twin)


def lose_a_file(story: Story) -> None:
    story["server"]["blobs"][0]["done"] = False


def spoil_a_file(story: Story) -> None:
    story["server"]["blobs"][0]["content"] = b"other"


def leave_a_gap(story: Story) -> None:
    story["server"]["places"][1]["seq"] = 3


def break_the_chain(story: Story) -> None:
    story["server"]["places"][0]["chain"] = chain("0" * 32, event_id(5), b"{}")


def go_back_in_time(story: Story) -> None:
    first, second = story["server"]["events"]
    first["doc"] = doc("stop.arrived", {"source": "manual"}, 9)
    second["hlc"] = 0


def report_late(story: Story) -> None:
    story["server"]["events"][0]["reported_ms"] += 3_600_000


def show_it_open(story: Story) -> None:
    story["server"]["visits"][0]["fact"] = {"state": "arrived", "n": 2}


def count_twice(story: Story) -> None:
    story["server"]["visits"][0]["fact"]["n"] = 3


def count_the_run_twice(story: Story) -> None:
    story["server"]["runs"][0]["fact"]["n"] = 3


def delete_the_row(story: Story) -> None:
    story["server"]["rows"][0][4] = True


def hold_without_reason(story: Story) -> None:
    story["server"]["events"][0] |= {"status": "held", "why": "unknown_visit"}


def count_the_unreadable(story: Story) -> None:
    story["server"]["events"][0]["doc"] = b"no json"


def book_without_a_fact(story: Story) -> None:
    entry = {"visit_id": VISIT.replace("-", ""), "container_type": "KLT", "qty": 2}
    story["server"]["empties"].append(entry)


FAULTS = [
    (lose_a_fact, "I1"), (add_a_stranger, "I1"), (change_bytes, "I1"), (lose_a_twin, "I1"),
    (lose_a_file, "I5"), (spoil_a_file, "I5"), (leave_a_gap, "I3"), (break_the_chain, "I3"),
    (go_back_in_time, "I3"), (report_late, "I8"), (show_it_open, "I7"), (count_twice, "I2"),
    (count_the_run_twice, "I2"), (delete_the_row, "I7"), (hold_without_reason, "I2"),
    (count_the_unreadable, "I2"), (book_without_a_fact, "I2"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "invariant"), FAULTS, ids=[one.__name__ for one, _ in FAULTS])
def test_a_spoilt_story_is_found_out(spoil: Any, invariant: str) -> None:
    story = sound()

    spoil(story)

    assert invariant in {found for found, _ in judge(story)}


def test_what_nobody_holds_any_more_is_excused() -> None:
    story = sound()
    story["facts"].append(story["facts"][0] | {"id": event_id(9), "excused": "destroyed"})

    assert judge(story) == []


def test_a_fact_about_a_run_its_device_has_not_may_wait() -> None:
    story = sound()
    stray = doc("note.added", {"text": "gate", "about": "run"}, 3, run=OTHER_RUN, visit=None)
    waiting = event(2, stray) | {"status": "held", "why": "unknown_run", "run": OTHER_RUN}
    story["facts"].append(story["facts"][0] | {"id": event_id(2), "doc": stray})
    server = story["server"]
    server["events"].append(waiting)
    head = chain(server["places"][-1]["chain"], event_id(2), stray)
    server["places"].append({"stream": STREAM, "seq": 3, "event": event_id(2), "chain": head})
    server["streams"][0] |= {"recv": 3, "chain": head}

    assert judge(story) == []
