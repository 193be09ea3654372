"""The same place told twice is listed."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from server.imports.doubles import Told, find_doubles
from server.imports.locations import Place

HERE, NEAR, FAR = 60.1700, 60.1704, 60.1800  # 0, 44 and 1,100 metres north
KNOWN = UUID(int=1)


def told(at: int | UUID, name: str, lat: float | None = HERE, address: str = "") -> Told:
    return Told(at, Place(name=name, lat=lat, lon=None if lat is None else 24.94, address=address))


def why(*rows: Told, known: tuple[Told, ...] = ()) -> list[tuple[int, int | UUID, str]]:
    return [(one.row, one.other, one.why) for one in find_doubles(rows, known)]


def test_one_name_nearby_is_a_double_and_far_away_a_chain() -> None:
    assert why(told(2, "R-Kioski"), told(3, "R-kioski", NEAR)) == [(3, 2, "double_name")]
    assert why(told(2, "R-Kioski"), told(3, "R-kioski", FAR)) == []


def test_two_names_on_one_spot_are_a_double() -> None:
    assert why(told(2, "Cafe"), told(3, "Bar")) == [(3, 2, "double_spot")]
    assert why(told(2, "Cafe"), told(3, "Bar", NEAR)) == []


def test_one_street_and_number_is_a_double_but_a_town_is_not() -> None:
    street, town = "Kaivokatu 8, 00100 Helsinki", "00100 Helsinki"

    assert why(told(2, "A", None, street), told(3, "B", None, street.upper())) == [
        (3, 2, "double_address")
    ]
    assert why(told(2, "A", None, town), told(3, "B", None, town)) == []


def test_a_row_is_compared_with_what_is_stored_but_stored_places_not_with_each_other() -> None:
    stored = (told(KNOWN, "Lidl"), told(UUID(int=2), "Lidl"))

    assert why(told(2, "LIDL"), known=stored[:1]) == [(2, KNOWN, "double_name")]
    assert why(known=stored) == []


def test_the_strongest_reason_is_told_once_per_pair() -> None:
    street = "Kaivokatu 8, 00100 Helsinki"

    assert why(told(2, "Lidl", HERE, street), told(3, "Lidl", HERE, street)) == [
        (3, 2, "double_name")
    ]


@given(st.lists(st.tuples(st.sampled_from("AB"), st.floats(-89, 89)), min_size=2, max_size=12))
def test_equal_places_are_found_anywhere_on_earth(rows: list[tuple[str, float]]) -> None:
    places = [told(at, name, lat) for at, (name, lat) in enumerate(rows, 2)]

    found = {one.row for one in find_doubles([*places, told(99, rows[0][0], rows[0][1])])}

    assert 99 in found
