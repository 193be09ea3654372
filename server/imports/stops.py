"""Rows that become the Stops of a loop's draft version, by their place in the order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from server.imports.cells import Bad, seconds, text, whole
from server.imports.columns import plain
from server.imports.locations import Known
from server.imports.opening_hours import normal, read_spans
from server.imports.rows import Row
from server.imports.table import Finding, Level, Table
from shared.gate import ARRAY_MAX, NAME_MAX
from shared.site import TimeWindow

STOPS_MAX = ARRAY_MAX


@dataclass(frozen=True)
class Halt:
    """A Stop as a file can say it; None = the file says nothing about it."""

    location_id: UUID
    windows: tuple[TimeWindow, ...] | None = None
    service_s: int | None = None


@dataclass(frozen=True)
class HaltRow:
    """A good row with its place in the order."""

    row: int
    pos: int
    halt: Halt


@dataclass(frozen=True)
class StopChange:
    """What a good row does to the stop at its place: `before` None = a new stop."""

    row: int
    pos: int
    before: Halt | None
    after: Halt

    @property
    def state(self) -> str:
        """`new`, `changed` or `same`."""
        if self.before is None:
            return "new"
        return "same" if self.before == self.after else "changed"


class Places:
    """The stored Locations as a file of stops may call them: by ref, or by a name of only one."""

    def __init__(self, known: Sequence[Known]) -> None:
        self._by_ref = {one.place.ref: one.id for one in known if one.place.ref}
        self._by_name: dict[str, list[UUID]] = {}
        for one in known:
            self._by_name.setdefault(plain(one.place.name), []).append(one.id)

    def find(self, called: str) -> UUID | Bad:
        """The Location of this ref, else the only one of this name."""
        if called in self._by_ref:
            return self._by_ref[called]
        named = self._by_name.get(plain(called), [])
        if len(named) == 1:
            return named[0]
        return Bad("location_ambiguous" if named else "location_unknown")


def read_stops(
    table: Table, mapping: Mapping[str, str], places: Places
) -> tuple[list[HaltRow], list[Finding]]:
    """Every good row as a Stop with its place, and everything there is to say about the others."""
    good: list[HaltRow] = []
    findings: list[Finding] = []
    taken: dict[int, int] = {}
    for nth, record in enumerate(table.records, 1):
        row = Row(table, record, mapping)
        halt = _halt(row, places)
        pos = row.read("pos", lambda value: whole(value, 1_000_000)) if "pos" in mapping else nth
        if "pos" in mapping and not row.cell("pos"):
            row.tell("pos", Level.WRONG, "not_a_position", limit=STOPS_MAX)
        if isinstance(pos, int) and pos in taken:
            row.tell("pos", Level.WRONG, "key_twice", other=taken[pos])
        if halt is not None and isinstance(pos, int) and not row.wrong:
            taken[pos] = record.row
            good.append(HaltRow(record.row, pos, halt))
        findings += row.findings
    return sorted(good, key=lambda one: one.pos), findings


def _halt(row: Row, places: Places) -> Halt | None:
    if not row.cell("location"):
        row.tell("location", Level.WRONG, "location_missing")
        return None
    called = row.read("location", lambda value: text(value, NAME_MAX))
    where = row.read("location", places.find) if isinstance(called, str) else None
    service_s = row.read("service_s", seconds)
    windows = None
    if row.cell("window"):
        windows = read_spans(row.cell("window"))
        if windows is None:
            row.tell("window", Level.WRONG, "window_unclear")
    if not isinstance(where, UUID):
        return None
    return Halt(where, windows, service_s if isinstance(service_s, int) else None)


def place_in_order(
    rows: Sequence[HaltRow], draft: Sequence[Halt]
) -> tuple[list[StopChange], list[Finding]]:
    """Each row against the stop that stands at its place; stops the file leaves out stay."""
    findings: list[Finding] = []
    if {row.pos for row in rows} | set(range(1, len(draft) + 1)) != set(
        range(1, max([len(draft), *[row.pos for row in rows]]) + 1)
    ):
        rows = [HaltRow(row.row, nth, row.halt) for nth, row in enumerate(rows, 1)]
        ranked = {"count": len(rows)}
        findings.append(Finding(0, "", "", Level.NOTE, "positions_ranked", ranked))
    kept = sorted(set(range(1, len(draft) + 1)) - {row.pos for row in rows})
    if rows and kept:
        ends: Mapping[str, str | int] = {"first": kept[0], "last": kept[-1]}
        findings.append(Finding(0, "", "", Level.NOTE, "stops_kept", ends))
    return [_change(row, draft) for row in rows], findings


def _change(row: HaltRow, draft: Sequence[Halt]) -> StopChange:
    before = draft[row.pos - 1] if row.pos <= len(draft) else None
    if before is None or before.location_id != row.halt.location_id:
        return StopChange(row.row, row.pos, before, row.halt)
    told = row.halt
    windows = before.windows if told.windows is None else told.windows
    if before.windows is not None and windows is not None:
        windows = before.windows if normal(windows) == normal(before.windows) else windows
    service_s = before.service_s if told.service_s is None else told.service_s
    return StopChange(row.row, row.pos, before, Halt(before.location_id, windows, service_s))
