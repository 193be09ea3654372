"""The members of a problem in JSON: VROOM's keys as they are, ours inside `milkrun` objects.

Keys that VROOM does not know either are left alone; inside `milkrun` they are refused.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from server.planner.problem import TASKS_MAX, VEHICLES_MAX
from server.planner.task_form import SECONDS_MAX, Cell, Form, Id, Index, Load, Seconds, Span, Spans


def _tuple_span(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Coordinates = Annotated[list[Degrees], Field(min_length=2, max_length=2)]
Skill = Annotated[int, Field(ge=0, le=SECONDS_MAX)]
Priority = Annotated[int, Field(ge=0, le=100)]
Price = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Window = Annotated[Span, BeforeValidator(_tuple_span)]


class Ours(Form):
    """What VROOM does not know: a key that nobody knows is a mistake here."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class OurStop(Ours):
    service_per_unit_s: list[Seconds] = []
    position: Literal["first", "any", "last"] = "any"
    before: list[Id] = []
    locked: bool = False
    appointment: bool = False
    contingency: Literal["on", "off"] | None = None
    zone: Id | None = None
    access: list[str] = []
    max_ride_s: Seconds | None = None
    template_arrival_s: Seconds | None = None
    template_l_s: Seconds | None = None


class AnyStop(Form):
    """What jobs and both ends of a shipment have in common."""

    id: Id
    description: str = ""
    location: Coordinates | None = None
    location_index: Index | None = None
    setup: Seconds = 0
    service: Seconds = 0
    time_windows: Spans = []
    milkrun: OurStop = OurStop()


class JobForm(AnyStop):
    delivery: Load = []
    pickup: Load = []
    skills: list[Skill] = []
    priority: Priority = 0

    @model_validator(mode="before")
    @classmethod
    def _old_amount(cls, given: Any) -> Any:
        """VROOM still reads `amount` of a job as what is delivered."""
        if isinstance(given, dict) and "amount" in given and "delivery" not in given:
            return given | {"delivery": given["amount"]}
        return given


class ShipmentForm(Form):
    pickup: AnyStop
    delivery: AnyStop
    amount: Load = []
    skills: list[Skill] = []
    priority: Priority = 0


class PlanBreakForm(Form):
    id: Id
    description: str = ""
    time_windows: Annotated[Spans, Field(min_length=1)]
    service: Seconds = 0
    max_load: Load | None = None


class CostsForm(Form):
    fixed: Price = 0
    per_hour: Price = 3600
    per_km: Price = 0


class StepForm(Form):
    type: Literal["start", "job", "pickup", "delivery", "break", "end"]
    id: Id | None = None


class ReloadForm(Ours):
    index: Index
    service: Seconds = 0
    max: Annotated[int, Field(ge=1, le=100)] = 1


class OurVehicle(Ours):
    max_overtime_s: Seconds = 0
    overtime_per_hour: Price = 0
    shift_s: Seconds | None = None
    start_late: Seconds | None = None
    reloads: Annotated[list[ReloadForm], Field(max_length=8)] = []
    range_m: Annotated[int, Field(ge=0)] | None = None
    zones: list[Id] | None = None
    zone_mode: Literal["hard", "soft"] = "hard"
    load_now: Load | None = None


class PlanVehicleForm(Form):
    id: Id
    profile: str = "car"
    description: str = ""
    start: Coordinates | None = None
    end: Coordinates | None = None
    start_index: Index | None = None
    end_index: Index | None = None
    capacity: Load = []
    costs: CostsForm = CostsForm()
    skills: list[Skill] = []
    type: str = ""
    time_window: Window | None = None
    breaks: Annotated[list[PlanBreakForm], Field(max_length=16)] = []
    speed_factor: Annotated[float, Field(gt=0, le=5, allow_inf_nan=False)] = 1.0
    max_tasks: Annotated[int, Field(ge=0)] | None = None
    max_travel_time: Seconds | None = None
    max_distance: Seconds | None = None
    steps: list[StepForm] = []
    milkrun: OurVehicle = OurVehicle()


class PlanMatrixForm(Form):
    durations: list[list[Cell]]
    distances: list[list[Cell]] | None = None
    costs: list[list[Cell]] | None = None


class WeightsForm(Ours):
    time: Price = 1
    distance: Price = 0
    energy: Price = 0
    vehicles: bool = False


class BalanceForm(Ours):
    by: Literal["duration", "tasks", "load"] = "duration"
    weight: Annotated[int, Field(ge=1, le=10)] = 1


class OurProblem(Ours):
    weights: WeightsForm = WeightsForm()
    balance: BalanceForm | None = None
    zones: Mapping[str, list[Id]] = {}
    keep_s: Annotated[Seconds, Field(le=3600)] = 0
    require_all: bool = False


class ProblemForm(Form):
    jobs: Annotated[list[JobForm], Field(max_length=TASKS_MAX)] = []
    shipments: Annotated[list[ShipmentForm], Field(max_length=TASKS_MAX // 2)] = []
    vehicles: Annotated[list[PlanVehicleForm], Field(min_length=1, max_length=VEHICLES_MAX)]
    matrices: Mapping[str, PlanMatrixForm] = {}
    milkrun: OurProblem = OurProblem()
