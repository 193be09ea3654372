"""One row being read: values out of its cells, findings on the way."""

from collections.abc import Callable, Mapping

from server.imports.cells import Bad
from server.imports.table import Finding, Level, Record, Table


class Row:
    """Cells by field, and what there is to tell about them."""

    def __init__(self, table: Table, record: Record, mapping: Mapping[str, str]) -> None:
        at = {header: index for index, header in enumerate(table.headers)}
        self._cells = {name: record.cells[at[header]] for name, header in mapping.items()}
        self._mapping = mapping
        self._row = record.row
        self.findings: list[Finding] = []

    def cell(self, name: str) -> str:
        """What the file says for this field; empty when it has no such column."""
        return self._cells.get(name, "")

    def tell(self, name: str, level: Level, code: str, **more: str | int) -> None:
        """Note something about the cell of this field."""
        column = self._mapping.get(name, "")
        self.findings.append(Finding(self._row, column, self.cell(name), level, code, more))

    def read(self, name: str, reader: Callable[[str], object]) -> object | None:
        """The value of a filled cell, or None with a finding when it has none."""
        value = self.cell(name)
        if not value:
            return None
        found = reader(value)
        if isinstance(found, Bad):
            self.tell(name, Level.WRONG, found.code, limit=found.limit)
            return None
        return found

    @property
    def wrong(self) -> bool:
        """Whether the row cannot be taken."""
        return any(finding.level is Level.WRONG for finding in self.findings)
