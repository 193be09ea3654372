"""Every fact that can be recorded: one envelope, one body per type.

A fact is written once, by `write_doc`, and read by `read_doc`; both sides use these two and no
other way. Types, effects and limits: sync-events.md §2 to §4.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError

from shared.chain import canonical, doc_bytes
from shared.gate import (
    ARRAY_MAX,
    SAFE_INT_MAX,
    Count,
    Label,
    Metres,
    Millis,
    Name,
    Note,
    Seconds,
    Sha256Text,
    Text,
    Unfit,
    UuidText,
    Word,
    parse_json,
)

EVENT_FORMAT = 1
BLOBS_PER_EVENT = 10
BLOB_MAX = 5 * 1024 * 1024

Lax = Strict(strict=False)
Big = Annotated[int, Field(ge=-SAFE_INT_MAX, le=SAFE_INT_MAX)]
By = Annotated[str, Field(pattern=r"^(driver|device|supervisor):[0-9a-f-]{36}$")]
Qty = Annotated[int, Field(ge=0, le=1_000_000)]
Lines = Annotated[list[Annotated[tuple[UuidText, Qty], Lax]], Field(max_length=ARRAY_MAX)]
ShortLine = Annotated[tuple[UuidText, Qty, Qty, Word], Lax]
Direction = Literal["load", "pickup", "unload", "return"]
Check = Annotated[tuple[Label, bool], Lax] | Annotated[tuple[Label, bool, Text], Lax]


class Body(BaseModel):
    """What one type of fact says; newer apps may say more, which is kept and not understood."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)
    type: ClassVar[str]


class Fix(Body):
    """Where the device was, on the road or on a floor plan."""

    lat_e7: Annotated[int, Field(ge=-900_000_000, le=900_000_000)] | None = None
    lon_e7: Annotated[int, Field(ge=-1_800_000_000, le=1_800_000_000)] | None = None
    plan: UuidText | None = None
    x_cm: Annotated[int, Field(ge=-10_000_000, le=10_000_000)] | None = None
    y_cm: Annotated[int, Field(ge=-10_000_000, le=10_000_000)] | None = None
    acc_m: Metres | None = None
    age_s: Seconds | None = None
    mock: bool | None = None


class Proof(Body):
    """How taking over, handing over or failing is evidenced."""

    kind: Literal["delivery", "pickup", "failure"]
    method: Literal["signature", "photo", "pin", "locker", "none"]
    signer: Name | None = None
    signer_role: Name | None = None
    pin_ok: bool | None = None
    drop_point: Literal["safe_place", "neighbour", "locker", "curbside"] | None = None
    compartment: Name | None = None
    no_proof_reason: Text | None = None


class DriverSignedIn(Body):
    type = "driver.signed_in"
    method: Literal["pin", "badge", "unlisted"]
    name: Name | None = None


class DriverSignedOut(Body):
    type = "driver.signed_out"


class VehicleChecked(Body):
    type = "vehicle.checked"
    vehicle: UuidText
    checklist: Label
    checklist_v: Count
    items: Annotated[list[Check], Field(max_length=ARRAY_MAX)]
    fit: bool


class RunStarted(Body):
    type = "run.started"
    vehicle: UuidText | None = None
    goods_carriers: Annotated[list[Label], Field(max_length=50)] | None = None
    odometer_m: Annotated[int, Field(ge=0, le=10**11)] | None = None
    overrides: Annotated[list[Annotated[tuple[Label, Text], Lax]], Field(max_length=100)] | None = (
        None
    )


class PlanAcknowledged(Body):
    type = "plan.acknowledged"
    plan_version: Count
    plan_rev: Big


class RunOrderProposed(Body):
    type = "run.order_proposed"
    order: Annotated[list[UuidText], Field(max_length=ARRAY_MAX)]
    base_version: Count
    reason: Word


class RunDisrupted(Body):
    type = "run.disrupted"
    kind: Literal["delay", "window_missed", "customer_cancelled", "extra_stop"]
    delay_s: Seconds | None = None
    text: Note | None = None


class RunClaimed(Body):
    type = "run.claimed"


class StopDeparted(Body):
    type = "stop.departed"


class StopArrived(Body):
    type = "stop.arrived"
    source: Literal["manual", "geofence", "scan"]


class StopServiceStarted(Body):
    type = "stop.service_started"


class StopCompleted(Body):
    type = "stop.completed"
    proof: Proof
    lines: Lines = []
    note: Note | None = None


class StopPartly(Body):
    type = "stop.partly"
    proof: Proof
    lines: Lines = []
    short: Annotated[list[ShortLine], Field(max_length=ARRAY_MAX)] = []
    note: Note | None = None


class StopFailed(Body):
    type = "stop.failed"
    reason: Word
    proof: Proof
    attempt: Count = 1
    note: Note | None = None


class StopSkipped(Body):
    type = "stop.skipped"
    reason: Word
    return_later: bool


class StopReopened(Body):
    type = "stop.reopened"
    undo: UuidText
    reason: Text | None = None


class FactVoided(Body):
    type = "fact.voided"
    undo: UuidText
    reason: Text | None = None


class VisitGeotagged(Body):
    type = "visit.geotagged"
    for_: Annotated[UuidText, Field(alias="for")]


