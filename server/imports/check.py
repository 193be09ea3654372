"""The dry run: what a file would do, row by row, without writing anything."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from server.imports.columns import (
    ADDRESS_PARTS,
    Kind,
    fields,
    guess_decimal,
    guess_mapping,
    missing,
)
from server.imports.csv_file import DELIMITERS, ENCODINGS, read_csv
from server.imports.doubles import Double, Told, find_doubles
from server.imports.locations import Change, Known, compare, read_places
from server.imports.signatures import check, is_workbook
from server.imports.stops import (
    STOPS_MAX,
    Halt,
    Places,
    StopChange,
    place_in_order,
    read_stops,
)
from server.imports.table import Finding, Level, Options, Table, Unreadable, Value, with_fixes
from server.imports.workbook import read_workbook

SAMPLE_VALUES = 3
STATES = ("new", "changed", "same", "wrong", "warning")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "delimiter": DELIMITERS,
    "encoding": ENCODINGS,
    "decimal": (".", ","),
}


@dataclass(frozen=True)
class Asked:
    """A file and how the person wants it read; an absent mapping means: guess."""

    kind: Kind
    content: bytes
    options: Options = field(default_factory=Options)
    mapping: Mapping[str, str] | None = None
    fixes: Mapping[tuple[int, str], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stored:
    """What the site has already, as far as this import touches it."""

    places: Sequence[Known] = ()
    draft: Sequence[Halt] = ()


@dataclass(frozen=True)
class Checked:
    """The whole report: how the file was read, what each row does, what is to be told."""

    kind: Kind
    table: Table
    options: Options
    mapping: Mapping[str, str]
    changes: Sequence[Change | StopChange]
    findings: Sequence[Finding]
    doubles: Sequence[Double]

    @property
    def counts(self) -> dict[str, int]:
        """Rows by what they do; `warning` counts good rows that have something to look at."""
        states = Counter(change.state for change in self.changes)
        wrong = {one.row for one in self.findings if one.level is Level.WRONG}
        warned = {one.row for one in self.findings if one.level is Level.WARNING} - wrong - {0}
        states.update({"wrong": self.rows if self.blocked else len(wrong), "warning": len(warned)})
        return {state: states[state] for state in STATES}

    @property
    def blocked(self) -> str:
        """The code of what is wrong with the file as a whole, so that no row can be taken."""
        found = (one.code for one in self.findings if one.level is Level.WRONG and not one.row)
        return next(found, "")

    @property
    def rows(self) -> int:
        """How many rows the file has below its header, broken ones included."""
        broken = {one.row for one in self.findings if one.level is Level.WRONG and one.row}
        return len(broken | {record.row for record in self.table.records})

    def samples(self) -> list[tuple[str, str]]:
        """Each column with its first values, to see what it holds."""
        found = []
        for header in self.table.headers:
            values = [value for value in self.table.column(header) if value][:SAMPLE_VALUES]
            found.append((header, " | ".join(values)))
        return found

    def unused(self) -> list[str]:
        """Columns that no field takes."""
        return [one for one in self.table.headers if one not in self.mapping.values()]


def read(asked: Asked) -> Table:
    """The file as a table, with the person's fixes; raises Unreadable with the reason."""
    check(asked.content)
    for name, choices in _CHOICES.items():
        value = getattr(asked.options, name)
        if value and value not in choices:
            shown = " ".join(repr(choice) for choice in choices)
            raise Unreadable("option_unknown", option=name, value=repr(value), choices=shown)
    reader = read_workbook if is_workbook(asked.content) else read_csv
    return with_fixes(reader(asked.content, asked.options), asked.fixes)


def check_file(asked: Asked, stored: Stored) -> Checked:
    """What the file would do to what is stored; raises Unreadable when it cannot be read at all."""
    table = read(asked)
    mapping = _mapping(asked, table)
    options = table.options
    lacking = missing(asked.kind, mapping)
    if lacking:
        more: dict[str, Value] = {"fields": ", ".join(lacking), "columns": ", ".join(table.headers)}
        told = Finding(0, "", "", Level.WRONG, "field_missing", more)
        return Checked(asked.kind, table, options, mapping, (), [told, *table.findings], ())
    if asked.kind == "locations":
        decimal = asked.options.decimal or guess_decimal(table, mapping)
        return _check_locations(table, replace(options, decimal=decimal), mapping, stored)
    return _check_stops(table, options, mapping, stored)


def _mapping(asked: Asked, table: Table) -> dict[str, str]:
    """The person's mapping, else the guessed one, in the order of the fields."""
    if asked.mapping is None:
        mapping = guess_mapping(asked.kind, table)
    else:
        mapping = {name: header for name, header in asked.mapping.items() if header}
    known = fields(asked.kind)
    shown = ", ".join(table.headers)
    for name, header in mapping.items():
        if name not in known:
            raise Unreadable("field_unknown", field=name, choices=", ".join(known))
        if header not in table.headers:
            raise Unreadable("column_unknown", column=header, columns=shown)
    return {name: mapping[name] for name in known if name in mapping}


def _check_locations(
    table: Table, options: Options, mapping: Mapping[str, str], stored: Stored
) -> Checked:
    rows, findings = read_places(table, mapping, options.decimal)
    changes, more = compare(rows, stored.places, mapping)
    matched = {change.known.id for change in changes if change.known}
    others = [Told(one.id, one.place) for one in stored.places if one.id not in matched]
    doubles = find_doubles([Told(change.row, change.after) for change in changes], others)
    column = next((mapping[name] for name in ADDRESS_PARTS if name in mapping), "")
    told = [_as_finding(double, mapping.get("name", ""), column) for double in doubles]
    all_findings = _in_order([*table.findings, *findings, *more, *told])
    return Checked("locations", table, options, mapping, changes, all_findings, doubles)


def _as_finding(double: Double, name: str, address: str) -> Finding:
    more: dict[str, Value] = {"other_name": double.other_name, "apart": double.apart_m or 0}
    if isinstance(double.other, int):
        more["other_row"] = double.other
    column = address if double.why == "double_address" else name
    return Finding(double.row, column, double.name, Level.DOUBLE, double.why, more)


def _check_stops(
    table: Table, options: Options, mapping: Mapping[str, str], stored: Stored
) -> Checked:
    rows, findings = read_stops(table, mapping, Places(stored.places))
    changes, more = place_in_order(rows, stored.draft)
    if max(len(stored.draft), len(changes)) > STOPS_MAX:
        raise Unreadable("too_many_stops", limit=STOPS_MAX)
    all_findings = _in_order([*table.findings, *findings, *more])
    return Checked("stops", table, options, mapping, changes, all_findings, ())


_GRAVITY = {Level.WRONG: 0, Level.WARNING: 1, Level.DOUBLE: 2, Level.NOTE: 3}


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda one: (one.row, _GRAVITY[one.level]))
