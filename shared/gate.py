"""The gate of every wire: strict types, finite numbers, bounded and clean text."""

import json
import re
from collections.abc import Iterable
from datetime import date, time
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

JSON_MAX_DEPTH = 16
NOTE_MAX = 2_000
NAME_MAX = 200
TEXT_MAX = 500
ARRAY_MAX = 500
INT_MAX = 2**63 - 1
SAFE_DIGITS = 19
MS_MAX = 2**48 - 1
SAFE_INT_MAX = 2**53 - 1

_SURROGATE = re.compile("[\ud800-\udfff]")
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
# JSON lets none of these into a text but by an escape, DEL excepted.
_SUSPECT = re.compile(r"\\[bfru]|\x7f")
_HOLDERS = (dict, list)


class Frozen(BaseModel):
    """A value: it never changes after it was made, and unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Wire(BaseModel):
    """A message: strict types, unknown fields refused; parsed at the door, trusted inside."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def storable(text: str) -> str:
    """Refuse what one of the databases cannot hold: control characters, lone surrogates."""
    if _UNFIT.search(text):
        raise ValueError("contains control characters")
    return text


def _lower_uuid(text: str) -> str:
    if str(UUID(text)) != text:
        raise ValueError("not a lower-case UUID")
    return text


def _read_uuid(value: object) -> object:
    return UUID(_lower_uuid(value)) if isinstance(value, str) else value


def _read_day(value: object) -> object:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _read_wall_time(value: object) -> object:
    return time.fromisoformat(value) if isinstance(value, str) else value


def _without_zone(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("a wall time carries no zone")
    return value


def _wall_time_text(value: time) -> str:
    return value.isoformat("seconds" if value.second else "minutes")


def read_array(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


T = TypeVar("T")
# Strict types that are also read from their one JSON form, so that a body may be a parsed dict.
Uid = Annotated[UUID, BeforeValidator(_read_uuid)]
Day = Annotated[date, BeforeValidator(_read_day)]
WallTime = Annotated[
    time,
    BeforeValidator(_read_wall_time),
    AfterValidator(_without_zone),
    PlainSerializer(_wall_time_text, return_type=str, when_used="json"),
]
Many = Annotated[tuple[T, ...], BeforeValidator(read_array), Field(max_length=ARRAY_MAX)]
Note = Annotated[str, Field(max_length=NOTE_MAX), AfterValidator(storable)]
Name = Annotated[str, Field(min_length=1, max_length=NAME_MAX), AfterValidator(storable)]
Text = Annotated[str, Field(max_length=TEXT_MAX), AfterValidator(storable)]
Label = Annotated[str, Field(min_length=1, max_length=NAME_MAX), AfterValidator(storable)]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
UuidText = Annotated[str, Field(min_length=36, max_length=36), AfterValidator(_lower_uuid)]
Sha256Text = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ChainText = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Millis = Annotated[int, Field(ge=0, le=MS_MAX)]
Seconds = Annotated[int, Field(ge=0, le=31_536_000)]
Metres = Annotated[int, Field(ge=0, le=100_000_000)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Amount = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]


class Unfit(ValueError):
    """A JSON text that may not pass; `pointer` says where, when that is known."""

    def __init__(self, why: str, pointer: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.pointer = pointer


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Unfit(f"the key {twice[:60]!r} stands twice")
    return found


def _bounded_int(text: str) -> int:
    if len(text) < SAFE_DIGITS:
        return int(text)
    if len(text) > SAFE_DIGITS + 1 or not -INT_MAX - 1 <= (number := int(text)) <= INT_MAX:
        raise Unfit("a number is larger than 64 bits")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise Unfit("a number is too large")
    return number


def _no_constant(text: str) -> float:
    raise Unfit(f"{text} is not a number")


def _inner(item: object) -> Iterable[object]:
    return item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()


def _check_depth(value: object) -> None:
    """Go down level by level; only what can hold more is looked at."""
    level = [value] if isinstance(value, dict | list) else []
    depth = 0
    while level:
        depth += 1
        if depth > JSON_MAX_DEPTH:
            raise Unfit(f"nested deeper than {JSON_MAX_DEPTH}")
        level = [one for item in level for one in _inner(item) if one.__class__ in _HOLDERS]


def _check_texts(value: object) -> None:
    """Look at every text and key."""
    level: list[object] = [value]
    while level:
        for item in level:
            texts = (item,) if isinstance(item, str) else item if isinstance(item, dict) else ()
            if any(_UNFIT.search(text) for text in texts):
                raise Unfit("a text contains control characters")
        level = [one for item in level for one in _inner(item)]


def parse_json(body: bytes, *, text_rule: bool = True) -> Any:
    """Read a JSON body under the gate's rules; raises Unfit with the reason.

    UTF-8, at most JSON_MAX_DEPTH deep, no key twice, numbers finite and within 64 bits, and
    unless `text_rule` is off no control characters except newline and tab.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unfit("not UTF-8") from error
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_bounded_int,
            parse_float=_finite,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        raise Unfit(f"not JSON: {error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise Unfit(f"nested deeper than {JSON_MAX_DEPTH}") from error
    _check_depth(value)
    if text_rule and _SUSPECT.search(text):
        _check_texts(value)
    return value


def clean(text: str, limit: int = NOTE_MAX) -> str:
    """Make typed text fit for a fact: NUL and lone surrogates become U+FFFD, cut to `limit`."""
    return _SURROGATE.sub("�", text.replace("\x00", "�"))[:limit]
