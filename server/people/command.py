"""The verbs `milkrun user …` and `milkrun device code`, for people at a console."""

from collections.abc import Iterator
from datetime import datetime
from io import StringIO

import segno
from sqlmodel import Session

from server.core.access import Role, system
from server.core.passwords import Passwords
from server.core.settings import Settings
from server.core.writer import AnyWriter, SnapshotReads
from server.people import devices, queries, service
from server.people.queries import PersonRow
from server.people.rules import login_of
from shared.ids import PersonId, SiteId
from shared.refusals import refuse


def add(
    writer: AnyWriter, site_id: SiteId, *, name: str, mail: str | None, role: str, password: str,
    now: datetime,
) -> str:  # fmt: skip
    """Add somebody and say so."""
    hashed = service.hash_of(Passwords(), password)
    grants = [service.Grant(Role(role))]
    writer.run(
        lambda s: service.create_person(
            s, system(site_id), name=name, mail=mail, grants=grants, password_hash=hashed, now=now
        )
    )
    return f"{name} may sign in as {role}."


def set_password(writer: AnyWriter, name: str, password: str, now: datetime) -> str:
    """Give somebody a new password; every session of theirs ends."""
    hashed = service.hash_of(Passwords(), password)

    def work(session: Session) -> None:
        row = _named(session, name)
        who = system(SiteId(row.site_id))
        service.change_person(session, who, PersonId(row.id), password_hash=hashed, now=now)

    writer.run(work)
    return f"{name} has a new password and is signed out everywhere."


def disable(writer: AnyWriter, name: str, now: datetime) -> str:
    """Keep somebody from signing in."""

    def work(session: Session) -> None:
        row = _named(session, name)
        who = system(SiteId(row.site_id))
        service.change_person(session, who, PersonId(row.id), disabled=True, now=now)

    writer.run(work)
    return f"{name} can no longer sign in."


def everybody(reads: SnapshotReads, site_id: SiteId) -> Iterator[str]:
    """One line per person: name, mail, roles, and whether disabled."""
    rows, held = reads.run(lambda s: (queries.people(s, site_id), queries.grants(s, site_id)))
    for row in rows:
        roles = ", ".join(grant.role for grant in held if grant.person_id == row.id)
        mark = "disabled" if row.disabled_ms is not None else ""
        yield "\t".join([row.name, row.mail or "", roles, mark])


def code(
    writer: AnyWriter, settings: Settings, site_id: SiteId, *, name: str, now: datetime
) -> Iterator[str]:
    """A pairing code as text, as a link and as a QR code made of text."""
    who = system(site_id)
    made = writer.run(lambda s: devices.issue_code(s, who, name=name, now=now))
    link = devices.pair_link(settings.origin, site_id, made.code, settings.fingerprint)
    picture = StringIO()
    segno.make(link, error="l").terminal(picture, compact=True)
    yield f"Code     {made.code[:4]} {made.code[4:]}   (ten minutes, once)"
    yield f"Server   {settings.origin}"
    yield f"Link     {link}"
    yield picture.getvalue()


def _named(session: Session, name: str) -> PersonRow:
    row = queries.person_by_login(session, login_of(name))
    if row is None:
        raise refuse("bad_input", why=f"nobody is called {name}")
    return row
