"""What the plant takes on the wire."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.gate import Label, Note, Seconds, Text, Uid, Wire, Word

Boxes = Annotated[int, Field(ge=0, le=100_000)]
Pieces = Annotated[int, Field(ge=1, le=1_000_000)]
Cards = Annotated[int, Field(ge=0, le=500)]
Formula = Literal["classic", "two_cycle"]
Trigger = Literal["card", "level", "manual"]


class NewAndon(Wire):
    """An Andon raised from the office."""

    category: Literal["material", "vehicle", "path", "safety", "quality"]
    severity: Annotated[int, Field(ge=1, le=3)] = 2
    station_id: Uid | None = None
    run_id: Uid | None = None
    text: Note | None = None


class ClearAndon(Wire):
    """Why it is over."""

    cause: Word | None = None


class CountedEmpties(Wire):
    """What somebody counted at a place."""

    location_id: Uid
    container_type: Label
    qty: Annotated[int, Field(ge=0, le=1_000_000)]


class NewControlCycle(Wire):
    """A part that a station needs."""

    part_no: Label
    name: Text = ""
    station_id: Uid
    supermarket_id: Uid
    pieces_per_box: Pieces
    container_type: Label | Literal[""] = ""
    demand_per_h: Annotated[int, Field(ge=0, le=1_000_000)]
    formula: Formula = "classic"
    min_boxes: Boxes
    max_boxes: Boxes
    cards: Cards = 0
    trigger: Trigger = "card"
    safety_percent: Annotated[int, Field(ge=0, le=1_000)] = 0
    lead_s: Seconds = 0

    @model_validator(mode="after")
    def _room(self) -> Self:
        if self.min_boxes > self.max_boxes:
            raise ValueError("min_boxes is above max_boxes")
        return self


class ControlCycleChange(Wire):
    """Changed keys of a control cycle, and the revision they were seen at."""

    name: Text | None = None
    supermarket_id: Uid | None = None
    pieces_per_box: Pieces | None = None
    container_type: Label | None = None
    demand_per_h: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    formula: Formula | None = None
    min_boxes: Boxes | None = None
    max_boxes: Boxes | None = None
    cards: Cards | None = None
    trigger: Trigger | None = None
    safety_percent: Annotated[int, Field(ge=0, le=1_000)] | None = None
    lead_s: Seconds | None = None
    active: bool | None = None
    expected_rev: Annotated[int, Field(ge=0, le=2**53)] | None = None


class CardDeed(Wire):
    """What became of a card."""

    do: Literal["found", "reprint", "retire", "block", "free"]


class NewCall(Wire):
    """Boxes called by hand."""

    control_cycle_id: Uid
    boxes: Annotated[int, Field(ge=1, le=1_000)] = 1


class CallFor(Wire):
    """The run that brings a call; null leaves it to everybody."""

    run_id: Uid | None


class CountedStock(Wire):
    """Boxes of a part, as somebody counted them at a station."""

    part_no: Label
    qty: Annotated[int, Field(ge=0, le=1_000_000)]
