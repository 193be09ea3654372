"""Rows of what people decide beside the facts, and of the nightly scrub."""

from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from server.core.db import Row, json_column


class SuggestionRow(Row, table=True):
    """What a driver proposes for a place or anything else of the plan; the plan itself stays."""

    __tablename__ = "suggestion"

    event_id: UUID = Field(primary_key=True)
    about: str
    subject_id: str
    field: str
    value: str
    rating: int | None = None
    by: str
    reported_ms: int
    state: str = "open"  # open | done | dismissed
    reason: str | None = None
    changed_by: str | None = None
    changed_ms: int | None = None

    __table_args__ = (Index("ix_suggestion_state", "site_id", "state"),)


class SignInRow(Row, table=True):
    """Somebody who is on no list signed in under a typed name; the office may say who it was."""

    __tablename__ = "unlisted_sign_in"

    event_id: UUID = Field(primary_key=True)
    device_id: UUID | None = None
    name: str
    reported_ms: int
    driver_id: UUID | None = None
    named_by: str | None = None
    named_ms: int | None = None


class ScrubRow(Row, table=True):
    """One comparison of facts, files and folds with what they must be."""

    __tablename__ = "scrub"

    id: UUID = Field(primary_key=True)
    started_ms: int
    finished_ms: int
    facts: int
    files: int
    visits: int
    differences: list[dict[str, Any]] = json_column(nullable=False)
