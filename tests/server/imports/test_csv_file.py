"""CSV as spreadsheets and people write it."""

import pytest

from server.imports.csv_file import read_csv
from server.imports.table import Level, Options, Unreadable
from tests.server.imports.files import codes, table

TEXT = "name;lat;note\nCafé Zoë;60,17;„gut“\nBäckerei Süß;60,18;ok\n"


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("windows-1252", "windows-1252"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_the_encoding_is_found(encoding: str, named: str) -> None:
    found = read_csv(TEXT.encode(encoding), Options())

    assert found.options.encoding == named
    assert found.column("name") == ["Café Zoë", "Bäckerei Süß"]
    assert found.column("note")[0] == "„gut“"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found(delimiter: str) -> None:
    rows = [["name", "lat", "address"], ["Alepa", "60.17", "Kaivokatu 8"], ["Lidl", "60.18", "x"]]

    found = table("\n".join(delimiter.join(row) for row in rows))

    assert found.options.delimiter == delimiter
    assert found.headers == ("name", "lat", "address")


def test_a_decimal_comma_does_not_pass_for_the_separator() -> None:
    assert table("name;lat;lon\nA;60,1;24,9\nB;60,2;24,8\n").options.delimiter == ";"


def test_the_instruction_of_a_spreadsheet_names_the_separator_and_keeps_the_row_numbers() -> None:
    found = table("sep=;\nname;lat\nA, B;60\n")

    assert found.options.delimiter == ";"
    assert found.records[0].row == 3


def test_quoted_separators_quotes_and_line_breaks_stay_in_their_cell() -> None:
    found = table('name,note\n"A, ""B""","one\r\ntwo"\nC,d\n')

    assert found.records[0].cells == ('A, "B"', "one\ntwo")
    assert found.records[1].row == 3


def test_line_ends_of_every_system_are_read() -> None:
    for end in ("\n", "\r\n", "\r"):
        assert len(table(f"name,lat{end}A,1{end}B,2{end}").records) == 2


def test_empty_rows_are_passed_over_but_counted() -> None:
    found = table("\nname,lat\n,,\nA,1\n\n\nB,2\n")

    assert [record.row for record in found.records] == [4, 7]


def test_a_column_without_a_name_gets_its_number() -> None:
    found = table("name,,lat\nA,x,1\n")

    assert found.headers == ("name", "#2", "lat")
    assert codes(found.findings) == ["header_empty"]


def test_two_columns_of_one_name_are_told_apart() -> None:
    found = table("name,name,name\nA,B,C\n")

    assert found.headers == ("name", "name (2)", "name (2)+")
    assert codes(found.findings) == ["header_twice", "header_twice"]


def test_empty_columns_at_the_end_are_cut_off() -> None:
    assert table("name,lat,,,\nA,1,,,\n").headers == ("name", "lat")


def test_a_row_with_too_many_cells_is_wrong_and_alone() -> None:
    found = table("name,address\nA,Street 1, Town\nB,Lane 2\nC,x\n")

    [finding] = found.findings
    assert (finding.row, finding.level, finding.code) == (2, Level.WRONG, "row_long")
    assert [record.row for record in found.records] == [3, 4]


def test_a_row_that_is_too_short_is_read_with_a_warning() -> None:
    found = table("name,lat,lon\nA,1\nB,1,2\n")

    assert codes(found.findings, Level.WARNING) == ["row_short"]
    assert found.records[0].cells == ("A", "1", "")


def test_a_quotation_mark_that_never_closes_is_one_wrong_row() -> None:
    found = table('name,lat\nA,1\nB,"2\nC,3\nD,4\n')

    [finding] = found.findings
    assert (finding.row, finding.code, finding.fields["lines"]) == (3, "quote_open", 3)
    assert finding.value == 'B,"2'
    assert [record.cells[0] for record in found.records] == ["A"]


def test_a_quotation_mark_inside_a_text_is_one_wrong_row() -> None:
    found = table('name,lat\n"A"x,1\nB,2\n')

    assert [(one.row, one.code) for one in found.findings] == [(2, "quote_inside")]
    assert [record.cells[0] for record in found.records] == ["B"]


def test_letters_in_parts_are_composed_and_hard_spaces_made_ordinary() -> None:
    assert table("name,lat\nCafe\u0301\xa0 X \xa0,1\n").records[0].cells[0] == "Café  X"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x01\x02\x03\x04\x05\x06\x07\x08" * 50, "binary"),
        (b"name,lat\n", "only_header"),
        (b",,\n;;\n", "only_header"),
        (b",,\n,,\n", "file_empty"),
        (("x," * 200).encode() + b"y\n1\n", "too_many_columns"),
        (b"name,lat\n" + b"A,1\n" * 50_001, "too_many_rows"),
    ],
)
def test_what_is_no_table_is_refused_as_a_whole(content: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as trouble:
        read_csv(content, Options())

    assert trouble.value.code == code


def test_a_wanted_encoding_that_does_not_fit_is_named() -> None:
    with pytest.raises(Unreadable) as trouble:
        read_csv("name\nCafé\n".encode("windows-1252"), Options(encoding="utf-8"))

    assert (trouble.value.code, trouble.value.fields) == ("wrong_encoding", {"encoding": "utf-8"})
