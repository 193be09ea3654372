"""A request that comes twice under one Idempotency-Key acts once and is answered alike."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeVar

from sqlalchemy import ColumnElement, delete, update
from sqlmodel import Field, Session, col

from server.core import db
from server.core.access import Principal
from shared.ids import SiteId
from shared.refusals import refuse

T = TypeVar("T")
HEADER = "idempotency-key"
KEY_MAX = 100
KEEP_MS = 86_400_000
UNDERWAY_MS = 60_000  # a first request may still be working; later it has ended without an answer
ANSWER_MAX = 1 << 20
# Bodies and answers of these may hold passwords, PINs or tokens: only that they came is kept.
SECRET = frozenset({"people", "account", "drivers", "devices"})


class IdempotencyRow(db.Row, table=True):
    """A request that was carried out under a key, and what it was answered."""

    __tablename__ = "idempotency"

    id: str = Field(primary_key=True)  # SHA-256 of who asked, how, where and under which key
    body_sha: str
    status: int | None = None
    media: str | None = None
    body: bytes | None = None
    made_ms: int = Field(index=True)


class Again(Exception):
    """The key stands already: this request must not act."""


@dataclass
class Ask:
    """A request under a key."""

    site_id: SiteId
    id: str
    body_sha: str
    now_ms: int
    secret: bool = False
    claimed: bool = field(default=False, init=False)

    def claim(self, session: Session) -> None:
        """Write the key down in the transaction of the deed; raises Again if it stands already."""
        old = (*_this(self), col(IdempotencyRow.made_ms) <= self.now_ms - KEEP_MS)
        session.execute(delete(IdempotencyRow).where(*old))
        row = {
            "site_id": self.site_id,
            "id": self.id,
            "body_sha": self.body_sha,
            "made_ms": self.now_ms,
        }
        new = db.insert_if_absent(IdempotencyRow, [row]).returning(col(IdempotencyRow.id))
        if session.execute(new).first() is None:
            raise Again


@dataclass(frozen=True)
class Answered:
    """The first answer."""

    status: int
    media: str | None
    body: bytes


_asked: ContextVar[Ask | None] = ContextVar("asked", default=None)


def ask_of(
    who: Principal, key: str, route: tuple[str, str], body: bytes, *, kind: str, now_ms: int
) -> Ask:
    """Read a request under a key; `route` is method and path, `kind` the resource it is about."""
    if not 0 < len(key) <= KEY_MAX or not key.isascii() or not key.isprintable():
        raise refuse("bad_input", why="Idempotency-Key")
    secret = kind in SECRET
    name = "\n".join((who.by, *route, key))
    digest = "" if secret else sha256(body).hexdigest()
    return Ask(who.site_id, sha256(name.encode()).hexdigest(), digest, now_ms, secret=secret)


def begin(ask: Ask) -> Callable[[], None]:
    """Let the first work of this request claim the key; gives the function that ends it."""
    token = _asked.set(ask)
    return lambda: _asked.reset(token)


def claiming(work: Callable[[Session], T]) -> Callable[[Session], T]:
    """Let a work claim the key of the request it serves, if it is that request's first."""
    ask = _asked.get()
    if ask is None or ask.claimed:
        return work

    def first(session: Session) -> T:
        ask.claim(session)
        value = work(session)
        ask.claimed = True
        return value

    return first


def keep(session: Session, ask: Ask, answer: Answered) -> None:
    """Keep the first answer; one that may hold a secret or is very long is not kept."""
    if ask.secret or len(answer.body) > ANSWER_MAX:
        return
    values = {"status": answer.status, "media": answer.media, "body": answer.body}
    session.execute(update(IdempotencyRow).where(*_this(ask)).values(**values))


def first_answer(session: Session, ask: Ask) -> Answered:
    """What the first request was answered; refuses another body and an answer nobody knows."""
    row = session.get(IdempotencyRow, (ask.site_id, ask.id))
    if row is None:  # it was undone meanwhile
        raise refuse("busy")
    if row.body_sha != ask.body_sha:
        raise refuse("bad_input", why="Idempotency-Key")
    if row.status is not None:
        return Answered(row.status, row.media, row.body or b"")
    if not ask.secret and ask.now_ms - row.made_ms < UNDERWAY_MS:
        raise refuse("busy")
    raise refuse("bad_state", why="this request was carried out already")


def forget(session: Session, site_id: SiteId, now_ms: int) -> None:
    """Forget the keys of yesterday."""
    old = (
        col(IdempotencyRow.site_id) == site_id,
        col(IdempotencyRow.made_ms) <= now_ms - KEEP_MS,
    )
    session.execute(delete(IdempotencyRow).where(*old))


def _this(ask: Ask) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(IdempotencyRow.site_id) == ask.site_id, col(IdempotencyRow.id) == ask.id
