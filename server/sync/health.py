"""How a device is: each field of sync.md §16 judged green, yellow or red; unknown stays unknown."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

from sqlmodel import Session

from server.blobs import queries as blobs
from server.core.access import Principal
from server.core.settings import Settings
from server.facts import rules as reading
from server.facts import streams
from server.facts.streams import StreamUse
from server.feed import queries as feed
from server.people import queries as people
from server.people.wire import device_out
from server.runs import queries as runs
from server.runs.queries.forms import shown_state
from shared.events import DeviceBlobUnreadable
from shared.ids import DeviceId, SiteId
from shared.sync import (
    BACKUP_EVERY_POSTGRES_S,
    BACKUP_EVERY_S,
    MIN_APP,
    QUIET_PLANT_S,
    QUIET_S,
    SILENT_PLANT_S,
    SILENT_S,
)

Look = Literal["good", "warn", "bad", ""]
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
FREE_GREEN_MB, FREE_YELLOW_MB = 1_000, 200
OPEN = ("loading", "underway")
PLANT = "internal"
OTHER_BYTES = "other_bytes"
COUNTED = ("forks", "digest_misses", "stalls")
CLOCK, TROUBLE = "clock_off_ms", "trouble"
"""What the server adds to the health a device tells."""


class DeviceLike(Protocol):
    """The columns of a device that are judged."""

    id: UUID
    app: str
    last_seen_ms: int | None
    unsent_json: dict[str, Any] | None
    health_json: dict[str, Any] | None
    health_ms: int | None


@dataclass(frozen=True)
class Sign:
    """One field: its colour, and the number or instant behind it; None if nobody knows."""

    look: Look = ""
    value: int | None = None


@dataclass(frozen=True)
class Aside:
    """What the server itself knows of a device, beside the device's own report."""

    run: UUID | None = None
    """An open run it drives."""
    plant: bool = False
    missing_ms: int | None = None
    """When the oldest fact came whose file has not arrived."""
    unreadable: int = 0
    unsafe_ms: int | None = None
    backed_up: bool = True
    postgres: bool = False
    held: int = 0
    conflicts: int = 0
    forks: int = 0
    clone: bool = False
    current: str = ""
    """The newest app any device of the site has."""


@dataclass(frozen=True)
class Signs:
    """Every field of one device."""

    seen: Sign
    entries: Sign
    photos: Sign
    oldest: Sign
    unreadable: Sign
    unsafe: Sign
    held: Sign
    conflicts: Sign
    trouble: Sign
    clone: Sign
    clock: Sign
    battery: Sign
    space: Sign
    app: Sign


def judge(row: DeviceLike, aside: Aside, now_ms: int) -> Signs:
    """Judge one device by the table of sync.md §16."""
    told, unsent = row.health_json or {}, row.unsent_json
    return Signs(
        seen=_seen(row.last_seen_ms, aside, now_ms),
        entries=_count(unsent, "events"),
        photos=_photos(unsent, aside, now_ms),
        oldest=_oldest(unsent, now_ms),
        unreadable=Sign("bad" if aside.unreadable else "good", aside.unreadable),
        unsafe=_unsafe(aside, now_ms),
        held=Sign("bad" if aside.held else "good", aside.held),
        conflicts=Sign("bad" if aside.conflicts else "good", aside.conflicts),
        trouble=_trouble(row.health_json, aside),
        clone=Sign("bad" if aside.clone else "good", int(aside.clone)),
        clock=_within(told.get(CLOCK), 2 * MINUTE_MS, HOUR_MS),
        battery=_above(told.get("battery_pct"), 25, 10),
        space=_above(told.get("free_mb"), FREE_GREEN_MB, FREE_YELLOW_MB),
        app=_app(row.app, aside.current),
    )


def _seen(at_ms: int | None, aside: Aside, now_ms: int) -> Sign:
    """Fresh, quiet or silent while a run is open; otherwise only told."""
    if aside.run is None or at_ms is None:
        return Sign("bad" if aside.run is not None else "", at_ms)
    quiet_s = QUIET_PLANT_S if aside.plant else QUIET_S
    silent_s = SILENT_PLANT_S if aside.plant else SILENT_S
    return Sign(_upto(now_ms - at_ms, quiet_s * 1000, silent_s * 1000), at_ms)


