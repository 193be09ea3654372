"""The dry run as a whole, on files as people send them."""

import csv
import io
from pathlib import Path

import pytest

from server.imports.check import Asked, Stored, check_file
from server.imports.locations import Change
from server.imports.table import Level, Options, Unreadable
from tests.server.imports.files import checked, codes, stored, workbook

FILES = Path(__file__).parents[2] / "data" / "imports"
HELSINKI = Path(__file__).parents[4] / "shared" / "data" / "helsinki"
HEAD = "name,address,lat,lon\n"


def refused(asked: Asked) -> Unreadable:
    with pytest.raises(Unreadable) as trouble:
        check_file(asked, Stored())
    return trouble.value


def test_the_grocery_list_is_read_without_a_question() -> None:
    found = checked((FILES / "grocery_15.csv").read_bytes())

    assert found.counts == {"new": 15, "changed": 0, "same": 0, "wrong": 0, "warning": 0}
    assert found.mapping["ref"] == "osm_id"
    assert found.unused() == ["kind"]


def test_a_german_spreadsheet_file_is_read_with_each_fault_in_its_row() -> None:
    found = checked((FILES / "kunden_excel.csv").read_bytes())

    assert (found.options.encoding, found.options.delimiter, found.options.decimal) == (
        "windows-1252",
        ";",
        ",",
    )
    assert found.counts == {"new": 5, "changed": 0, "same": 0, "wrong": 4, "warning": 2}
    assert [(one.row, one.code) for one in found.findings if one.level is Level.WRONG] == [
        (5, "name_missing"), (6, "not_a_number"), (8, "row_long"), (10, "rounded_by_spreadsheet"),
    ]  # fmt: skip


def test_real_files_are_read_as_they_are_where_they_are_present() -> None:
    for path, good, wrong in (("grocery_15.csv", 15, 0), ("food_places.csv", 335, 8)):
        if (HELSINKI / path).exists():
            found = checked((HELSINKI / path).read_bytes())
            assert (found.counts["new"], found.counts["wrong"]) == (good, wrong)


def test_a_workbook_says_the_same_as_its_csv() -> None:
    rows = list(csv.reader(io.StringIO((FILES / "grocery_15.csv").read_text("utf-8"))))

    found = checked(workbook(rows))

    assert found.counts["new"] == 15


def test_what_was_taken_over_is_the_same_the_second_time() -> None:
    content = (FILES / "grocery_15.csv").read_bytes()
    first = checked(content)
    after = [change.after for change in first.changes if isinstance(change, Change)]

    again = checked(content, stored=stored(*after))

    assert again.counts == {"new": 0, "changed": 0, "same": 15, "wrong": 0, "warning": 0}


def test_a_mapping_by_hand_wins_over_the_guess() -> None:
    asked = Asked(
        "locations", b"a,b,name\nShop,Lane 1,x\n", mapping={"name": "a", "address": "b", "ref": ""}
    )

    [change] = check_file(asked, Stored()).changes

    assert isinstance(change, Change)
    assert (change.told.name, change.told.address) == ("Shop", "Lane 1")


def test_a_mapping_that_does_not_fit_is_refused_with_the_choices() -> None:
    content = b"name,address\nA,Lane 1\n"

    assert refused(Asked("locations", content, mapping={"name": "Nome"})).code == "column_unknown"
    assert refused(Asked("locations", content, mapping={"nome": "name"})).code == "field_unknown"


def test_a_file_that_lacks_a_needed_column_is_shown_but_gives_no_row() -> None:
    found = checked("foo,bar\n1,2\n3,4\n")

    assert found.blocked == "field_missing"
    assert found.findings[0].fields["fields"] == "name, address"
    assert (found.counts["wrong"], found.changes) == (2, ())
    assert found.samples() == [("foo", "1 | 3"), ("bar", "2 | 4")]


def test_an_option_that_is_none_is_refused_with_the_choices() -> None:
    content = HEAD.encode() + b"A,Lane,1,2\n"

    assert refused(Asked("locations", content, Options(delimiter="x"))).code == "option_unknown"
    assert (
        refused(Asked("locations", content, Options(encoding="klingon"))).code == "option_unknown"
    )


def test_a_fix_in_place_makes_a_row_good() -> None:
    content = HEAD.encode() + b"A,Lane 1,6O,24\n"

    found = check_file(Asked("locations", content, fixes={(2, "lat"): "60"}), Stored())

    assert found.counts["wrong"] == 0


def test_every_row_is_counted_once() -> None:
    found = checked(f"{HEAD}A,Lane 1,1,2\n,Lane 2,1,2\nC,x,1,2,3,4\nD,Lane 4,,\n")

    assert found.counts == {"new": 2, "changed": 0, "same": 0, "wrong": 2, "warning": 1}
    assert found.rows == 4


def test_columns_are_shown_with_their_first_values() -> None:
    assert checked(f"{HEAD}A,Lane 1,1,2\nB,,1.5,2\n").samples() == [
        ("name", "A | B"), ("address", "Lane 1"), ("lat", "1 | 1.5"), ("lon", "2 | 2"),
    ]  # fmt: skip


def test_findings_come_by_row_and_the_worst_first() -> None:
    found = checked("ref,name,lat,lon,opening_hours\n1,A,1,2,never\n2,,1,2,never\n")

    assert codes(found.findings) == ["hours_unclear", "name_missing", "hours_unclear"]


def test_five_thousand_rows_are_checked_in_one_go() -> None:
    rows = "".join(
        f"{n},Shop {n},Street {n},{50 + n / 5000:.6f},{13 + n % 70 / 100:.6f},Mo-Fr 08:00-18:00\n"
        for n in range(5_000)
    )
    content = f"ref,name,address,lat,lon,opening_hours\n{rows}"

    found = checked(content)

    assert found.counts["new"] == 5_000
