"""What dispatch takes on the wire."""

from typing import Annotated

from pydantic import Field

from shared.gate import Note, Wire
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


class Undo(Wire):
    """The version to be taken back."""

    expected_plan_version: Version
