"""What dispatch takes on the wire."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from server.dispatch import service
from shared.gate import Day, Many, Note, Uid, WallTime, Wire, read_array
from shared.ids import RunId
from shared.plan import Insert, PlanOps

Version = Annotated[int, Field(ge=1, le=2**31)]


class WhatIf(Wire):
    """Ops to be priced; with a version a stale look is refused; brief while one drags."""

    ops: PlanOps
    expected_plan_version: Version | None = None
    brief: bool = False

    def options(self) -> dict[str, Any]:
        """How dispatch is asked."""
        return {"expected_version": self.expected_plan_version, "brief": self.brief}


class PlanEdit(Wire):
    """Ops to become the next version of the plan."""

    ops: Annotated[PlanOps, Field(min_length=1)]
    reason: Note = ""
    expected_plan_version: Version


class Transfer(Wire):
    """Visits for another run; `after` null is its first open place, absent the cheapest one.

    Without another run they get one of their own, an ad hoc run.
    """

    visits: Annotated[Many[Uid], Field(min_length=1)]
    to_run: Uid | None = None
    after: Uid | None = None
    expected_plan_version: Version
    expected_to_version: Version = 1
    reason: Note = ""

    def asked(self) -> service.Transfer:
        """What dispatch is asked for."""
        return service.Transfer(
            self.visits,
            RunId(self.to_run) if self.to_run else None,
            self.expected_plan_version,
            self.expected_to_version,
            service.Place(cheapest="after" not in self.model_fields_set, after=self.after),
            self.reason,
        )


class Refusing(Wire):
    """No to the order a driver proposed."""

    do: Literal["refuse"]
    reason: Note = ""


class Undo(Wire):
    """The version to be taken back."""

    expected_plan_version: Version


class SeekingPlace(Wire):
    """A new stop that looks for a run of this day; `between` are wall times of the site."""

    service_date: Day
    stop: Insert
    between: Annotated[tuple[WallTime, WallTime], BeforeValidator(read_array)] | None = None

    def asked(self) -> service.Seeking:
        """What dispatch is asked for."""
        return service.Seeking(self.service_date, self.stop, self.between)
