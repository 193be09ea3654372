"""Questions about bytes: is every fact there, once, unchanged, and every file with it (I1, I5)."""

import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.sim.oracle.facts import doc_sha

if TYPE_CHECKING:
    from tests.sim.oracle.judging import Case, Fault

READ_REASONS = ("bad_doc", "unknown_type", "bad_body")
HELD_FOR = {"unknown_run": "run", "unknown_visit": "visit"}


def facts_lost(case: "Case") -> Iterator["Fault"]:
    """I1: what was recorded is there with the same bytes, and nothing else is."""
    for event_id, told in case.recorded.items():
        found = case.events.get(event_id)
        docs = {one["doc"] for one in told}
        if found is None:
            if any(one["excused"] is None for one in told):
                yield "I1", f"fact {event_id} ({_type(told[0]['doc'])}) is not on the server"
        elif found["doc"] not in docs:
            yield "I1", f"fact {event_id} has other bytes than were recorded"
        elif found["doc_sha"] != doc_sha(found["doc"]):
            yield "I1", f"fact {event_id} has the wrong doc_sha"
    for event_id in case.events.keys() - case.recorded.keys():
        yield "I1", f"nobody recorded fact {event_id}"
    yield from _twins(case)


def _twins(case: "Case") -> Iterator["Fault"]:
    """R16: of two bodies under one id the first counts, the other is kept beside it."""
    kept = {(one["event"], one["doc"]) for one in case.server["conflicts"]}
    for event_id, told in case.recorded.items():
        found = case.events.get(event_id)
        for one in told:
            shown = found is not None and found["doc"] == one["doc"]
            if shown or one["excused"] is not None or found is None:
                continue
            if (event_id, one["doc"]) not in kept:
                yield "I1", f"another body of fact {event_id} is nowhere"


def _type(doc: bytes) -> str:
    try:
        return str(json.loads(doc)["type"])
    except (ValueError, KeyError, TypeError):
        return "unreadable"


def declared(doc: bytes) -> list[list[Any]]:
    """The files a fact speaks of, as far as it can be read."""
    try:
        found = json.loads(doc).get("blobs", [])
    except (ValueError, AttributeError):
        return []
    return found if isinstance(found, list) else []


def files_lost(case: "Case") -> Iterator["Fault"]:
    """I5: every declared file is there byte by byte, or reported unreadable by its device."""
    given_up = {one.body["sha"] for one in case.said if one.type == "device.blob_unreadable"}
    excused = set(case.story.get("lost_blobs", ())) | given_up
    files = {one["sha"]: one for one in case.server["blobs"]}
    wanted = {
        str(blob[0])
        for one in case.events.values()
        if not case.why(one["doc"])
        for blob in declared(one["doc"])
    }
    for sha in sorted(wanted - excused):
        found = files.get(sha)
        if found is None:
            yield "I5", f"file {sha[:8]} was declared and is not expected"
        elif not found["done"]:
            yield "I5", f"file {sha[:8]} is not done"
    for sha, found in files.items():
        if found["done"] and _digest(found["content"]) != sha:
            yield "I5", f"file {sha[:8]} is done and has other bytes"


def _digest(content: bytes | None) -> str:
    return "" if content is None else hashlib.sha256(content).hexdigest()


def wrongly_held(case: "Case") -> Iterator["Fault"]:
    """I2: a fact waits only for a reason that is true, and counts only if it can be read."""
    there = {
        "run": {one["id"] for one in case.server["runs"]},
        "visit": {one["id"] for one in case.server["visits"]},
    }
    for one in case.events.values():
        why = case.why(one["doc"])
        if one["status"] == "ok" and why:
            yield "I2", f"fact {one['id']} counts although it is {why}"
        if one["status"] != "held":
            continue
        if one["why"] in READ_REASONS and not why:
            yield "I2", f"fact {one['id']} waits as {one['why']} and can be read"
        if one["why"] == "fold_error":
            yield "I16", f"fact {one['id']} could not be folded"
        key = HELD_FOR.get(one["why"])
        if key is not None and one[key] in there[key] and _in_hand(case, one, key):
            yield "I2", f"fact {one['id']} waits as {one['why']} and its {key} is there"


def _in_hand(case: "Case", event: Any, key: str) -> bool:
    """Whether its device is still there and is told now of what this event is about."""
    if event["device"] not in {one["device"] for one in case.story.get("devices", ())}:
        return False
    kind = "stop" if key == "visit" else key
    scopes = case.server["scopes"].get(event["device"], ())
    return any(
        row[0] == kind and row[1] == event[key] and row[2] in scopes and not row[4]
        for row in case.server["rows"]
    )
