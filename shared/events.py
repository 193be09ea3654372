"""Every fact that can be recorded: one envelope, one body per type.

A fact is written once, by `write_doc`, and read by `read_doc`; both sides use these two and no
other way. Types, effects and limits: sync-events.md §2 to §4.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, ValidationError

from shared.chain import canonical
from shared.fact import Big, Body, By, Check, Direction, Fix, Lax, Proof
from shared.gate import Count, Label, Millis, Sha256Text, Unfit, UuidText, Word, parse_json
from shared.plant_facts import (
    AndonAcknowledged,
    AndonCleared,
    AndonRaised,
    CallPrepared,
    CallRefused,
    HandoverAcknowledged,
    HandoverWritten,
    KanbanFulfilled,
    KanbanScanned,
    RunDeparted,
    RunMissed,
    RunReturned,
    StationDone,
    StationMissed,
    StockCounted,
)
from shared.road_facts import (
    BreakEnded,
    BreakStarted,
    DeviceBlobUnreadable,
    DriverSignedIn,
    DriverSignedOut,
    EmptiesTaken,
    FactVoided,
    FeedbackGiven,
    LoadCounted,
    LoadScanned,
    NoteAdded,
    PlanAcknowledged,
    ProofAdded,
    RunClaimed,
    RunDisrupted,
    RunFinished,
    RunOrderProposed,
    RunStarted,
    StopArrived,
    StopCompleted,
    StopDeparted,
    StopFailed,
    StopPartly,
    StopReopened,
    StopServiceStarted,
    StopSkipped,
    VehicleChecked,
    VisitGeotagged,
)

__all__ = [
    "BLOBS_PER_EVENT",
    "BLOB_MAX",
    "BODIES",
    "EVENT_FORMAT",
    "AndonAcknowledged",
    "AndonCleared",
    "AndonRaised",
    "Attachment",
    "BadBody",
    "Body",
    "BreakEnded",
    "BreakStarted",
    "CallPrepared",
    "CallRefused",
    "Check",
    "DeviceBlobUnreadable",
    "Direction",
    "DriverSignedIn",
    "DriverSignedOut",
    "EmptiesTaken",
    "Envelope",
    "Event",
    "FactVoided",
    "FeedbackGiven",
    "Fix",
    "HandoverAcknowledged",
    "HandoverWritten",
    "KanbanFulfilled",
    "KanbanScanned",
    "LoadCounted",
    "LoadScanned",
    "NoteAdded",
    "PlanAcknowledged",
    "Proof",
    "ProofAdded",
    "RunClaimed",
    "RunDeparted",
    "RunDisrupted",
    "RunFinished",
    "RunMissed",
    "RunOrderProposed",
    "RunReturned",
    "RunStarted",
    "StationDone",
    "StationMissed",
    "StockCounted",
    "StopArrived",
    "StopCompleted",
    "StopDeparted",
    "StopFailed",
    "StopPartly",
    "StopReopened",
    "StopServiceStarted",
    "StopSkipped",
    "UnknownType",
    "VehicleChecked",
    "VisitGeotagged",
    "read_doc",
    "write_doc",
]

BODIES: dict[str, type[Body]] = {
    body.type: body for body in Body.__subclasses__() if "type" in vars(body)
}
BLOBS_PER_EVENT = 10
BLOB_MAX = 5 * 1024 * 1024
EVENT_FORMAT = 1

Size = Annotated[int, Field(ge=0, le=BLOB_MAX)]
Attachment = (
    Annotated[tuple[Sha256Text, Size, Label, Word], Lax]
    | Annotated[tuple[Sha256Text, Size, Label, Word, Word], Lax]
)


class Envelope(Body):
    """What every fact carries besides its body (sync-events.md §2)."""

    v: Count
    type: str  # type: ignore[misc]
    run: UuidText | None = None
    visit: UuidText | None = None
    hlc: Millis
    clk: Annotated[tuple[str, Annotated[int, Field(ge=0)], Big], Lax]
    plan_rev: Big
    by: By
    fix: Fix | None = None
    blobs: Annotated[list[Attachment], Field(max_length=BLOBS_PER_EVENT)] = []


@dataclass(frozen=True, slots=True)
class Event:
    """One fact as the rules see it: identity, envelope and body."""

    id: str
    envelope: Envelope
    body: Body

    @property
    def type(self) -> str:
        """Name of the fact's type."""
        return self.body.type

    @property
    def stamp(self) -> tuple[int, str]:
        """Order among facts: hybrid clock, ties by id."""
        return (self.envelope.hlc, self.id)


class UnknownType(ValueError):
    """A fact of a type this version does not know; it is kept and held."""


class BadBody(ValueError):
    """A fact that is JSON, but does not say what its type must say; `why` names the field."""


def _first_error(error: ValidationError, where: str) -> str:
    first = error.errors()[0]
    path = "/".join([where, *(str(part) for part in first["loc"])])
    return f"{path.strip('/')}: {first['msg']}"


def read_doc(event_id: str, doc: bytes) -> Event:
    """Read a fact from its bytes; raises Unfit (not JSON), UnknownType or BadBody."""
    value = parse_json(doc)
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise Unfit("not a fact: no type")
    kind = BODIES.get(value["type"])
    if kind is None:
        raise UnknownType(value["type"][:64])
    try:
        envelope = Envelope.model_validate(value)
    except ValidationError as error:
        raise BadBody(_first_error(error, "")) from error
    try:
        return Event(event_id, envelope, kind.model_validate(value.get("body")))
    except ValidationError as error:
        raise BadBody(_first_error(error, "body")) from error


def write_doc(envelope: Envelope, body: Body) -> str:
    """Write a fact's canonical text; the inverse of read_doc."""
    value: dict[str, Any] = envelope.model_dump(mode="json", exclude_none=True, by_alias=True)
    if not envelope.blobs:
        value.pop("blobs")
    value["type"] = body.type
    value["body"] = body.model_dump(mode="json", exclude_none=True, by_alias=True)
    return canonical(value)
