"""Rows of dispatch: proposals for a person to accept, and who was late how far."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, Index

from server.core import db


class ProposalRow(db.Row, table=True):
    """A better plan, or an order the driver would like, waiting for a person."""

    __tablename__ = "proposal"
    __table_args__ = (Index(None, "site_id", "run_id"),)

    id: UUID = Field(primary_key=True)
    run_id: UUID
    base_version: int
    order: list[str] = db.json_column(nullable=False)
    price: dict[str, Any] | None = db.json_column()
    made_by: str
    reason: str = ""
    state: str = "open"
    created_at: datetime


class LatenessRow(db.Row, table=True):
    """A visit that will come late, once per visit and step, so that it is told once."""

    __tablename__ = "lateness"

    visit_id: UUID = Field(primary_key=True)
    step: str = Field(primary_key=True)  # at_risk | late
    run_id: UUID
    late_s: int
    since_at: datetime
    over_at: datetime | None = None
