"""Small files and tables for the tests of imports."""

import io
from collections.abc import Sequence
from uuid import UUID

import xlsxwriter  # type: ignore[import-untyped]  # the library has no types

from server.imports.check import Asked, Checked, Stored, check_file
from server.imports.columns import Kind
from server.imports.csv_file import read_csv
from server.imports.locations import Known, Place
from server.imports.table import Finding, Level, Options, Table

HEADER = "ref,name,address,lat,lon,opening_hours\n"


def table(text: str, options: Options | None = None) -> Table:
    """The table of a CSV text."""
    return read_csv(text.encode(), options or Options())


def checked(
    text: str | bytes, kind: Kind = "locations", *, stored: Stored | None = None
) -> Checked:
    """The dry run of a file against what is stored."""
    content = text.encode() if isinstance(text, str) else text
    return check_file(Asked(kind, content), stored or Stored())


def codes(findings: Sequence[Finding], level: Level | None = None) -> list[str]:
    """What was found, in order."""
    return [one.code for one in findings if level in (None, one.level)]


def known(no: int, place: Place) -> Known:
    """A stored Location."""
    return Known(UUID(int=no), place)


def stored(*places: Place) -> Stored:
    """Places the site has already, with the ids 1, 2, 3 …"""
    return Stored(tuple(known(no, place) for no, place in enumerate(places, 1)))


def workbook(
    rows: Sequence[Sequence[object]], *, sheet: str = "Kunden", empty_first: bool = False
) -> bytes:
    """An XLSX file with one sheet of rows; instants stand in it as dates."""
    out = io.BytesIO()
    options = {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}
    with xlsxwriter.Workbook(out, options) as book:
        if empty_first:
            book.add_worksheet("Deckblatt")
        page = book.add_worksheet(sheet)
        for at, row in enumerate(rows):
            page.write_row(at, 0, row)
    return out.getvalue()
