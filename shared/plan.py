"""The plan of a run: its versioned order and times, and the ops that change it."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, TypeAdapter, model_validator

from shared.gate import Frozen, Label, Many, Millis, Note, Seconds, Text, Uid, Wire, read_array
from shared.proof import Level, Part

OPS_MAX = 50
Span = Annotated[tuple[Millis, Millis], BeforeValidator(read_array)]
SEQUENCING = frozenset({"insert", "cancel", "move", "window", "late"})


class NewLine(Wire):
    """Goods that an inserted stop brings or takes: picked up or dropped there."""

    part_no: Label
    name: Text = ""
    qty: Annotated[int, Field(ge=0, le=1_000_000)]
    unit: Text = ""
    direction: Literal["pickup", "drop"] = "drop"
    labels: Many[Label] = ()
    weight_kg: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)] | None = None
    volume_l: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)] | None = None
    owner: Text | None = None
    consignee: Text | None = None
    order_ref: Text | None = None
    private: bool = False


class Insert(Wire):
    """Add a place or an order; `after` null is the first open place, absent the cheapest one."""

    op: Literal["insert"] = "insert"
    location_id: Uid | None = None
    order_id: Uid | None = None
    after: Uid | None = None
    windows: Many[Span] | None = None
    service_s: Seconds | None = None
    proof: dict[Part, Level] | None = None
    lines: Many[NewLine] = ()

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.location_id is None) == (self.order_id is None):
            raise ValueError("either location_id or order_id")
        return self


class Cancel(Wire):
    """Take a visit out of the run; its facts, if any come, are kept."""

    op: Literal["cancel"] = "cancel"
    visit: Uid


class Move(Wire):
    """Put a visit directly after another one, or first among the open ones."""

    op: Literal["move"] = "move"
    visit: Uid
    after: Uid | None


class Window(Wire):
    """Give a visit other windows."""

    op: Literal["window"] = "window"
    visit: Uid
    windows: Many[Span]


class Late(Wire):
    """The vehicle leaves this much later than thought."""

    op: Literal["late"] = "late"
    delay_s: Seconds


class Swap(Wire):
    """Let two visits change places."""

    op: Literal["swap"] = "swap"
    a: Uid
    b: Uid


class Reverse(Wire):
    """Serve the visits from one to the other in the opposite order."""

    op: Literal["reverse"] = "reverse"
    first: Annotated[Uid, Field(alias="from")]
    last: Annotated[Uid, Field(alias="to")]


class Lock(Wire):
    """Nobody moves this visit until it is unlocked."""

    op: Literal["lock"] = "lock"
    visit: Uid
    place: Annotated[Literal["place", "first", "last", "before"], Field(alias="as")] = "place"
    before: Uid | None = None


class Unlock(Wire):
    """Let the visit be moved again."""

    op: Literal["unlock"] = "unlock"
    visit: Uid


class Assign(Wire):
    """Give the run another vehicle or driver; a key that is absent stays as it was."""

    op: Literal["assign"] = "assign"
    vehicle_id: Uid | None = None
    driver_id: Uid | None = None


class ContingencyOn(Wire):
    """Switch a ContingencyStop on, at its place."""

    op: Literal["contingency_on"] = "contingency_on"
    visit: Uid


class ContingencyOff(Wire):
    """Switch a ContingencyStop off, as long as nobody arrived."""

    op: Literal["contingency_off"] = "contingency_off"
    visit: Uid


class PlanNote(Wire):
    """A line for the driver."""

    op: Literal["note"] = "note"
    text: Note


class AcceptProposal(Wire):
    """Take over the order that the planner or the driver proposed."""

    op: Literal["accept_proposal"] = "accept_proposal"
    proposal: Uid


PlanOp = Annotated[
    Insert
    | Cancel
    | Move
    | Window
    | Late
    | Swap
    | Reverse
    | Lock
    | Unlock
    | Assign
    | ContingencyOn
    | ContingencyOff
    | PlanNote
    | AcceptProposal,
    Field(discriminator="op"),
]
PlanOps = Annotated[Many[PlanOp], Field(max_length=OPS_MAX)]
_OPS: TypeAdapter[tuple[PlanOp, ...]] = TypeAdapter(PlanOps)


class PlanTime(Frozen):
    """Planned times of one visit in one plan."""

    visit: Uid
    arrival: Millis
    departure: Millis


class Plan(Frozen):
    """The versioned order and times of one run; a later one never changes an earlier one."""

    run_id: Uid
    version: Annotated[int, Field(ge=1)]
    base_version: Annotated[int, Field(ge=0)]
    made_by: Text
    reason: Text = ""
    ops: Many[dict[str, Any]] = ()
    order: Many[Uid]
    times: Many[PlanTime] = ()
    violations: Many[dict[str, Any]] = ()
    note: dict[str, Any] = Field(default_factory=dict)


def read_ops(ops: Sequence[dict[str, Any]]) -> tuple[PlanOp, ...]:
    """Read stored or received ops; raises pydantic's ValidationError with the place."""
    return _OPS.validate_python(list(ops))


def write_op(op: PlanOp) -> dict[str, Any]:
    """Write an op the way it stands in requests, in the plan and on the phone."""
    return op.model_dump(mode="json", by_alias=True, exclude_unset=True) | {"op": op.op}


def moved_after(order: Sequence[UUID], visit: UUID, after: UUID | None, floor: int) -> list[UUID]:
    """Order with the visit directly after another one; null is the first place from `floor` on."""
    rest = [one for one in order if one != visit]
    at = rest.index(after) + 1 if after is not None else min(floor, len(rest))
    return [*rest[:at], visit, *rest[at:]]
