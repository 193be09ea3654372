"""What a request says: its core decides, everything beside it is read alone (sync.md §3.1)."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from shared.gate import Unfit, parse_json
from shared.ids import EventId, RunId, VisitId
from shared.refusals import refuse
from shared.sync import (
    API_OLDEST,
    API_VERSION,
    HEALTH_MAX_BYTES,
    Fork,
    Positions,
    Push,
    Unsent,
    parse_push,
)

RID_MAX, APP_MAX, CURSOR_MAX = 64, 40, 400
INT_DIGITS_MAX = 20
CLAIM = "run.claimed"
UNKNOWN_RUN, UNKNOWN_VISIT = "unknown_run", "unknown_visit"

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One request of a device; lanes that could not be read are left out."""

    v: int
    rid: str
    push: Push
    app: str | None = None
    cursor: str | None = None
    positions: Positions | None = None
    unsent: Unsent | None = None
    health: Mapping[str, Any] | None = None
    fork: Fork | None = None


class _Twice(dict[str, Any]):
    """An object in which a key stood twice; nowhere is it an object we accept."""


def open_envelope(body: bytes) -> Envelope:
    """Read a request; only its core can make it a bad one."""
    try:
        value = _parse(body)
        push = parse_push(value)
    except Unfit as error:
        raise refuse("bad_envelope", errors=[(error.pointer, error.why)], why=error.why) from error
    version = value.get("v")
    return Envelope(
        v=version if isinstance(version, int) else 0,
        rid=_text(value.get("rid"), RID_MAX) or "",
        push=push,
        app=_text(value.get("app"), APP_MAX),
        cursor=_text(value.get("cursor"), CURSOR_MAX),
        positions=_lane(Positions, value.get("positions")),
        unsent=_lane(Unsent, value.get("unsent")),
        health=_health(value.get("health")),
        fork=_lane(Fork, value.get("fork")),
    )


def _parse(body: bytes) -> dict[str, Any]:
    """Read JSON so leniently that a fault beside the core does not hide the core."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_constant=lambda _text: None,
        )
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Unfit("not JSON") from error
    if not isinstance(value, dict):
        raise Unfit("must be an object")
    for name in ("base", "events"):
        inner = value.get(name)
        if any(isinstance(one, _Twice) for one in (inner, *(inner or ()))):
            raise Unfit("a key stands twice", f"/{name}")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Twice(found)


def _whole(text: str) -> int | None:
    return int(text) if len(text) <= INT_DIGITS_MAX else None


def _text(value: object, limit: int) -> str | None:
    fits = isinstance(value, str) and len(value) <= limit and value.isprintable()
    return str(value) if fits else None


def _gated(value: object) -> Any:
    """The same value after the gate, None if it does not pass."""
    try:
        return parse_json(json.dumps(value).encode())
    except (Unfit, ValueError, RecursionError):
        return None


def _lane(model: type[M], value: object) -> M | None:
    if value is None:
        return None
    try:
        return model.model_validate(_gated(value))
    except ValidationError:
        return None


def _health(value: object) -> Mapping[str, Any] | None:
    if not isinstance(value, dict) or len(json.dumps(value)) > HEALTH_MAX_BYTES:
        return None
    found = _gated(value)
    return found if isinstance(found, dict) else None


def pull_refused(version: int, *, retired: bool) -> str | None:
    """Why a device gets no rows, None if it does."""
    if retired:
        return "retired"
    if version < API_OLDEST:
        return "upgrade_required"
    return "server_too_old" if version > API_VERSION else None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a fact is about, as far as that decides whether it may count."""

    id: EventId
    type: str | None
    run_id: RunId | None
    visit_id: VisitId | None


def judge(
    subjects: Collection[Subject],
    *,
    runs: Collection[RunId],
    visits: Collection[VisitId],
    claimable: Collection[RunId],
) -> dict[EventId, str]:
    """Which of these facts must wait, and why: the device never had what they are about.

    Whether a foreign run exists makes no difference. A run may be claimed by any device.
    """
    waiting: dict[EventId, str] = {}
    for one in subjects:
        known = claimable if one.type == CLAIM else runs
        if one.run_id is not None and one.run_id not in known:
            waiting[one.id] = UNKNOWN_RUN
        elif one.visit_id is not None and one.visit_id not in visits:
            waiting[one.id] = UNKNOWN_VISIT
    return waiting
