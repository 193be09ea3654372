"""`milkrun import KIND FILE`: the dry run as text on the console, and with `--commit` the deed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from server.core import db
from server.core.access import Principal, system
from server.core.clock import Clock, SystemClock
from server.core.settings import Settings
from server.core.words import _, ngettext
from server.core.writer import AnyWriter, SnapshotReads, open_writer
from server.imports import queries, report, service
from server.imports.check import Asked, Checked, Stored, check_file
from server.imports.columns import KINDS, Kind
from server.imports.sentences import sentence, sentence_of, unreadable
from server.imports.signatures import IMPORT_MAX_BYTES
from server.imports.table import Finding, Level, Unreadable
from server.sites import queries as sites
from shared.refusals import Refusal

DONE, BAD_INPUT, MISSING, FINDINGS = 0, 2, 3, 4
Say = Callable[[str], None]
VALUE_SHOWN = 60


@dataclass(frozen=True)
class Order:
    """What the command line asks for."""

    kind: str
    file: Path
    profile: str = ""
    loop: str = ""
    commit: bool = False


class Stop(Exception):
    """The command ends here, with this sentence for the person and this exit code."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


@dataclass(frozen=True)
class Desk:
    """The database of this machine and who acts on it."""

    reads: SnapshotReads
    writer: AnyWriter
    who: Principal
    clock: Clock


def run(settings: Settings, order: Order, *, out: Say, err: Say) -> int:
    """Carry out the command and give its exit code (house-tools.md §4)."""
    try:
        return _run(settings, order, out)
    except Stop as stop:
        err(stop.why)
        return stop.code
    except Unreadable as trouble:
        err(unreadable(trouble))
    except Refusal as refusal:
        err(refusal.sentence())
    except DBAPIError:
        err(_("The database is not ready. Run `milkrun migrate` first."))
        return MISSING
    return BAD_INPUT


def _run(settings: Settings, order: Order, out: Say) -> int:
    kind = _kind(order.kind)
    content = _content(order.file)
    if settings.sqlite and not (settings.data / "milkrun.db").exists():
        if order.commit or order.loop or order.profile:
            raise Stop(MISSING, _("There is no site yet. Start `milkrun serve` and set it up."))
        return _tell(order, check_file(Asked(kind, content), Stored()), out)
    with _desk(settings) as desk:
        return _with_desk(desk, kind, order, content, out)


def _kind(name: str) -> Kind:
    for kind in KINDS:
        if kind == name:
            return kind
    wanted = ", ".join(KINDS)
    raise Stop(BAD_INPUT, _("{kind} cannot be imported. Say one of: {wanted}.").format(
        kind=name, wanted=wanted))  # fmt: skip


