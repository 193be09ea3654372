"""The wire between devices and the server: constants, the request, the receipt.

The core of a request is read by hand, because it is accepted from every app ever released; all
else is parsed alone, so that a fault there fails nothing else (sync.md §3).
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from shared.chain import CHAIN_ZERO
from shared.gate import ChainText, Frozen, Unfit, Wire

API_VERSION = 1
API_OLDEST = 1
MIN_APP = "0.1.0"

BATCH_EVENTS, BATCH_BYTES = 100, 256 * 1024
ACCEPT_EVENTS, ACCEPT_BYTES = 500, 1024 * 1024
GZIP_FROM = 600
EVENT_MAX = 64 * 1024
PHOTO_MAX_BYTES = 5 * 1024 * 1024
CHUNK_CELL, CHUNK_WIFI = 64 * 1024, 512 * 1024
PAGE_ROWS = 500
NEED_MAX, HELD_MAX = 50, 200
DEBOUNCE_S, REQUEST_S = 2, 10
TIMER_RUN_S, TIMER_IDLE_S, TIMER_PLANT_S = 60, 900, 30
BACKOFF_FIRST_S, BACKOFF_MAX_S = 1, 300
STALL_S = 120
POKE_HEARTBEAT_S, POKE_MIN_S = 55, 2
DIGEST_RESET_S = 900
EVENT_KEEP_DAYS, PHOTO_KEEP_DAYS = 14, 14
PHOTO_STORE_MAX = 1_000_000_000
OUTBOX_WARN = 20_000
BALLAST = 16 * 1024 * 1024
TOMBSTONE_DAYS = 60
BACKUP_EVERY_S, BACKUP_EVERY_POSTGRES_S = 900, 86_400
TOKEN_DAYS, RETIRED_DAYS = 90, 30
PAIR_CODE_S, PAIR_TRIES = 600, 5
POS_SAMPLE_S, POS_SAMPLE_M, POS_STANDING_S = 15, 50, 60
POS_BUFFER, POS_BATCH, POS_MAX_AGE_S = 5_000, 200, 86_400
ANCHOR_RTT_MS, HLC_AHEAD_MS, CLOCK_SUSPECT_MS = 10_000, 300_000, 300_000
HEALTH_EVERY_S, HEALTH_MAX_BYTES = 600, 2_048
IMPORT_OUTBOX_MAX = 2 * 1024**3
DEVICE_CACHE_DAYS = 14
QUIET_S, SILENT_S = 300, 900
QUIET_PLANT_S, SILENT_PLANT_S = 60, 180

HELD_REASONS = (
    "bad_doc",
    "unknown_type",
    "bad_body",
    "unknown_visit",
    "unknown_run",
    "retired_device",
    "import_unverified",
    "import_chain",
    "fold_error",
)
PULL_REFUSED = ("upgrade_required", "retired", "server_too_old")

Row = list[Any]


@dataclass(frozen=True, slots=True)
class SentEvent:
    """One place of a stream as it travels: the doc is a string holding canonical bytes."""

    seq: int
    id: str
    doc: str


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """What the device's clocks said at sending: boot id, monotonic and wall milliseconds."""

    boot: str
    mono_ms: int
    wall_ms: int


@dataclass(frozen=True, slots=True)
class Push:
    """The frozen core of a request, never changed by any version."""

    stream: str
    base_seq: int
    base_chain: str
    events: tuple[SentEvent, ...]
    clock: DeviceClock


class Base(Wire):
    """Place and chain just before the first event of a request."""

    seq: int
    chain: ChainText


class Positions(Wire):
    """Fixes of one run, delta coded (sync.md §10); a lane that may be dropped."""

    run: str
    t0: int
    lat0: int | None = None
    lon0: int | None = None
    plan: str | None = None
    x0: int | None = None
    y0: int | None = None
    d: Annotated[list[list[int]], Field(max_length=POS_BATCH)]


class Unsent(Wire):
    """What the device still holds, by its own word."""

    events: int
    blobs: int
    bytes: int
    oldest_ms: int | None = None


class Fork(Wire):
    """Why a new stream was begun."""

    from_: Annotated[str, Field(alias="from")]
    reason: str


class Ack(Frozen):
    """Two acknowledgements: committed, and in a verified backup with all blobs."""

    seq: int
    chain: ChainText
    durable: int


def _whole(value: object, pointer: str, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**63:
        raise Unfit("must be a whole number", pointer)
    return value


def _uuid(value: object, pointer: str) -> str:
    if not isinstance(value, str) or not _is_uuid(value):
        raise Unfit("must be a lower-case UUID", pointer)
    return value


def _is_uuid(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and not (
        set("".join(parts)) - set("0123456789abcdef")
    )


def _base(value: object) -> tuple[int, str]:
    if not isinstance(value, dict):
        raise Unfit("must be an object", "/base")
    chain = value.get("chain")
    well_formed = isinstance(chain, str) and len(chain) == len(CHAIN_ZERO)
    if not well_formed or set(str(chain)) - set("0123456789abcdef"):
        raise Unfit("must be 32 hex digits", "/base/chain")
    return _whole(value.get("seq"), "/base/seq"), str(chain)


def _event(value: object, place: int, number: int) -> SentEvent:
    at = f"/events/{number}"
    if not isinstance(value, dict):
        raise Unfit("must be an object", at)
    if _whole(value.get("seq"), f"{at}/seq", 1) != place:
        raise Unfit("not contiguous", f"{at}/seq")
    doc = value.get("doc")
    if not isinstance(doc, str):
        raise Unfit("must be a string", f"{at}/doc")
    return SentEvent(place, _uuid(value.get("id"), f"{at}/id"), doc)


def _clock(value: object) -> DeviceClock:
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[0], str):
        raise Unfit("must be [boot, mono_ms, wall_ms]", "/clock")
    wall = value[2]
    if not isinstance(wall, int) or isinstance(wall, bool):
        raise Unfit("must be a whole number", "/clock/2")
    return DeviceClock(value[0][:64], _whole(value[1], "/clock/1"), wall)


def parse_push(body: object) -> Push:
    """Read the frozen core of a request; raises Unfit with the pointer of the first fault."""
    if not isinstance(body, dict):
        raise Unfit("must be an object")
    seq, chain = _base(body.get("base"))
    events = body.get("events")
    if not isinstance(events, list):
        raise Unfit("must be a list", "/events")
    if len(events) > ACCEPT_EVENTS:
        raise Unfit(f"at most {ACCEPT_EVENTS} events", "/events")
    return Push(
        stream=_uuid(body.get("stream"), "/stream"),
        base_seq=seq,
        base_chain=chain,
        events=tuple(_event(item, seq + 1 + n, n) for n, item in enumerate(events)),
        clock=_clock(body.get("clock")),
    )