def _count(unsent: Mapping[str, Any] | None, key: str) -> Sign:
    count = (unsent or {}).get(key)
    return Sign() if not isinstance(count, int) else Sign("warn" if count else "good", count)


def _oldest(unsent: Mapping[str, Any] | None, now_ms: int) -> Sign:
    if unsent is None:
        return Sign()
    at_ms = unsent.get("oldest_ms")
    if not isinstance(at_ms, int):
        return Sign("good")
    return Sign(_upto(now_ms - at_ms, 10 * MINUTE_MS, 2 * HOUR_MS), at_ms)


def _photos(unsent: Mapping[str, Any] | None, aside: Aside, now_ms: int) -> Sign:
    """Files the device still holds, by the age of the fact that speaks of the oldest."""
    count = (unsent or {}).get("blobs")
    if not isinstance(count, int) and aside.missing_ms is None:
        return Sign()
    look: Look = "good"
    if aside.missing_ms is not None:
        look = _upto(now_ms - aside.missing_ms, HOUR_MS, DAY_MS)
    return Sign("bad" if aside.unreadable else look, count if isinstance(count, int) else None)


def _unsafe(aside: Aside, now_ms: int) -> Sign:
    if not aside.backed_up:
        return Sign("warn")
    if aside.unsafe_ms is None:
        return Sign("good")
    every_s = BACKUP_EVERY_POSTGRES_S if aside.postgres else BACKUP_EVERY_S
    return Sign(_upto(now_ms - aside.unsafe_ms, 2 * every_s * 1000, 3 * DAY_MS), aside.unsafe_ms)


def _trouble(told: Mapping[str, Any] | None, aside: Aside) -> Sign:
    """New streams, wrong digests and stalls of the last 24 hours."""
    kept = (told or {}).get(TROUBLE)
    if not isinstance(kept, Mapping) and not aside.forks:
        return Sign() if told is None else Sign("good", 0)
    since = kept.get("count", 0) if isinstance(kept, Mapping) else 0
    count = max(int(since), aside.forks)
    return Sign("good" if not count else "warn" if count < 3 else "bad", count)


def _within(value: object, green: int, yellow: int) -> Sign:
    if not isinstance(value, int):
        return Sign()
    return Sign(_upto(abs(value), green, yellow), value)


def _above(value: object, green: int, yellow: int) -> Sign:
    if not isinstance(value, int) or isinstance(value, bool):
        return Sign()
    return Sign("good" if value > green else "warn" if value > yellow else "bad", value)


def _upto(value: int, green: int, yellow: int) -> Look:
    return "good" if value <= green else "warn" if value <= yellow else "bad"


def _app(app: str, current: str) -> Sign:
    """Current is what the newest device of the site has."""
    ours = _version(app)
    if not ours:
        return Sign()
    if ours < _version(MIN_APP):
        return Sign("bad")
    return Sign("good" if ours >= _version(current) else "warn")


def _version(text: str) -> tuple[int, ...]:
    parts = text.partition("+")[0].split(".")
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else ()


def cloned(uses: Iterable[StreamUse]) -> set[DeviceId]:
    """Devices of which an older stream still grows after a newer one began: used in turn."""
    newest: dict[DeviceId, int] = {}
    found = set()
    for use in sorted(uses, key=lambda one: (-one.made_ms, str(one.stream_id))):
        if use.last_ms > newest.get(use.device_id, use.last_ms):
            found.add(use.device_id)
        newest.setdefault(use.device_id, use.made_ms)
    return found


def kept_health(
    told: Mapping[str, Any], before: Mapping[str, Any] | None, clock_off_ms: int, now_ms: int
) -> dict[str, Any]:
    """The health of a device with its clock, and with what its counters grew in 24 hours."""
    total = sum(value for key in COUNTED if isinstance(value := told.get(key), int))
    old = (before or {}).get(TROUBLE)
    steps = list(old.get("steps", ())) if isinstance(old, Mapping) else []
    if not steps or steps[-1][1] != total:
        steps.append([now_ms, total])
    # The last step older than a day is what to count from.
    while len(steps) > 1 and steps[1][0] <= now_ms - DAY_MS:
        steps.pop(0)
    grown = max(0, total - steps[0][1])
    return {**told, CLOCK: clock_off_ms, TROUBLE: {"steps": steps[-20:], "count": grown}}


