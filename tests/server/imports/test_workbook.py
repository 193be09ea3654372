"""XLSX files, real and false."""

import io
import zipfile
from datetime import datetime

import pytest

from server.imports import workbook as room
from server.imports.table import Options, Unreadable
from server.imports.workbook import read_workbook
from tests.server.imports.files import workbook

ROWS: list[list[object]] = [
    ["Name", "Breite", "Kundennr"],
    ["Alepa", 60.1691780, 4711],
    ["Lidl", 60, "007"],
]


def refused(content: bytes, options: Options | None = None) -> str:
    with pytest.raises(Unreadable) as trouble:
        read_workbook(content, options or Options())
    return trouble.value.code


def test_numbers_and_texts_come_as_a_person_would_type_them() -> None:
    found = read_workbook(workbook(ROWS), Options())

    assert found.headers == ("Name", "Breite", "Kundennr")
    assert [record.cells for record in found.records] == [
        ("Alepa", "60.169178", "4711"),
        ("Lidl", "60", "007"),
    ]


def test_the_first_sheet_with_rows_is_read_and_another_can_be_chosen() -> None:
    content = workbook(ROWS, sheet="Kunden", empty_first=True)

    assert read_workbook(content, Options()).options.sheet == "Kunden"
    assert refused(content, Options(sheet="Deckblatt")) == "file_empty"
    assert refused(content, Options(sheet="Nichts")) == "sheet_unknown"


def test_rows_are_numbered_as_the_spreadsheet_shows_them() -> None:
    found = read_workbook(workbook([[], [], *ROWS]), Options())

    assert [record.row for record in found.records] == [4, 5]


def test_dates_and_truths_are_texts_too() -> None:
    row = ["A", datetime.fromisoformat("2026-11-20T08:30"), True, " x\xa0y "]

    found = read_workbook(workbook([["name", "day", "open", "note"], row]), Options())

    assert found.records[0].cells == ("A", "2026-11-20 08:30", "true", "x y")


def test_too_many_rows_or_columns_are_refused_before_they_are_read() -> None:
    assert refused(workbook([["name"], *[["x"]] * 50_001])) == "too_many_rows"
    assert refused(workbook([["name"] * 101, ["x"] * 101])) == "too_many_columns"


def test_a_workbook_without_any_row_is_empty() -> None:
    assert refused(workbook([])) == "file_empty"


def test_a_zip_without_a_workbook_is_named() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("photo.txt", "no table")

    assert refused(content.getvalue()) == "not_a_workbook"


def test_a_renamed_or_cut_file_is_named() -> None:
    assert refused(b"PK\x03\x04 renamed") == "workbook_broken"
    assert refused(workbook(ROWS)[:-300]) == "workbook_broken"


def test_a_bomb_is_refused_by_its_own_list() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (room.UNPACKED_MAX_BYTES + 1))

    assert refused(content.getvalue()) == "workbook_bomb"
