"""XLSX as a table of texts, refused before it unpacks to more than the limit."""

import io
import zipfile
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from server.imports.csv_file import COLUMNS_MAX, tabulate, tidy
from server.imports.signatures import IMPORT_MAX_ROWS
from server.imports.table import Options, Record, Table, Unreadable

UNPACKED_MAX_BYTES = 100 * 1024 * 1024
_ENTRY = "xl/workbook"
Cell = int | float | str | bool | time | date | datetime | timedelta


def read_workbook(content: bytes, options: Options) -> Table:
    """Read the named sheet, or the first one with rows, as a table of texts."""
    _check_size(content)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            name, rows = _sheet(book, options.sheet)
    except Unreadable:
        raise
    except PasswordError as error:
        raise Unreadable("workbook_locked") from error
    except (CalamineError, ValueError) as error:
        raise Unreadable("workbook_broken") from error
    records = [Record(at, tuple(_text(cell) for cell in row)) for at, row in enumerate(rows, 1)]
    return tabulate(records, replace(options, sheet=name, encoding="", delimiter="", decimal="."))


def _check_size(content: bytes) -> None:
    """Read the archive's own list first: neither a bomb nor another kind of ZIP gets unpacked."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Unreadable("workbook_broken") from error
    if not any(entry.filename.startswith(_ENTRY) for entry in entries):
        raise Unreadable("not_a_workbook")
    if sum(entry.file_size for entry in entries) > UNPACKED_MAX_BYTES:
        raise Unreadable("workbook_bomb", max_mib=UNPACKED_MAX_BYTES >> 20)


def _sheet(book: CalamineWorkbook, wanted: str) -> tuple[str, list[list[Cell]]]:
    names = book.sheet_names
    if wanted and wanted not in names:
        raise Unreadable("sheet_unknown", sheet=wanted, sheets=", ".join(names))
    for name in [wanted] if wanted else names:
        sheet = book.get_sheet_by_name(name)
        if sheet.total_height > IMPORT_MAX_ROWS + 1:
            raise Unreadable("too_many_rows", max_rows=IMPORT_MAX_ROWS)
        if sheet.total_width > COLUMNS_MAX:
            raise Unreadable("too_many_columns", max_columns=COLUMNS_MAX)
        if sheet.total_height:
            return name, sheet.to_python(skip_empty_area=False)
    raise Unreadable("file_empty")


def _text(cell: Cell) -> str:
    """The cell as a person would have typed it: whole numbers without a decimal point."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="minutes")
    if isinstance(cell, time):
        return cell.isoformat(timespec="minutes")
    return tidy(str(cell))
