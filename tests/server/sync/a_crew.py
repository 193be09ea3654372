"""Several devices on one run that talk to the server's services without HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from server.core.access import Principal, Role, system
from server.core.http import Parts
from server.feed import queries as feed_queries
from server.feed import service as feed
from server.sync import rules, service
from shared.events import Event
from shared.ids import DeviceId, SiteId
from shared.sync import DeviceClock
from tests.helpers.builders import START_MS, id_of
from tests.server.facts.a_stream import Stream
from tests.server.sync.a_device import Circle, found_site, open_circle

CLOCK = DeviceClock("5d0e7a42", 8_060_000, START_MS + 60_000)
Half = dict[str, Any] | None


@dataclass
class Hand:
    """One device of the crew: its stream and how far it was acknowledged."""

    parts: Parts
    who: Principal
    stream: Stream = field(default_factory=Stream)
    acked: int = 0

    def send(self, count: int = 500, *, lost: bool = False) -> None:
        """Send the next places; a lost answer leaves the device as it was."""
        push = self.stream.push(after=self.acked, upto=self.acked + count, clock=CLOCK)
        envelope = rules.Envelope(v=1, rid="7f3a9c10", push=push)
        told = service.exchange(self.parts, self.who, envelope)
        if not lost:
            self.acked = told["ack"]["seq"]

    def drain(self) -> None:
        """Send until everything is acknowledged."""
        while self.acked < len(self.stream.sent):
            self.send()


def a_crew(parts: Parts, site: SiteId, size: int) -> tuple[Circle, list[Hand]]:
    """A run past bakery and dairy, and this many devices that have it."""
    who = system(site)
    found_site(parts, who, "bakery", "dairy")
    circle = open_circle(parts, who, "bakery", "dairy", van=False)
    hands = [_hand(parts, site, n) for n in range(size)]
    ids = [hand.who.device_id for hand in hands if hand.who.device_id]
    scope = f"run:{circle.run}"
    parts.writer.run(lambda s: feed.set_devices(s, site, scope, ids, parts.clock.now()))
    return circle, hands


def _hand(parts: Parts, site: SiteId, number: int) -> Hand:
    device_id = DeviceId(id_of(f"{site} device {number}"))
    who = Principal(
        kind="device", site_id=site, device_id=device_id, roles=frozenset({Role.DEVICE})
    )
    return Hand(parts, who, Stream(f"{site} stream {number}"))


def facts_of_stops(parts: Parts, site: SiteId, visits: Sequence[str]) -> dict[str, Half]:
    """The fact halves of these stops as devices are told."""

    def read(session: Session) -> dict[str, Half]:
        rows = feed_queries.rows_of(session, site, "stop", ids=visits)
        return {row.id: row.fact for row in rows}

    return parts.reads.run(read)


def of_visit(events: Sequence[Event], visit: str) -> list[Event]:
    return [event for event in events if event.envelope.visit == visit]
