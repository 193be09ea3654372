"""How a body may arrive: its largest size, its slowest pace, its one encoding."""

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import anyio
from starlette.types import Message, Receive

from shared.refusals import refuse
from shared.sync import ACCEPT_BYTES, IMPORT_OUTBOX_MAX

KIB, MIB = 1 << 10, 1 << 20
BODY_DEADLINE_S = 30
PACE_S, PACE_BYTES = 5, 1_024
DEFAULT_BYTES = 256 * KIB
ANONYMOUS_BYTES = 4 * KIB
CHUNK_BYTES = 1 * MIB
IMPORT_MAX_BYTES = 10 * MIB
PLAN_ACCEPT_BYTES = 64 * MIB


@dataclass(frozen=True)
class Rule:
    """What a route accepts."""

    max_bytes: int = DEFAULT_BYTES
    gzip: bool = False
    deadline: bool = True


_RULES: tuple[tuple[re.Pattern[str], Rule], ...] = (
    (re.compile(r"/api/v1/sync"), Rule(ACCEPT_BYTES, gzip=True)),
    (re.compile(r"/api/v1/blobs/[^/]+"), Rule(CHUNK_BYTES)),
    (re.compile(r"/api/v1/imports/outbox"), Rule(IMPORT_OUTBOX_MAX, deadline=False)),
    (re.compile(r"/api/v1/imports/[^/]+"), Rule(IMPORT_MAX_BYTES)),
    (re.compile(r"/api/v1/(plan|resequence)"), Rule(PLAN_ACCEPT_BYTES)),
)
_DEFAULT = Rule()
_ANONYMOUS = Rule(ANONYMOUS_BYTES)


def rule_of(path: str, *, anonymous: bool) -> Rule:
    """The rule of a route."""
    if anonymous:
        return _ANONYMOUS
    return next((rule for pattern, rule in _RULES if pattern.fullmatch(path)), _DEFAULT)


def check_declared(rule: Rule, length: bytes | None, encoding: bytes | None) -> None:
    """Refuse by the headers alone what may not come in."""
    if encoding not in (None, b"", b"identity") and not (rule.gzip and encoding == b"gzip"):
        raise refuse("bad_encoding", wanted="plain")
    if length is not None and (not length.isdigit() or int(length) > rule.max_bytes):
        raise too_large(rule)


def too_large(rule: Rule) -> Exception:
    """The refusal that names the size allowed."""
    return refuse("too_large", max_bytes=rule.max_bytes, members={"max_bytes": rule.max_bytes})


class Body:
    """Hands a body on: counted, timed, and inflated if it came packed."""

    def __init__(
        self,
        receive: Receive,
        rule: Rule,
        *,
        packed: bool,
        now: Callable[[], float] = anyio.current_time,
    ) -> None:
        self._now = now
        self._receive = receive
        self._rule = rule
        self._inflate = zlib.decompressobj(16 + zlib.MAX_WBITS) if packed else None
        self._came = 0
        self._given = 0
        self._complete = False
        self._started: float | None = None
        self._pace_from = 0.0
        self._pace_came = 0

    async def receive(self) -> Message:
        """Give the next part; a refusal is raised where the route reads."""
        if self._complete:
            return await self._receive()
        message = await self._next()
        if message["type"] != "http.request":
            self._complete = True
            return message
        chunk: bytes = message.get("body", b"")
        self._complete = not message.get("more_body", False)
        self._came += len(chunk)
        limit = self._rule.max_bytes // 2 if self._inflate else self._rule.max_bytes
        if self._came > limit:
            raise too_large(self._rule)
        return {**message, "body": self._unpacked(chunk)}

    async def _next(self) -> Message:
        if not self._rule.deadline:
            return await self._receive()
        now = self._now()
        if self._started is None:
            self._started = self._pace_from = now
        self._keep_pace(now)
        left = self._started + BODY_DEADLINE_S - now
        with anyio.move_on_after(min(PACE_S, left)):
            return await self._receive()
        raise refuse("too_slow")

    def _keep_pace(self, now: float) -> None:
        if now - self._pace_from < PACE_S:
            return
        if self._came - self._pace_came < PACE_BYTES:
            raise refuse("too_slow")
        self._pace_from, self._pace_came = now, self._came

    def _unpacked(self, chunk: bytes) -> bytes:
        if self._inflate is None:
            return chunk
        room = self._rule.max_bytes - self._given + 1
        try:
            out = self._inflate.decompress(chunk, room)
        except zlib.error as error:
            raise refuse("bad_encoding", wanted="gzip") from error
        self._given += len(out)
        if self._given > self._rule.max_bytes or self._inflate.unconsumed_tail:
            raise too_large(self._rule)
        if self._complete and not self._inflate.eof:
            raise refuse("bad_encoding", wanted="gzip")
        return out
