"""Questions about order and time: places, chains, rising stamps, true instants (I3, I8)."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tests.sim.oracle.facts import ZERO, chain, read

if TYPE_CHECKING:
    from tests.sim.oracle.judging import Case, Fault


def broken_streams(case: "Case") -> Iterator["Fault"]:
    """I3: per stream the places are 1..n, the chain is right at each, stamps rise."""
    by_stream: dict[str, list[Mapping[str, Any]]] = {}
    for place in case.server["places"]:
        by_stream.setdefault(place["stream"], []).append(place)
    others: dict[str, list[bytes]] = {}
    for one in case.server["conflicts"]:
        others.setdefault(one["event"], []).append(one["doc"])
    for stream in case.server["streams"]:
        found = sorted(by_stream.get(stream["id"], ()), key=lambda place: int(place["seq"]))
        if [place["seq"] for place in found] != list(range(1, len(found) + 1)):
            yield "I3", f"stream {stream['id']} has a gap"
        if stream["recv"] != len(found):
            yield "I3", f"stream {stream['id']} says {stream['recv']} of {len(found)} places"
        if stream["chain"] != (found[-1]["chain"] if found else ZERO):
            yield "I3", f"stream {stream['id']} has another head than its last place"
        if stream["durable"] > stream["recv"]:
            yield "I3", f"stream {stream['id']} is durable beyond its end"
        yield from _broken_chain(case, stream, found, others)
        yield from _falling(case, stream, [one for one in found if one["event"] not in others])


def _broken_chain(
    case: "Case",
    stream: Mapping[str, Any],
    found: list[Mapping[str, Any]],
    others: Mapping[str, list[bytes]],
) -> Iterator["Fault"]:
    before = ZERO
    for place in found:
        event = case.events.get(place["event"])
        docs = [*([event["doc"]] if event else ()), *others.get(place["event"], ())]
        if place["chain"] not in {chain(before, place["event"], doc) for doc in docs}:
            yield "I3", f"stream {stream['id']} has a wrong chain at {place['seq']}"
        before = place["chain"]


def _falling(
    case: "Case", stream: Mapping[str, Any], found: list[Mapping[str, Any]]
) -> Iterator["Fault"]:
    """A device's facts stand in the order of their stamps; what nobody can read has none.

    An id used twice is left out: the bytes that count may be another stream's.
    """
    last = -1
    for place in found:
        event = case.events.get(place["event"])
        if event is None or stream["device"] is None or case.why(event["doc"]):
            continue
        hlc = read(event["id"], event["doc"]).hlc
        if hlc <= last:
            yield "I3", f"stream {stream['id']} goes back in time at {place['seq']}"
        last = hlc


def times_off(case: "Case") -> Iterator["Fault"]:
    """I8: a certain instant differs from the truth by at most one way of the network.

    Of a fact that came first by a copy somebody delivered much later nothing can be promised.
    """
    most = case.story["max_delay_ms"]
    for event_id, told in case.recorded.items():
        event, fact = case.events.get(event_id), told[0]
        if event is None or event["uncertain"] or len(told) > 1 or case.why(event["doc"]):
            continue
        if most is None or not fact.get("on_time", True):
            continue
        off = abs(int(event["reported_ms"]) - int(fact["true_ms"]))
        if off > most:
            yield "I8", f"fact {event_id} is told {off} ms off"
