"""What a site may set, and the reasons it starts with."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from shared.gate import (
    Day,
    Many,
    Metres,
    Name,
    Seconds,
    Text,
    WallTime,
    Wire,
    Word,
    read_array,
)
from shared.proof import SITE_DEFAULT, Level, Part

Quiet = Annotated[tuple[WallTime, WallTime], BeforeValidator(read_array)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Weekday = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
Days = Annotated[int, Field(ge=1, le=3_650)]


class Tolerances(Wire):
    """How far from plan still counts as on time and in full."""

    early_tol_s: Seconds = 900
    late_tol_s: Seconds = 300
    takt_tol_s: Seconds = 120
    short_tol: Annotated[int, Field(ge=0, le=1_000)] = 0


class Retention(Wire):
    """Days that personal parts are kept."""

    positions: Days = 60
    proofs: Days = 365
    person_times: Days = 365
    audit: Days = 365


class SiteSettings(Wire):
    """Everything a site may set; all else is a constant in code."""

    tolerances: Tolerances = Tolerances()
    geofence_m: Metres = 80
    partial_load: Share = 0.40
    keep_s: Annotated[int, Field(ge=0, le=3_600)] = 600
    max_moved_stops: Annotated[int, Field(ge=0, le=1_000)] | None = None
    proof: dict[Part, Level] = Field(default_factory=lambda: dict(SITE_DEFAULT))
    andon_steps_s: Many[Seconds] = (0, 180, 600)
    planned_at_local: WallTime = Field(default="18:00", validate_default=True)
    quiet_hours: Quiet = Field(default=("21:00", "07:00"), validate_default=True)
    retention: Retention = Retention()
    distance_unit: Literal["km", "mi"] = "km"
    auto_dispatch: bool = True


class Shift(Wire):
    """Working hours with their breaks, in wall time."""

    name: Name
    start_local: WallTime
    end_local: WallTime
    breaks: Many[Quiet] = ()


class Calendar(Wire):
    """Holidays, shutdowns, workdays and shifts that loops share."""

    name: Name
    country: Text = ""
    subdivision: Text = ""
    extra: Many[Day] = ()
    shutdowns: Many[Annotated[tuple[Day, Day], BeforeValidator(read_array)]] = ()
    workdays: Many[Weekday] = ("MO", "TU", "WE", "TH", "FR")
    shifts: Many[Shift] = ()


class Reason(Wire):
    """A reason a driver may give, in the languages of the app, for some kinds of problem."""

    id: Word
    name: dict[Literal["en", "de"], Annotated[str, Field(min_length=1, max_length=80)]]
    about: Many[Literal["fail", "skip", "short", "miss", "no_proof", "gate", "order", "office"]]
    on: bool = True


def _reason(key: str, en: str, de: str, *about: str) -> dict[str, Any]:
    return {"id": key, "name": {"en": en, "de": de}, "about": list(about), "on": True}


REASONS: tuple[dict[str, Any], ...] = (
    _reason("nobody_there", "Nobody there", "Niemand da", "fail"),
    _reason("closed", "Closed", "Geschlossen", "fail"),
    _reason("refused", "Refused", "Annahme verweigert", "fail", "short"),
    _reason("damaged", "Damaged", "Beschädigt", "fail", "short"),
    _reason("wrong_address", "Wrong address", "Falsche Adresse", "fail"),
    _reason("no_access", "No access", "Keine Zufahrt", "fail"),
    _reason("not_ready", "Goods not ready", "Ware nicht bereit", "fail", "short"),
    _reason("vehicle_full", "Vehicle full", "Fahrzeug voll", "fail", "short"),
    _reason("safety", "Not safe", "Nicht sicher", "fail", "miss"),
    _reason("short", "Less than planned", "Weniger als geplant", "short"),
    _reason("queue", "Queue, coming back", "Warteschlange, später wieder", "skip"),
    _reason("blocked", "Way blocked", "Weg versperrt", "miss", "fail"),
    _reason("no_stock", "No stock", "Kein Bestand", "miss", "short"),
    _reason("no_driver", "No driver", "Kein Fahrer", "miss"),
    _reason("no_time", "No time this round", "Keine Zeit in dieser Runde", "miss", "skip"),
    _reason("camera_broken", "Camera does not work", "Kamera geht nicht", "no_proof"),
    _reason("cannot_sign", "Cannot sign", "Unterschrift nicht möglich", "no_proof"),
    _reason("no_photo_allowed", "Photos not allowed", "Fotos nicht erlaubt", "no_proof"),
    _reason("code_unknown", "Code not known", "Code nicht bekannt", "no_proof"),
    _reason("local_rule", "Local rule", "Örtliche Regel", "order"),
    _reason("road_closed", "Road closed", "Straße gesperrt", "order"),
    _reason("side_of_street", "Side of the street", "Straßenseite", "order"),
    _reason("closed_until", "Closed until later", "Öffnet erst später", "order"),
    _reason("customer_wish", "Customer asked for it", "Wunsch des Kunden", "office", "order"),
    _reason("traffic", "Traffic", "Verkehr", "office"),
    _reason("urgent", "Urgent order", "Eilauftrag", "office"),
    _reason("other", "Other", "Anderes", "fail", "skip", "short", "miss", "no_proof", "gate",
            "order", "office"),
)  # fmt: skip


def read_settings(stored: Mapping[str, Any]) -> SiteSettings:
    """Settings of a site: what is stored, over the defaults."""
    return SiteSettings.model_validate(dict(stored))


def write_settings(settings: SiteSettings) -> dict[str, Any]:
    """Settings as JSON, complete."""
    return settings.model_dump(mode="json")
