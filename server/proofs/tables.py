"""Rows of proofs: one per result that carries evidence, and its parts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from server.core.db import Row, json_column


class ProofRow(Row, table=True):
    """Evidence of one result; its id is the id of the result's event."""

    __tablename__ = "proof"

    id: UUID = Field(primary_key=True)
    run_id: UUID | None = None
    visit_id: UUID | None = None
    device_id: UUID | None = None
    driver_id: UUID | None = None
    carrier_id: UUID | None = None
    outcome: str
    kind: str | None = None
    method: str | None = None
    signer: str | None = None
    signer_role: str | None = None
    drop_point: str | None = None
    pin_ok: bool | None = None
    no_proof_reason: str | None = None
    note: str | None = None
    lines: list[Any] | None = json_column()
    short: list[Any] | None = json_column()
    by: str
    hlc: int
    reported_at: datetime
    received_at: datetime
    lat_e7: int | None = None
    lon_e7: int | None = None
    acc_m: int | None = None

    __table_args__ = (
        Index("ix_proof_visit", "site_id", "visit_id"),
        Index("ix_proof_reported", "site_id", "reported_at"),
    )


class ProofPart(Row, table=True):
    """One piece of evidence: a photo, a signature, a document, or a comment of the office."""

    __tablename__ = "proof_part"

    id: UUID = Field(primary_key=True)
    proof_id: UUID
    event_id: UUID | None = None
    place: int = 0
    role: str
    sha: str | None = None
    media: str | None = None
    source: str | None = None
    size: int | None = None
    text: str | None = None
    by: str
    made_at: datetime

    __table_args__ = (
        Index("ix_proof_part_proof", "site_id", "proof_id"),
        Index("ix_proof_part_sha", "site_id", "sha"),
    )
