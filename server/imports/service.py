"""Use cases of imports: hand a file in, look, correct, take it over, take it back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core import audit
from server.core.access import Principal, Resource, allow
from server.core.db import WORK_ROWS_MAX, Reads, Writer
from server.core.ids import new_id
from server.imports import queries, report, taking
from server.imports.check import Asked, Checked, check_file, read
from server.imports.columns import KINDS, Kind
from server.imports.export import write_locations
from server.imports.locations import Change
from server.imports.sentences import sentence_of, unreadable
from server.imports.stops import StopChange
from server.imports.table import Options, Unreadable
from server.imports.tables import ImportBatchRow
from shared.refusals import Refusal, refuse

CHECKED, COMMITTING, DONE, FAILED, UNDONE = "checked", "committing", "done", "failed", "undone"
_WHY_NOT = {
    CHECKED: "not_taken_over",
    COMMITTING: "already_committing",
    DONE: "taken_over",
    UNDONE: "taken_back",
}
FIXES_MAX = 10_000
KEEP_CHECKED_DAYS = 7
COMMIT_STALE_S = 60


@dataclass(frozen=True)
class Edit:
    """What a person changes before the file is taken over; None = stays as it is."""

    options: Mapping[str, str] | None = None
    mapping: Mapping[str, str] | None = None
    fixes: Sequence[tuple[int, str, str]] = ()
    save_profile: str = ""


def kind_of(name: str) -> Kind:
    """The kind of import of this name; refuses `not_found`."""
    for kind in KINDS:
        if kind == name:
            return kind
    raise refuse("not_found")


def hand_in(
    reads: Reads,
    writer: Writer,
    who: Principal,
    kind: Kind,
    content: bytes,
    *,
    profile: str = "",
    loop: str = "",
    now: datetime,
) -> dict[str, Any]:
    """Keep the file with its dry run; nothing of the site changes."""
    _allow(who, "write")
    options, mapping = reading(reads, who, kind, profile, content)
    row = ImportBatchRow(
        site_id=who.site_id,
        id=new_id(now),
        kind=kind,
        loop_code=loop,
        content=content,
        options=asdict(options),
        mapping=mapping,
        fixes=[],
        report={},
        made_by=who.name,
        created_at=now,
        updated_at=now,
    )
    row.report = report.keep(check(reads, who, row))

    def work(session: Session) -> None:
        queries.forget_unused(session, who.site_id, now - timedelta(days=KEEP_CHECKED_DAYS))
        session.add(row)

    writer.run(work)
    return show(row)


def reading(
    reads: Reads, who: Principal, kind: Kind, profile: str, content: bytes
) -> tuple[Options, dict[str, str] | None]:
    """How the named profile reads a file, else one saved for the same columns, else a guess."""
    saved = reads.run(lambda s: queries.profiles(s, who.site_id, kind))
    if profile:
        named = next((row for row in saved if row.profile == profile), None)
        if named is None:
            raise refuse("bad_input", why=sentence_of("profile_unknown", profile=profile))
        return Options(**named.options), named.mapping
    try:
        columns = list(read(Asked(kind, content)).headers) if saved else []
    except Unreadable:
        columns = []
    for row in saved:
        if [one["name"] for one in row.report["columns"]] == columns:
            return Options(), row.mapping
    return Options(), None


def check(reads: Reads, who: Principal, row: ImportBatchRow) -> Checked:
    """The dry run of a kept file against what is stored now."""
    kind = kind_of(row.kind)
    if kind == "stops" and not row.loop_code:
        raise refuse("bad_input", why=sentence_of("loop_missing"))
    try:
        stored = reads.run(lambda s: queries.stored(s, who.site_id, kind, row.loop_code))
    except Refusal as error:
        raise refuse("bad_input", why=sentence_of("loop_unknown", loop=row.loop_code)) from error
    fixes = {(int(no), str(column)): str(value) for no, column, value in row.fixes}
    asked = Asked(kind, row.content, Options(**row.options), row.mapping, fixes)
    try:
        return check_file(asked, stored)
    except Unreadable as trouble:
        raise refuse("bad_file", why=unreadable(trouble)) from trouble


def look(reads: Reads, who: Principal, batch_id: UUID, start: int = 0) -> dict[str, Any]:
    """The import as it stands, with one page of its findings."""
    _allow(who, "read")
    return show(reads.run(lambda s: queries.seen(s, who.site_id, batch_id)), start)


def newest(reads: Reads, who: Principal) -> list[dict[str, Any]]:
    """The last imports, the newest first, without their findings."""
    _allow(who, "read")
    rows = reads.run(lambda s: queries.newest(s, who.site_id))
    return [{**show(row), "rows": [], "next": None} for row in rows]


def show(row: ImportBatchRow, start: int = 0) -> dict[str, Any]:
    """An import as JSON of the REST interface."""
    kept = row.report
    rows, following = report.findings(kept, start)
    same = {key: kept[key] for key in ("options", "columns", "mapping", "counts", "doubles")}
    return {
        "id": str(row.id),
        "kind": row.kind,
        "state": row.state,
        **same,
        "rows": rows,
        "next": None if following is None else str(following),
    }


def correct(
    reads: Reads, writer: Writer, who: Principal, batch_id: UUID, edit: Edit, *, now: datetime
) -> dict[str, Any]:
    """Read the file another way or with single cells typed anew, and check it again."""
    _allow(who, "write")
    row = reads.run(lambda s: queries.batch(s, who.site_id, batch_id))
    if row.state not in (CHECKED, FAILED):
        raise refuse("bad_state", why=sentence_of(_WHY_NOT[row.state]))
    if edit.options is not None:
        row.options = _options(row.options, edit.options)
    if edit.mapping is not None:
        row.mapping = dict(edit.mapping)
    fixes = {(no, column): value for no, column, value in [*row.fixes, *edit.fixes]}
    if len(fixes) > FIXES_MAX:
        raise refuse("bad_input", why="fixes")
    row.fixes = [[no, column, value] for (no, column), value in fixes.items()]
    row.profile = edit.save_profile or row.profile
    row.report, row.state, row.updated_at = report.keep(check(reads, who, row)), CHECKED, now
    if edit.save_profile:
        row.mapping = dict(row.report["mapping"])
    return writer.run(lambda session: show(session.merge(row)))


def _options(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    known = {one.name for one in fields(Options)}
    if not new.keys() <= known:
        raise refuse("bad_input", why=", ".join(sorted(known)))
    return {**old, **new}


def commit(
    reads: Reads,
    writer: Writer,
    who: Principal,
    batch_id: UUID,
    *,
    all_or_nothing: bool = False,
    clock: Callable[[], datetime],
) -> dict[str, Any]:
    """Take the good rows over, in works of a few rows; a repeat goes on where it was broken off."""
    _allow(who, "write")
    row = reads.run(lambda s: queries.batch(s, who.site_id, batch_id))
    if row.state == DONE:
        return show(row)
    if row.state == UNDONE:
        raise refuse("bad_state", why=sentence_of("taken_back"))
    checked = check(reads, who, row)
    if checked.blocked or (all_or_nothing and checked.counts["wrong"]):
        raise refuse("bad_state", why=sentence_of("wrong_rows"))
    _begin(writer, who, batch_id, clock())
    try:
        _take(writer, who, row, checked, clock)
    except Refusal as error:
        if all_or_nothing:
            taking.take_back(reads, writer, who, row.id, clock)
        _set(writer, who, row, FAILED, clock(), trouble=error.sentence())
        raise
    return _set(writer, who, row, DONE, clock())


def _begin(writer: Writer, who: Principal, batch_id: UUID, now: datetime) -> None:
    """Claim the import: of two who take it over at once, the second is told to wait."""

    def work(session: Session) -> None:
        kept = queries.batch(session, who.site_id, batch_id)
        busy_until = kept.updated_at + timedelta(seconds=COMMIT_STALE_S)
        if kept.state == COMMITTING and now < busy_until:
            raise refuse("bad_state", why=sentence_of("already_committing"))
        kept.state, kept.updated_at = COMMITTING, now

    writer.run(work)


def _take(
    writer: Writer,
    who: Principal,
    row: ImportBatchRow,
    checked: Checked,
    clock: Callable[[], datetime],
) -> None:
    places = [one for one in checked.changes if isinstance(one, Change) and one.state != "same"]
    for start in range(0, len(places), WORK_ROWS_MAX):
        part = places[start : start + WORK_ROWS_MAX]
        writer.run(partial(taking.take_places, who=who, batch_id=row.id, changes=part, now=clock()))
    stops = [one for one in checked.changes if isinstance(one, StopChange)]
    if any(one.state != "same" for one in stops):
        work = partial(taking.take_stops, who=who, batch_id=row.id, loop_code=row.loop_code)
        writer.run(partial(work, changes=stops, now=clock()))


def _set(
    writer: Writer,
    who: Principal,
    row: ImportBatchRow,
    state: str,
    now: datetime,
    *,
    trouble: str = "",
) -> dict[str, Any]:
    """Note how far the import is; taking over and taking back are audited."""

    def work(session: Session) -> dict[str, Any]:
        kept = queries.batch(session, who.site_id, row.id)
        kept.state, kept.trouble, kept.updated_at = state, trouble, now
        session.add(kept)
        if state in (DONE, UNDONE):
            kept.content = b""
            counts = kept.report["counts"]
            subject = ("import", kept.id)
            audit.record(session, who, f"import.{state}", subject, now=now, after=counts)
        return show(kept)

    return writer.run(work)


def undo(
    reads: Reads,
    writer: Writer,
    who: Principal,
    batch_id: UUID,
    *,
    clock: Callable[[], datetime],
) -> dict[str, Any]:
    """Take an import back while nothing of it is used or changed since."""
    _allow(who, "write")
    row = reads.run(lambda s: queries.batch(s, who.site_id, batch_id))
    if row.state not in (DONE, FAILED):
        raise refuse("bad_state", why=sentence_of(_WHY_NOT[row.state]))
    if used := taking.used(reads, who, batch_id):
        raise refuse("bad_state", why=sentence_of("rows_used", names=", ".join(used[:5])))
    taking.take_back(reads, writer, who, batch_id, clock)
    return _set(writer, who, row, UNDONE, clock())


def export_locations(reads: Reads, who: Principal) -> bytes:
    """Every Location with an address or coordinates as a CSV that the import reads unchanged."""
    allow(who, "read", resource=Resource("export", who.site_id, today=True))
    known = reads.run(lambda s: queries.known_places(s, who.site_id))
    return write_locations(one.place for one in known if one.place.point or one.place.address)


def _allow(who: Principal, verb: str) -> None:
    allow(who, verb, resource=Resource("import", who.site_id))
