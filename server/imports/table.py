"""A file as the import sees it: a header, rows as a spreadsheet numbers them, and findings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

Value = str | int


class Level(StrEnum):
    """What a finding means for its row."""

    WRONG = "wrong"
    WARNING = "warning"
    DOUBLE = "double"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing to tell about a row (or, with row 0, about the whole file)."""

    row: int
    column: str
    value: str
    level: Level
    code: str
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Options:
    """How the file is read; empty text and None mean: guess. Shown to the person and changeable."""

    sheet: str = ""
    delimiter: str = ""
    encoding: str = ""
    decimal: str = ""
    date_format: str = ""


@dataclass(frozen=True)
class Record:
    """One row with the number a spreadsheet shows for it."""

    row: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """The whole file as text cells; every record is as long as the header."""

    headers: tuple[str, ...]
    records: tuple[Record, ...]
    options: Options
    findings: tuple[Finding, ...] = ()

    def column(self, header: str) -> list[str]:
        """All values below one header, in order."""
        at = self.headers.index(header)
        return [record.cells[at] for record in self.records]


class Unreadable(ValueError):
    """The file as a whole cannot be read; the code has one sentence that says what to do."""

    def __init__(self, code: str, **fields: Value) -> None:
        super().__init__(code)
        self.code = code
        self.fields = fields


def with_fixes(table: Table, fixes: Mapping[tuple[int, str], str]) -> Table:
    """The table with single cells typed anew by the person who checks it."""
    if not fixes:
        return table
    at = {header: index for index, header in enumerate(table.headers)}

    def fixed(record: Record) -> Record:
        cells = list(record.cells)
        for header, index in at.items():
            cells[index] = fixes.get((record.row, header), cells[index])
        return replace(record, cells=tuple(cells))

    return replace(table, records=tuple(fixed(record) for record in table.records))
