"""What dispatch takes on the wire."""

from typing import Annotated, Literal

from pydantic import Field

from server.dispatch import service
from shared.gate import Many, Note, Uid, Wire
from shared.ids import RunId
from shared.plan import PlanOps

Version = Annotated[int, Field(ge=1, le=2**31)]


class WhatIf(Wire):
    """Ops to be priced; with a version a stale look is refused."""

    ops: PlanOps
    expected_plan_version: Version | None = None


class PlanEdit(Wire):
    """Ops to become the next version of the plan."""

    ops: Annotated[PlanOps, Field(min_length=1)]
    reason: Note = ""
    expected_plan_version: Version


class Transfer(Wire):
    """Visits for another run; `after` null is its first open place, absent the cheapest one."""

    visits: Annotated[Many[Uid], Field(min_length=1)]
    to_run: Uid
    after: Uid | None = None
    expected_plan_version: Version
    expected_to_version: Version
    reason: Note = ""

    def asked(self) -> service.Transfer:
        """What dispatch is asked for."""
        return service.Transfer(
            self.visits,
            RunId(self.to_run),
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
