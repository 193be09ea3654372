"""The members of a resequencing task in JSON, each read strictly and checked alone."""

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shared.task import DIMENSIONS_MAX, KEEP_S, STOPS_MAX, WINDOWS_MAX

SECONDS_MAX = 1 << 40


def _up(value: object) -> object:
    return math.ceil(value) if isinstance(value, float) and math.isfinite(value) else value


def _inwards(value: object) -> object:
    if not isinstance(value, list) or len(value) != 2:
        return value
    first, last = value
    return [_up(first), math.floor(last) if _finite(last) else last]


def _finite(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value)


Id = Annotated[int, Field(ge=0, le=1 << 53)]
Seconds = Annotated[int, BeforeValidator(_up), Field(ge=0, le=SECONDS_MAX)]
Instant = Annotated[int, BeforeValidator(_up), Field(ge=-SECONDS_MAX, le=SECONDS_MAX)]
Span = Annotated[
    list[Annotated[int, Field(ge=-SECONDS_MAX, le=SECONDS_MAX)]],
    BeforeValidator(_inwards),
    Field(min_length=2, max_length=2),
]
Spans = Annotated[list[Span], Field(max_length=WINDOWS_MAX)]
Load = Annotated[list[Seconds], Field(max_length=DIMENSIONS_MAX)]
Index = Annotated[int, Field(ge=0)]
Cell = Annotated[float, Field(ge=0, le=SECONDS_MAX, allow_inf_nan=False)]


class Form(BaseModel):
    """Strict about what it knows; keys it does not know are left alone, as VROOM does."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class RunForm(Form):
    id: str | int
    version: int = 0


class VehicleForm(Form):
    index: Index
    end_index: Index
    available_s: Instant
    end_window: Span | None = None
    max_overtime_s: Seconds = 0
    capacity: Load = []
    load: Load = []
    profile: str = "car"


class StopForm(Form):
    id: Id
    index: Index
    service: Seconds = 0
    setup: Seconds = 0
    time_windows: Spans = []
    delivery: Load = []
    pickup: Load = []
    priority: Annotated[int, Field(ge=0, le=100)] = 0
    locked: bool = False
    position: Literal["first", "any", "last"] = "any"
    before: list[Id] = []
    template_arrival_s: Instant | None = None


class BreakForm(Form):
    id: Id
    time_windows: Annotated[Spans, Field(min_length=1)]
    service: Seconds = 0
    taken: bool = False
    max_load: Load | None = None


class InsertForm(Form):
    op: Literal["insert"]
    stop: StopForm


class CancelForm(Form):
    op: Literal["cancel"]
    id: Id


class MoveForm(Form):
    op: Literal["move"]
    id: Id
    after: Id | None


class WindowForm(Form):
    op: Literal["window"]
    id: Id
    time_windows: Spans


class LateForm(Form):
    op: Literal["late"]
    delay_s: Seconds


ChangeForm = Annotated[
    InsertForm | CancelForm | MoveForm | WindowForm | LateForm, Field(discriminator="op")
]


class PolicyForm(Form):
    keep_s: Annotated[Seconds, Field(le=3600)] = KEEP_S
    max_moved_stops: Annotated[int, Field(ge=0)] | None = None
    allow_drop: bool = False
    template_l_s: Seconds | None = None


class MatrixForm(Form):
    durations: list[list[Cell]]
    distances: list[list[Cell]] | None = None


class TaskForm(Form):
    format: Literal["milkrun.resequence/1"]
    run: RunForm
    now_s: Instant
    vehicle: VehicleForm
    stops: Annotated[list[StopForm], Field(max_length=STOPS_MAX)]
    order: Annotated[list[Id], Field(max_length=STOPS_MAX)]
    done: list[Id] = []
    committed: Annotated[list[Id], Field(max_length=1)] = []
    pairs: list[Annotated[list[Id], Field(min_length=2, max_length=2)]] = []
    rest: Annotated[BreakForm | None, Field(alias="break")] = None
    changes: Annotated[list[ChangeForm], Field(max_length=STOPS_MAX)] = []
    policy: PolicyForm = PolicyForm()
    matrices: Mapping[str, MatrixForm]