def asides(
    session: Session, site_id: SiteId, rows: Sequence[DeviceLike], settings: Settings, now_ms: int
) -> Mapping[DeviceId, Aside]:
    """What the server knows of every device of the site, in a handful of reads."""
    backed_up, postgres = settings.durability == "backup", not settings.sqlite
    current = max((row.app for row in rows), key=_version, default="")
    uses = streams.uses(session, site_id, now_ms - DAY_MS)
    forks = Counter(u.device_id for u in uses if u.forked_from and u.made_ms >= now_ms - DAY_MS)
    missing = streams.declared_since(session, site_id, blobs.missing(session, site_id))
    lost = _unreadable(session, site_id)
    unsafe = streams.oldest_unsafe(session, site_id) if backed_up else {}
    held, conflicts = streams.waiting(session, site_id), _conflicts(session, site_id)
    open_runs, clones = _open_runs(session, site_id), cloned(uses)
    concerned: Sequence[Iterable[DeviceId]] = (
        forks, missing, lost, unsafe, held, conflicts, open_runs, clones,
    )  # fmt: skip
    nothing = Aside(backed_up=backed_up, postgres=postgres, current=current)
    return _Asides(
        nothing,
        {
            key: Aside(
                run=open_runs.get(key, (None, False))[0],
                plant=open_runs.get(key, (None, False))[1],
                missing_ms=missing[key][1] if key in missing else None,
                unreadable=lost[key],
                unsafe_ms=unsafe.get(key),
                backed_up=backed_up,
                postgres=postgres,
                held=held.get(key, 0),
                conflicts=conflicts.get(key, 0),
                forks=forks[key],
                clone=key in clones,
                current=current,
            )
            for key in {DeviceId(one) for some in concerned for one in some}
        },
    )


class _Asides(dict[DeviceId, Aside]):
    """Devices of which nothing special is known are like every other."""

    def __init__(self, nothing: Aside, known: Mapping[DeviceId, Aside]) -> None:
        super().__init__(known)
        self._nothing = nothing

    def __missing__(self, key: DeviceId) -> Aside:
        return self._nothing


def _unreadable(session: Session, site_id: SiteId) -> Counter[DeviceId]:
    """How many files each device gave up that never came from anywhere else."""
    said: dict[str, DeviceId] = {}
    for device_id, event_id, doc in streams.unreadable(session, site_id):
        event = reading.read(event_id, doc).event
        if event is not None and isinstance(event.body, DeviceBlobUnreadable):
            said[event.body.sha] = device_id
    stored = blobs.blobs(session, site_id, said.keys())
    return Counter(said[sha] for sha, blob in stored.items() if not blob.done)


def _conflicts(session: Session, site_id: SiteId) -> Counter[DeviceId]:
    """Facts of each device that came with two contents and that nobody has settled."""
    said = (one.detail for one in feed.exceptions(session, site_id) if one.subject_kind == "event")
    return Counter(DeviceId(UUID(str(d["device"]))) for d in said if d.get("why") == OTHER_BYTES)


def _open_runs(session: Session, site_id: SiteId) -> dict[DeviceId, tuple[UUID, bool]]:
    """An open run of each device that has one, and whether it is in the plant."""
    found: dict[DeviceId, tuple[UUID, bool]] = {}
    for row in runs.open_runs(session, site_id):
        if shown_state(row) in OPEN:
            for device_id in feed.devices_of(session, site_id, f"run:{row.id}"):
                found[device_id] = (row.id, row.kind == PLANT)
    return found


def told(session: Session, who: Principal, settings: Settings, now_ms: int) -> list[dict[str, Any]]:
    """The devices somebody may see, each with its judged fields."""
    rows = people.devices(session, who)
    aside = asides(session, who.site_id, rows, settings, now_ms)
    found = []
    for row in rows:
        signs = asdict(judge(row, aside[DeviceId(row.id)], now_ms))
        said = device_out(row).model_dump(mode="json")
        if said["health"] is not None:
            said["health"] = {k: v for k, v in said["health"].items() if k not in (CLOCK, TROUBLE)}
        found.append({**said, "signs": signs})
    return found
