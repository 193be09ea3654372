"""Rows of imports: the file with its report, and what each written row was before."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field

from server.core import db


class ImportBatchRow(db.Row, table=True):
    """A file that was handed in, how it is read, and what became of it."""

    __tablename__ = "import_batch"

    id: UUID = Field(primary_key=True)
    kind: str
    state: str = "checked"
    loop_code: str = ""
    profile: str = ""
    content: bytes
    options: dict[str, Any] = db.json_column(nullable=False)
    mapping: dict[str, Any] | None = db.json_column()
    fixes: list[list[Any]] = db.json_column(nullable=False)
    report: dict[str, Any] = db.json_column(nullable=False)
    all_or_nothing: bool = False
    trouble: str = ""
    made_by: str = ""
    created_at: datetime
    updated_at: datetime


class ImportRowRow(db.Row, table=True):
    """One row that was written, with what undoing it needs."""

    __tablename__ = "import_row"

    batch_id: UUID = Field(primary_key=True)
    row_no: int = Field(primary_key=True)
    state: str
    subject_id: UUID
    before: dict[str, Any] | None = db.json_column()
    after: dict[str, Any] | None = db.json_column()
