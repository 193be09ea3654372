"""Use cases of people who sign in: set-up, sign-in and out, roles, sessions, API tokens.

Devices are in `devices.py`, drivers in `drivers.py`, who is asking in `door.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col

from server.core import audit, db
from server.core.access import Principal, Resource, Role, allow, system
from server.core.clock import to_ms
from server.core.ids import new_id
from server.core.passwords import Passwords
from server.core.throttle import Limit, Throttle
from server.people import queries
from server.people.door import DAY_MS
from server.people.rules import API_TOKEN_PREFIX, check_password, login_of, new_token, sha256
from server.people.tables import ApiTokenRow, PersonRow, RoleGrantRow, WebSessionRow
from shared.ids import CarrierId, PersonId, SiteId
from shared.refusals import refuse

SESSION_MAX_D = 7
API_TOKEN_MAX_D = 365
SIGN_IN_WINDOW_S = 900
BY_ACCOUNT = Limit("sign_in.account", 5, SIGN_IN_WINDOW_S)
BY_PEER = Limit("sign_in.peer", 50, SIGN_IN_WINDOW_S)
SIGN_IN_ROLES = frozenset(Role) - {Role.DRIVER, Role.DEVICE}


@dataclass(frozen=True)
class Grant:
    """A role to be given; a carrier manager's names its Carrier."""

    role: Role
    carrier_id: CarrierId | None = None


@dataclass(frozen=True)
class Attempt:
    """Somebody typed a name and a password."""

    name: str
    password: str
    peer: str


@dataclass(frozen=True)
class TokenAsk:
    """An API token that shall be made."""

    name: str
    rights: str
    ends_ms: int


def first_supervisor(
    session: Session,
    site_id: SiteId,
    *,
    name: str,
    password_hash: str,
    mail: str | None = None,
    lang: str = "en",
    now: datetime,
) -> PersonId:
    """Make the person who may do everything; refused once anybody exists."""
    if queries.anybody(session):
        raise refuse("not_found")
    who = system(site_id)
    return create_person(
        session,
        who,
        name=name,
        mail=mail,
        password_hash=password_hash,
        lang=lang,
        grants=[Grant(Role.SUPERVISOR)],
        now=now,
    )


def create_person(
    session: Session,
    who: Principal,
    *,
    name: str,
    grants: Iterable[Grant],
    mail: str | None = None,
    password_hash: str | None = None,
    lang: str = "en",
    now: datetime,
) -> PersonId:
    """Add somebody who may sign in, with roles; a name that exists is refused."""
    allow(who, "write", resource=Resource("people", who.site_id))
    if queries.person_by_login(session, login_of(name)) is not None:
        raise refuse("exists", what=name)
    row = PersonRow(
        site_id=who.site_id,
        id=new_id(now),
        name=name,
        login=login_of(name),
        mail=mail,
        password_hash=password_hash,
        lang=lang,
    )
    session.add(row)
    session.flush()
    person_id = PersonId(row.id)
    _grant(session, who, person_id, grants, now)
    audit.record(session, who, "person.made", ("person", row.id), now=now, after={"name": name})
    return person_id


def change_person(
    session: Session,
    who: Principal,
    person_id: PersonId,
    *,
    mail: str | None = None,
    lang: str | None = None,
    disabled: bool | None = None,
    grants: Iterable[Grant] | None = None,
    password_hash: str | None = None,
    now: datetime,
) -> None:
    """Change what is given; new roles, a new password and disabling end every session."""
    allow(who, "write", resource=Resource("people", who.site_id))
    row = queries.person(session, who.site_id, person_id)
    before = {"mail": row.mail, "lang": row.lang, "disabled_ms": row.disabled_ms}
    row.mail = mail if mail is not None else row.mail
    row.lang = lang or row.lang
    if disabled is not None:
        row.disabled_ms = to_ms(now) if disabled else None
    if grants is not None:
        _grant(session, who, person_id, grants, now)
    row.password_hash = password_hash or row.password_hash
    session.flush()
    _keep_a_supervisor(session, who.site_id)
    if disabled or grants is not None or password_hash:
        end_sessions(session, who.site_id, person_id)
    after = {"mail": row.mail, "lang": row.lang, "disabled_ms": row.disabled_ms}
    audit.record(
        session, who, "person.changed", ("person", row.id), now=now, before=before, after=after
    )


