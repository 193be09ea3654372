"""A device's stream in a test: records docs, and sends any part of itself."""

from dataclasses import dataclass, field

from shared.chain import CHAIN_ZERO, doc_bytes, next_chain
from shared.events import Event, write_doc
from shared.ids import DeviceId
from shared.sync import DeviceClock, Push, SentEvent
from tests.helpers.builders import START_MS, id_of, text_id

DEVICE = DeviceId(id_of("van 4"))
CLOCK = DeviceClock("5d0e7a42", 8_060_000, START_MS + 60_000)
RECEIVED_MS = START_MS + 60_000


@dataclass
class Stream:
    """Places 1, 2, 3 … with their chain, as a device keeps them."""

    name: str = "stream"
    sent: list[SentEvent] = field(default_factory=list)
    chains: list[str] = field(default_factory=lambda: [CHAIN_ZERO])

    def record(self, *events: Event) -> "Stream":
        """Add facts at the end."""
        for event in events:
            self.record_doc(event.id, write_doc(event.envelope, event.body))
        return self

    def record_doc(self, event_id: str, doc: str) -> "Stream":
        """Add any text under an id."""
        self.sent.append(SentEvent(len(self.sent) + 1, event_id, doc))
        self.chains.append(next_chain(self.chains[-1], event_id, doc_bytes(doc)))
        return self

    def push(self, after: int = 0, upto: int | None = None, clock: DeviceClock = CLOCK) -> Push:
        """The request that carries the places after `after`."""
        events = tuple(self.sent[after:upto])
        return Push(text_id(self.name), after, self.chains[after], events, clock)