def _content(file: Path) -> bytes:
    """The bytes of the file, never more than an import may have."""
    try:
        with file.open("rb") as opened:
            return opened.read(IMPORT_MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise Stop(BAD_INPUT, _("There is no file {file}.").format(file=file)) from error
    except OSError as error:
        why = _("{file} cannot be opened: {why}.").format(file=file, why=error.strerror)
        raise Stop(BAD_INPUT, why) from error


@contextmanager
def _desk(settings: Settings) -> Iterator[Desk]:
    reads = SnapshotReads(db.read_engine(settings))
    writer = open_writer(db.write_engine(settings))
    try:
        found = reads.run(sites.all_sites)
        if not found:
            raise Stop(MISSING, _("There is no site yet. Start `milkrun serve` and set it up."))
        if len(found) > 1:
            raise Stop(BAD_INPUT, _("There are several sites here. Import on the page of one."))
        yield Desk(reads, writer, system(found[0]), SystemClock())
    finally:
        writer.close()
        reads.close()


def _with_desk(desk: Desk, kind: Kind, order: Order, content: bytes, out: Say) -> int:
    checked = _checked(desk, kind, order, content)
    if not order.commit or checked.blocked:
        return _tell(order, checked, out)
    _show(order, checked, out)
    _commit(desk, kind, order, content, out)
    if kind == "locations" and order.loop:
        stops = Order("stops", order.file, loop=order.loop, commit=True)
        _show(stops, _checked(desk, "stops", stops, content), out)
        _commit(desk, "stops", stops, content, out)
    return FINDINGS if _listed(checked) else DONE


def _checked(desk: Desk, kind: Kind, order: Order, content: bytes) -> Checked:
    """The same dry run as the page makes, without keeping anything."""
    loop = order.loop
    if loop and desk.reads.run(lambda s: queries.has_loop(s, desk.who.site_id, loop)) is False:
        raise Stop(BAD_INPUT, sentence_of("loop_unknown", loop=loop))
    if kind == "stops" and not loop:
        raise Stop(BAD_INPUT, sentence_of("loop_missing"))
    options, mapping = service.reading(desk.reads, desk.who, kind, order.profile, content)
    stored = desk.reads.run(lambda s: queries.stored(s, desk.who.site_id, kind, loop))
    return check_file(Asked(kind, content, options, mapping), stored)


def _commit(desk: Desk, kind: Kind, order: Order, content: bytes, out: Say) -> None:
    loop = order.loop if kind == "stops" else ""
    given: dict[str, Any] = {"profile": order.profile, "loop": loop, "now": desk.clock.now()}
    batch = service.hand_in(desk.reads, desk.writer, desk.who, kind, content, **given)
    key = UUID(batch["id"])
    service.commit(desk.reads, desk.writer, desk.who, key, clock=desk.clock.now)
    taken = batch["counts"]["new"] + batch["counts"]["changed"]
    said = ngettext("{count} row was taken over.", "{count} rows were taken over.", taken)
    out(said.format(count=taken))


def _tell(order: Order, checked: Checked, out: Say) -> int:
    _show(order, checked, out)
    if checked.blocked:
        return BAD_INPUT
    good = checked.counts["new"] + checked.counts["changed"]
    out(_("Nothing was written.") + (" " + _("--commit takes the good rows over.") if good else ""))
    return FINDINGS if _listed(checked) else DONE


def _listed(checked: Checked) -> list[Finding]:
    """What a person has to look at; notes on the file do not count."""
    return [one for one in checked.findings if one.level is not Level.NOTE]


def _show(order: Order, checked: Checked, out: Say) -> None:
    about = _("{file}: {rows} rows read as {kind}")
    out(about.format(file=order.file.name, rows=checked.rows, kind=checked.kind))
    out("  " + _reading_of(checked))
    out("")
    out(_("Columns"))
    samples = dict(checked.samples())
    for name, header in checked.mapping.items():
        out(f"  {name:<14} {header:<18} {samples[header][:VALUE_SHOWN]}")
    if unused := checked.unused():
        out("  " + _("not used: {columns}").format(columns=", ".join(unused)))
    out("")
    counts = checked.counts
    for state in ("new", "changed", "same", "wrong"):
        out(f"  {_states()[state]:<14} {counts[state]:>6}")
    good = counts["new"] + counts["changed"] + counts["same"]
    said = _("{good} good rows, {warning} of them with a warning, {wrong} wrong")
    out("  " + said.format(good=good, warning=counts["warning"], wrong=counts["wrong"]))
    for level in (Level.WRONG, Level.WARNING, Level.DOUBLE, Level.NOTE):
        _list([one for one in checked.findings if one.level is level], level, out)
    out("")


def _reading_of(checked: Checked) -> str:
    options = checked.options
    if options.sheet:
        return _("sheet {sheet}").format(sheet=options.sheet)
    names = {",": _("comma"), ";": _("semicolon"), "\t": _("tab"), "|": _("bar")}
    separator = names[options.delimiter]
    said = _("encoding {encoding}, separator {separator}, decimal sign {decimal}")
    decimal = {",": _("comma"), ".": _("point")}.get(options.decimal, "-")
    return said.format(encoding=options.encoding, separator=separator, decimal=decimal)


def _states() -> dict[str, str]:
    return {"new": _("new"), "changed": _("changed"), "same": _("same"), "wrong": _("wrong")}


def _list(findings: Sequence[Finding], level: Level, out: Say) -> None:
    if not findings:
        return
    titles = {
        Level.WRONG: _("Wrong rows"),
        Level.WARNING: _("Warnings"),
        Level.DOUBLE: _("Perhaps the same place twice"),
        Level.NOTE: _("Notes"),
    }
    out("")
    out(f"{titles[level]} ({len(findings)})")
    for one in findings[: report.FINDINGS_MAX]:
        where = _("row {row}").format(row=one.row) if one.row else _("file")
        value = one.value if len(one.value) <= VALUE_SHOWN else one.value[: VALUE_SHOWN - 1] + "…"
        shown = f' "{" ".join(value.split())}"' if value else ""
        column = f", {one.column}" if one.column else ""
        out(f"  {where}{column}{shown}: {sentence(one)}")