class ProofAdded(Body):
    type = "proof.added"
    result: UuidText
    note: Note | None = None


class LoadScanned(Body):
    type = "load.scanned"
    label: Label
    how: Literal["scan", "typed", "tap"]
    line: UuidText | None = None
    unit: UuidText | None = None
    dir: Direction
    qty: Qty = 1
    damaged: bool | None = None


class LoadCounted(Body):
    type = "load.counted"
    line: UuidText
    dir: Direction
    qty: Qty
    reason: Word | None = None


class EmptiesTaken(Body):
    type = "empties.taken"
    container_type: Label
    dir: Literal["taken", "given"]
    qty: Qty
    labels: Annotated[list[Label], Field(max_length=ARRAY_MAX)] | None = None


class NoteAdded(Body):
    type = "note.added"
    text: Note
    about: Literal["visit", "location", "run"]


class FeedbackGiven(Body):
    type = "feedback.given"
    about: Word
    id: Label
    field: Word
    value: Note
    rating: Annotated[int, Field(ge=1, le=5)] | None = None


class BreakStarted(Body):
    type = "break.started"
    kind: Literal["break", "rest", "waiting", "other"]


class BreakEnded(Body):
    type = "break.ended"
    started: UuidText


class RunFinished(Body):
    type = "run.finished"
    odometer_m: Annotated[int, Field(ge=0, le=10**11)] | None = None
    returned: Lines | None = None
    note: Note | None = None


class DeviceBlobUnreadable(Body):
    type = "device.blob_unreadable"
    event: UuidText
    sha: Sha256Text
    why: Literal["io", "hash"]


class RunDeparted(Body):
    type = "run.departed"
    loop: UuidText | None = None
    goods_carriers: Annotated[list[Label], Field(max_length=50)] | None = None
    late_reason: Word | None = None


class RunMissed(Body):
    type = "run.missed"
    reason: Word


class RunReturned(Body):
    type = "run.returned"


class StationDone(Body):
    type = "station.done"
    delivered: Lines = []
    empties: Annotated[
        list[Annotated[tuple[Label, Literal["taken", "given"], Qty], Lax]], Field(max_length=50)
    ] = []
    checks: Annotated[list[Check], Field(max_length=100)] | None = None


class StationMissed(Body):
    type = "station.missed"
    reason: Word


class KanbanScanned(Body):
    type = "kanban.scanned"
    card: UuidText
    how: Literal["scan", "typed", "tap"]
    purpose: Literal["call", "fulfil", "check", "return"]
    location: UuidText


class KanbanFulfilled(Body):
    type = "kanban.fulfilled"
    call: UuidText
    card: UuidText | None = None
    qty: Qty
    short: Qty | None = None


class CallPrepared(Body):
    type = "call.prepared"
    call: UuidText


class CallRefused(Body):
    type = "call.refused"
    call: UuidText
    reason: Word


class StockCounted(Body):
    type = "stock.counted"
    location: UuidText
    item: Label
    qty: Qty


class AndonRaised(Body):
    type = "andon.raised"
    andon: UuidText
    category: Literal["material", "vehicle", "path", "safety", "quality"]
    severity: Annotated[int, Field(ge=1, le=3)]
    location: UuidText | None = None
    text: Note | None = None


class AndonAcknowledged(Body):
    type = "andon.acknowledged"
    andon: UuidText


class AndonCleared(Body):
    type = "andon.cleared"
    andon: UuidText
    cause: Word | None = None
    text: Note | None = None


class HandoverWritten(Body):
    type = "handover.written"
    open: Annotated[list[UuidText], Field(max_length=ARRAY_MAX)]
    stuck: (
        Annotated[list[Annotated[tuple[UuidText, Text], Lax]], Field(max_length=ARRAY_MAX)] | None
    ) = None
    text: Note
    counts: dict[Word, Count]


class HandoverAcknowledged(Body):
    type = "handover.acknowledged"
    handover: UuidText
    remark: Note | None = None


BODIES: dict[str, type[Body]] = {
    body.type: body for body in Body.__subclasses__() if "type" in vars(body)
}
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


def _first_error(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'/'.join(str(part) for part in first['loc'])}: {first['msg']}"


def read_doc(event_id: str, doc: bytes) -> Event:
    """Read a fact from its bytes; raises Unfit (not JSON), UnknownType or BadBody."""
    value = parse_json(doc)
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise Unfit("not a fact: no type")
    kind = BODIES.get(value["type"])
    if kind is None:
        raise UnknownType(value["type"][:64])
    try:
        return Event(
            event_id, Envelope.model_validate(value), kind.model_validate(value.get("body"))
        )
    except ValidationError as error:
        raise BadBody(_first_error(error)) from error


def write_doc(envelope: Envelope, body: Body) -> str:
    """Write a fact's canonical text; the inverse of read_doc."""
    value: dict[str, Any] = envelope.model_dump(mode="json", exclude_none=True, by_alias=True)
    if not envelope.blobs:
        value.pop("blobs")
    value["type"] = body.type
    value["body"] = body.model_dump(mode="json", exclude_none=True, by_alias=True)
    doc = canonical(value)
    assert len(doc_bytes(doc)) > 0
    return doc
