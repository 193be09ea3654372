"""Facts of the plant: trains, stations, cards, Andons, handovers (sync-events.md §4)."""

from typing import Annotated, Literal

from pydantic import Field

from shared.fact import Body, Check, Lax, Lines, Qty
from shared.gate import ARRAY_MAX, Count, Label, Note, Text, UuidText, Word


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
