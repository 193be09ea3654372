"""Single cells as numbers, seconds and texts."""

import pytest

from server.imports.cells import Bad, coordinate, label, number, seconds, text, whole


@pytest.mark.parametrize(
    ("cell", "decimal", "value"),
    [
        ("60.17", ".", 60.17),
        ("-60,17", ",", -60.17),
        ("1.234,5", ",", 1234.5),
        ("1,234.5", ".", 1234.5),
        ("−5", ".", -5.0),
        ("+7", ",", 7.0),
    ],
)
def test_numbers_are_read_with_the_decimal_sign_of_the_file(
    cell: str, decimal: str, value: float
) -> None:
    assert number(cell, decimal) == value


@pytest.mark.parametrize(
    "cell", ["60,17", "6.017.065", "abc", "NaN", "inf", "1e5", "60.17°", ".", "60.", "٣"]
)
def test_what_is_no_number_with_a_point_is_refused(cell: str) -> None:
    assert number(cell, ".") == Bad("not_a_number")


def test_degrees_have_their_range() -> None:
    assert coordinate("91", ".", 90) == Bad("out_of_range", 90)
    assert coordinate("-180", ".", 180) == -180.0


def test_seconds_are_whole_and_at_most_a_day() -> None:
    assert seconds("90") == 90
    assert seconds("90.0") == 90
    assert seconds("0") == 0
    assert [isinstance(seconds(cell), Bad) for cell in ("1.5", "-1", "86401", "2 min")] == [
        True
    ] * 4


def test_positions_start_at_one() -> None:
    assert whole("1", 10) == 1
    assert [isinstance(whole(cell, 10), Bad) for cell in ("0", "11", "first")] == [True] * 3


def test_texts_are_bounded_and_clean() -> None:
    assert text("a\nb\tc", 10) == "a\nb\tc"
    assert text("a\x00b", 10) == Bad("control_characters")
    assert text("x" * 11, 10) == Bad("too_long", 10)


def test_a_number_that_a_spreadsheet_has_rounded_is_refused() -> None:
    assert label("4,93012E+11", 200) == Bad("rounded_by_spreadsheet")
    assert label("+49 30 1234", 200) == "+49 30 1234"
