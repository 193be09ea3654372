"""Facts of the road and of every run (sync-events.md §3)."""

from typing import Annotated, Literal

from pydantic import Field

from shared.fact import Big, Body, Check, Direction, Lax, Lines, Proof, Qty, ShortLine
from shared.gate import (
    ARRAY_MAX,
    Count,
    Label,
    Name,
    Note,
    Seconds,
    Sha256Text,
    Text,
    UuidText,
    Word,
)


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
