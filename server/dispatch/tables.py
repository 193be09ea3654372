"""Rows of dispatch: which visits will come late, told once per step."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from server.core import db


class LatenessRow(db.Row, table=True):
    """A visit that will come late, once per visit and step, so that it is told once."""

    __tablename__ = "lateness"

    visit_id: UUID = Field(primary_key=True)
    step: str = Field(primary_key=True)  # at_risk | late
    run_id: UUID
    late_s: int
    since_at: datetime
    over_at: datetime | None = None
