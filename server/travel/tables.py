"""The leg cache: what is known of the way from one place to another."""

from datetime import datetime

from sqlmodel import Field

from server.core import db


class LegRow(db.Row, table=True):
    """One way between two places; seconds and metres empty where there is none."""

    __tablename__ = "leg"

    profile_key: str = Field(primary_key=True)
    graph_version: str = Field(primary_key=True)
    from_key: str = Field(primary_key=True)
    to_key: str = Field(primary_key=True)
    bucket: str = Field(primary_key=True, default="any")
    source: str = Field(primary_key=True)  # router | learned | estimated
    seconds: int | None = None
    metres: int | None = None
    n: int | None = None
    p70_s: int | None = None
    var_s2: float | None = None
    updated_at: datetime