def sign_in(
    reads: db.Reads,
    writer: db.Writer,
    passwords: Passwords,
    throttle: Throttle,
    attempt: Attempt,
    *,
    now: datetime,
) -> str:
    """Check name and password and give the new session's cookie; one refusal for all failures."""
    login = login_of(attempt.name)
    throttle.check(BY_ACCOUNT, login)
    throttle.check(BY_PEER, attempt.peer)
    row = reads.run(lambda session: queries.person_by_login(session, login))
    known = row is not None and row.disabled_ms is None
    fits = passwords.fits(attempt.password, row.password_hash if row and known else None)
    if row is None or not fits:
        throttle.count(BY_ACCOUNT, login)
        throttle.count(BY_PEER, attempt.peer)
        raise refuse("bad_sign_in")
    throttle.forgive(BY_ACCOUNT, login)
    site_id, person_id = SiteId(row.site_id), PersonId(row.id)
    return writer.run(lambda session: open_session(session, site_id, person_id, now=now))


def open_session(session: Session, site_id: SiteId, person_id: PersonId, *, now: datetime) -> str:
    """Begin a session and give its cookie, which is stored nowhere."""
    cookie = new_token("")
    ms = to_ms(now)
    session.add(
        WebSessionRow(
            site_id=site_id,
            token_hash=sha256(cookie),
            id=new_id(now),
            person_id=person_id,
            made_ms=ms,
            seen_ms=ms,
            ends_ms=ms + SESSION_MAX_D * DAY_MS,
        )
    )
    return cookie


def sign_out(session: Session, who: Principal) -> None:
    """End this session."""
    ours = (col(WebSessionRow.site_id) == who.site_id, col(WebSessionRow.token_hash))
    session.execute(delete(WebSessionRow).where(ours[0], ours[1] == who.token_hash))


def end_session(session: Session, who: Principal, session_id: UUID) -> None:
    """End one of one's own sessions."""
    mine = queries.sessions(session, who.site_id, own(who))
    row = next((one for one in mine if one.id == session_id), None)
    if row is None:
        raise refuse("not_found")
    session.delete(row)


def end_sessions(session: Session, site_id: SiteId, person_id: PersonId) -> None:
    """Sign somebody out everywhere."""
    theirs = (col(WebSessionRow.site_id) == site_id, col(WebSessionRow.person_id) == person_id)
    session.execute(delete(WebSessionRow).where(*theirs))


def make_api_token(
    session: Session, who: Principal, ask: TokenAsk, *, now: datetime
) -> tuple[UUID, str]:
    """Make a token that acts as its owner; it is shown this once."""
    if not to_ms(now) < ask.ends_ms <= to_ms(now) + API_TOKEN_MAX_D * DAY_MS:
        raise refuse("bad_input", errors=[("/expires", "within 365 days")], why="expires")
    token = new_token(API_TOKEN_PREFIX)
    row = ApiTokenRow(
        site_id=who.site_id,
        id=new_id(now),
        token_hash=sha256(token),
        person_id=own(who),
        name=ask.name,
        rights=ask.rights,
        ends_ms=ask.ends_ms,
    )
    session.add(row)
    audit.record(session, who, "token.made", ("api_token", row.id), now=now)
    return row.id, token


def end_api_token(session: Session, who: Principal, token_id: UUID, *, now: datetime) -> None:
    """Revoke one of one's own API tokens."""
    mine = queries.api_tokens(session, who.site_id, own(who))
    row = next((one for one in mine if one.id == token_id), None)
    if row is None:
        raise refuse("not_found")
    session.delete(row)
    audit.record(session, who, "token.ended", ("api_token", row.id), now=now)


def hash_of(passwords: Passwords, password: str | None) -> str | None:
    """Check a new password's length and hash it, if there is one; long, so before any write."""
    return passwords.make(check_password(password)) if password is not None else None


def own(who: Principal) -> PersonId:
    """Name the person who asks; devices and links have no account."""
    if who.person_id is None:
        raise refuse("not_allowed")
    return who.person_id


def _grant(
    session: Session, who: Principal, person_id: PersonId, grants: Iterable[Grant], now: datetime
) -> None:
    theirs = (col(RoleGrantRow.site_id) == who.site_id, col(RoleGrantRow.person_id) == person_id)
    session.execute(delete(RoleGrantRow).where(*theirs))
    for grant in grants:
        if grant.role not in SIGN_IN_ROLES:
            raise refuse("bad_input", errors=[("/roles", "no such role")], why="roles")
        session.add(
            RoleGrantRow(
                site_id=who.site_id,
                person_id=person_id,
                role=grant.role.value,
                carrier_id=grant.carrier_id,
                made_by=who.by,
                made_ms=to_ms(now),
            )
        )


def _keep_a_supervisor(session: Session, site_id: SiteId) -> None:
    """The last supervisor can be neither disabled nor demoted."""
    enabled = {row.id for row in queries.people(session, site_id) if row.disabled_ms is None}
    held = {grant.person_id for grant in queries.grants(session, site_id)
            if grant.role == Role.SUPERVISOR}  # fmt: skip
    if not enabled & held:
        raise refuse("bad_state", why="the last supervisor stays")
