"""The rows of people, their sessions and roles, drivers, devices and pairing."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, UniqueConstraint

from server.core import db


class PersonRow(db.Row, table=True):
    """Somebody who signs in on the pages."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("login"),)

    id: UUID = Field(primary_key=True)
    name: str
    login: str  # the name, folded: one account per name on this server
    mail: str | None = Field(default=None, index=True)
    password_hash: str | None = None
    oidc_sub: str | None = None
    lang: str = "en"
    disabled_ms: int | None = None


class RoleGrantRow(db.Row, table=True):
    """A role somebody holds at the site; a carrier manager's is bound to one Carrier."""

    __tablename__ = "role_grant"

    person_id: UUID = Field(primary_key=True)
    role: str = Field(primary_key=True)
    carrier_id: UUID | None = None
    made_by: str
    made_ms: int


class WebSessionRow(db.Row, table=True):
    """A browser that is signed in; the cookie itself is stored nowhere."""

    __tablename__ = "web_session"

    token_hash: str = Field(primary_key=True)
    id: UUID = Field(index=True)
    person_id: UUID = Field(index=True)
    made_ms: int
    seen_ms: int
    ends_ms: int


class ApiTokenRow(db.Row, table=True):
    """A token that acts as its owner, with fewer rights and an end."""

    __tablename__ = "api_token"

    id: UUID = Field(primary_key=True)
    token_hash: str = Field(unique=True)
    person_id: UUID
    name: str
    rights: str
    ends_ms: int
    seen_ms: int | None = None


class DriverRow(db.Row, table=True):
    """Somebody who drives; badge and PIN are kept only as what a device checks offline."""

    __tablename__ = "driver"

    id: UUID = Field(primary_key=True)
    rev: int = 0
    person_id: UUID | None = None
    name: str
    lang: str = "en"
    skills: list[str] = db.json_column(nullable=False)
    shift: dict[str, Any] | None = db.json_column()
    zones: list[str] = db.json_column(nullable=False)
    carrier_id: UUID | None = Field(default=None, index=True)
    badge_hash: str | None = None
    pin_salt: str | None = None
    pin_verifier: str | None = None
    valid_until: int | None = None
    active: bool = True
    created_at: datetime
    updated_at: datetime


class DeviceRow(db.Row, table=True):
    """A paired phone or tablet, and what it last said about itself."""

    __tablename__ = "device"

    id: UUID = Field(primary_key=True)
    name: str
    vehicle_id: UUID | None = Field(default=None, index=True)
    driver_id: UUID | None = Field(default=None, index=True)  # who signed in last
    platform: str = ""
    app: str = ""
    state: str = "active"
    state_since: int
    paired_ms: int
    last_seen_ms: int | None = None
    unsent_json: dict[str, Any] | None = db.json_column()
    health_json: dict[str, Any] | None = db.json_column()
    health_ms: int | None = None


class DeviceTokenRow(db.Row, table=True):
    """A device's token as its SHA-256; several live only while a new one waits for first use."""

    __tablename__ = "device_token"

    hash: str = Field(primary_key=True)
    device_id: UUID = Field(index=True)
    issued_ms: int
    last_used_ms: int | None = None
    ended_ms: int | None = None


class PairCodeRow(db.Row, table=True):
    """A code that pairs one device once."""

    __tablename__ = "pair_code"

    code_hash: str = Field(primary_key=True)
    device_id: UUID | None = None
    name: str
    vehicle_id: UUID | None = None
    made_by: str
    expires_ms: int
    used_ms: int | None = None
