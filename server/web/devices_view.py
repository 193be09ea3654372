"""What a supervisor sees of a device: when it spoke, what it still holds, how it feels."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from server.core.words import _, ngettext
from server.sync.health import Aside, Signs, judge
from server.sync.health import Sign as Judged

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
BAD = "bad"


class DeviceLike(Protocol):
    """The columns of a device that are shown."""

    id: UUID
    name: str
    vehicle_id: UUID | None
    driver_id: UUID | None
    platform: str
    app: str
    state: str
    last_seen_ms: int | None
    unsent_json: dict[str, Any] | None
    health_json: dict[str, Any] | None
    health_ms: int | None


@dataclass(frozen=True)
class Action:
    """What to do about a red field: a page, or a dialog of this page (`#name`)."""

    words: str
    href: str

    @property
    def dialog(self) -> str:
        """The dialog it opens, empty for a page."""
        return self.href[1:] if self.href.startswith("#") else ""


@dataclass(frozen=True)
class Sign:
    """One health field: its words, and green, yellow or red."""

    label: str
    text: str
    look: str = ""
    age_ms: int | None = None
    action: Action | None = None


@dataclass(frozen=True)
class DeviceView:
    """One row of the devices page."""

    id: str
    name: str
    state: str
    vehicle: str
    vehicle_id: str
    driver: str
    app: str
    told_ms: int | None
    """When the device last told how it feels."""
    signs: tuple[tuple[Sign, ...], ...]
    """The cells of the table, each with its fields."""
    holds: int | None


def unsent_of(row: DeviceLike) -> int | None:
    """How many facts and photos the device says it still holds; None when it never said."""
    if row.unsent_json is None:
        return None
    return int(row.unsent_json.get("events", 0)) + int(row.unsent_json.get("blobs", 0))


def unsent_devices(rows: Iterable[DeviceLike]) -> int:
    """How many active devices hold something the server does not have."""
    return sum(1 for row in rows if row.state == "active" and (unsent_of(row) or 0) > 0)


def columns() -> tuple[str, ...]:
    """What stands above the cells of `signs`."""
    return (
        _("Last exchange"), _("Still on the device"), _("Sent, not safe"), _("To decide"),
        _("Sync trouble"), _("Clock"), _("Power and space"), _("App"),
    )  # fmt: skip


def view(
    row: DeviceLike,
    now_ms: int,
    vehicles: Mapping[UUID, str],
    drivers: Mapping[UUID, str],
    aside: Aside | None = None,
) -> DeviceView:
    """Judge a device by the table of health; unknown is said, never shown as zero."""
    aside = aside or Aside()
    signs = judge(row, aside, now_ms)
    return DeviceView(
        id=str(row.id),
        name=row.name,
        state=row.state,
        vehicle=vehicles.get(row.vehicle_id, "") if row.vehicle_id else "",
        vehicle_id=str(row.vehicle_id or ""),
        driver=drivers.get(row.driver_id, "") if row.driver_id else "",
        app=" ".join(part for part in (row.app, row.platform) if part),
        told_ms=row.health_ms,
        signs=_cells(row, signs, aside),
        holds=unsent_of(row),
    )


def _cells(row: DeviceLike, signs: Signs, aside: Aside) -> tuple[tuple[Sign, ...], ...]:
    call = Action(_("Call the driver"), "/people")
    run = Action(_("Show its run"), f"/runs/{aside.run}") if aside.run else call
    decide = Action(_("Decide"), "/held")
    again = Action(_("Pair it again"), "#pair")
    bring = Action(_("Import its outbox"), "#outbox")
    return (
        (_aged(_("Last exchange"), signs.seen, _("never"), run),),
        (
            _number(_("entries"), signs.entries, bring),
            _number(_("photos"), signs.photos, Action(_("Show the proofs"), "/proofs")),
            _aged(_("oldest"), signs.oldest, _none(signs.oldest), bring),
            *_only(signs.unreadable, _unreadable),
        ),
        (_aged("", signs.unsafe, _safe(signs.unsafe), Action(_("Look at the day"), "/today")),),
        (
            _number(_("waiting"), signs.held, decide),
            *_only(signs.conflicts, lambda count: _conflicts(count, decide)),
        ),
        (_clone(again),) if signs.clone.value else (_number("", signs.trouble, again),),
        (_clock(signs.clock, run),),
        (
            _read(_("battery"), signs.battery, lambda percent: f"{percent} %", call),
            _read(_("free"), signs.space, _megabytes, call),
        ),
        (_app(row, signs.app),),
    )


def _sign(label: str, text: str, judged: Judged, action: Action, age: int | None = None) -> Sign:
    return Sign(label, text, judged.look, age, action if judged.look == BAD else None)


def _aged(label: str, judged: Judged, without: str, action: Action) -> Sign:
    """A field that is an instant; `without` says what it means that there is none."""
    return _sign(label, "" if judged.value else without, judged, action, judged.value)


def _none(judged: Judged) -> str:
    return _("none") if judged.look else _("unknown")


def _safe(judged: Judged) -> str:
    return _("no backup") if judged.look == "warn" else _("all safe")


def _number(label: str, judged: Judged, action: Action) -> Sign:
    return _read(label, judged, str, action)


def _read(label: str, judged: Judged, words: Callable[[int], str], action: Action) -> Sign:
    text = _("unknown") if judged.value is None else words(judged.value)
    return _sign(label, text, judged, action)


def _only(judged: Judged, made: Callable[[int], Sign]) -> tuple[Sign, ...]:
    """A field that is shown only when there is something to say."""
    return (made(judged.value),) if judged.value else ()


def _unreadable(count: int) -> Sign:
    said = ngettext("{n} file unreadable", "{n} files unreadable", count).format(n=count)
    return Sign("", said, BAD, action=Action(_("Show the proofs"), "/proofs"))


def _conflicts(count: int, decide: Action) -> Sign:
    said = ngettext("{n} entry came twice and differs", "{n} entries came twice and differ", count)
    return Sign("", said.format(n=count), BAD, action=decide)


def _clone(again: Action) -> Sign:
    return Sign("", _("clone?"), BAD, action=again)


def _clock(judged: Judged, action: Action) -> Sign:
    if judged.value is None:
        return Sign("", _("unknown"))
    off = abs(judged.value)
    if off <= 2 * MINUTE_MS:
        return Sign("", _("right"), judged.look)
    minutes, hours = off // MINUTE_MS, off // HOUR_MS
    time = f"{hours} h" if hours else f"{minutes} min"
    said = _("{time} fast") if judged.value > 0 else _("{time} slow")
    return _sign("", said.format(time=time), judged, action)


def _megabytes(free_mb: int) -> str:
    return f"{free_mb / 1000:.1f} GB" if free_mb >= 1000 else f"{free_mb} MB"


def _app(row: DeviceLike, judged: Judged) -> Sign:
    text = " ".join(part for part in (row.app, row.platform) if part) or _("unknown")
    return _sign("", text, judged, Action(_("Get the newest app"), "/driver/"))
