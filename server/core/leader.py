"""Which process runs the clocks: a lease row that its holder keeps renewing."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Field, Session, col

from server.core import db
from server.core.clock import Clock
from shared.ids import NIL

LEASE_TTL_S = 15
LEASE_RENEW_S = 5
LEASE_NAME = "leader"
IDENTITY_NAME = "server"


class Lease(db.Row, table=True):
    """Who holds a name: the leader, whose `epoch` grows with every change; the server's id."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True)
    holder: str
    epoch: int
    ends_at: datetime


def identity(session: Session, fresh: UUID, now: datetime) -> str:
    """Name this server: the id it was born with, or `fresh` if it is born now."""
    row = Lease(site_id=NIL, name=IDENTITY_NAME, holder=str(fresh), epoch=0, ends_at=now)
    session.execute(db.insert_if_absent(Lease, [row]))
    known = session.get(Lease, (NIL, IDENTITY_NAME))
    assert known is not None, "just inserted"
    return known.holder


class Leader:
    """Says whether this process leads; two leaders do no harm, unique keys decide."""

    def __init__(self, writer: db.Writer, clock: Clock, holder: UUID) -> None:
        self._writer = writer
        self._clock = clock
        self._holder = str(holder)
        self._epoch = 0
        self._held_until: datetime | None = None

    def held(self) -> bool:
        """Whether this process leads now, as far as it knows."""
        return self._held_until is not None and self._clock.now() < self._held_until

    def epoch(self) -> int:
        """How often the lease had changed hands when this process took it."""
        return self._epoch

    def renew(self) -> bool:
        """Take the lease if it is free or ours, and say whether this process leads."""
        now = self._clock.now()
        epoch = self._writer.run(lambda session: _take(session, self._holder, now))
        self._epoch = epoch or self._epoch
        self._held_until = now + timedelta(seconds=LEASE_TTL_S) if epoch else None
        return epoch is not None

    def release(self) -> None:
        """Let another process lead at once."""
        if self._held_until is not None:
            self._held_until = None
            self._writer.run(lambda session: _release(session, self._holder, self._clock.now()))


def _take(session: Session, holder: str, now: datetime) -> int | None:
    ends = now + timedelta(seconds=LEASE_TTL_S)
    first = Lease(site_id=NIL, name=LEASE_NAME, holder=holder, epoch=1, ends_at=ends)
    made = session.scalars(db.insert_if_absent(Lease, [first]).returning(col(Lease.epoch))).all()
    if made:
        return 1
    row = session.get(Lease, (NIL, LEASE_NAME), with_for_update=True)
    assert row is not None, "the lease row was just seen"
    if row.holder != holder:
        if row.ends_at > now:
            return None
        row.holder, row.epoch = holder, row.epoch + 1
    row.ends_at = ends
    return row.epoch


def _release(session: Session, holder: str, now: datetime) -> None:
    ours = (col(Lease.site_id) == NIL, col(Lease.name) == LEASE_NAME, col(Lease.holder) == holder)
    session.execute(update(Lease).where(*ours).values(ends_at=now))
