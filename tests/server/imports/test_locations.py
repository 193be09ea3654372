"""Rows that become Locations."""

from collections.abc import Sequence

import pytest

from server.imports.locations import Change, Place
from server.imports.table import Level
from tests.server.imports.files import HEADER, checked, codes, stored


def places(text: str) -> list[Place]:
    return [change.told for change in changes(text)]


def changes(text: str, *known: Place) -> Sequence[Change]:
    found = checked(text, stored=stored(*known)).changes
    return [one for one in found if isinstance(one, Change)]


def wrong(text: str) -> list[str]:
    return codes(checked(text).findings, Level.WRONG)


def test_street_number_postcode_and_city_are_joined_to_one_address() -> None:
    text = "name,street,housenumber,postcode,city,lat,lon\nA,Kaivokatu,8,00100,Helsinki,60.1,24.9\n"

    assert places(text)[0].address == "Kaivokatu 8, 00100 Helsinki"
    assert places(text.replace("Kaivokatu,8", ","))[0].address == "00100 Helsinki"
    assert places(text.replace("00100,Helsinki", ","))[0].address == "Kaivokatu 8"


def test_a_place_without_coordinates_is_good_but_has_to_be_set_on_the_map() -> None:
    found = checked("name,address\nA,Kaivokatu 8, Helsinki\n".replace("8, ", "8 "))

    assert codes(found.findings) == ["no_coordinates"]
    assert found.counts == {"new": 1, "changed": 0, "same": 0, "wrong": 0, "warning": 1}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("1,,Street 1,60,24,", "name_missing"),
        ("1,A,,,,", "nowhere"),
        ("1,A,Street 1,60,,", "half_a_coordinate"),
        ("1,A,Street 1,0,0,", "zero_coordinates"),
        ("1,A,Street 1,160,24,", "out_of_range"),
        ("1,A,Street 1,north,24,", "not_a_number"),
        ("1.2E+11,A,Street 1,60,24,", "rounded_by_spreadsheet"),
        (f"1,{'x' * 201},Street 1,60,24,", "too_long"),
        ("1,A\x01,Street 1,60,24,", "control_characters"),
    ],
)
def test_a_bad_row_is_reported_with_its_reason_and_not_taken(row: str, code: str) -> None:
    found = checked(f"{HEADER}{row}\n2,B,Street 2,60.1,24.1,\n")

    assert codes(found.findings, Level.WRONG) == [code]
    assert found.counts["wrong"] == 1
    assert [change.row for change in found.changes] == [3]


def test_a_finding_names_row_column_and_value() -> None:
    [finding] = checked(f"{HEADER}1,A,Street 1,60,400,\n").findings

    assert (finding.row, finding.column, finding.value) == (2, "lon", "400")


def test_opening_hours_that_are_not_understood_only_warn() -> None:
    found = checked(f"{HEADER}1,A,Street 1,60,24,sunrise-sunset\n")

    assert codes(found.findings) == ["hours_unclear"]
    assert found.counts["warning"] == 1
    assert changes(f"{HEADER}1,A,Street 1,60,24,sunrise-sunset\n")[0].told.windows is None


def test_a_kind_of_ours_is_taken_and_a_customer_is_the_default() -> None:
    assert changes("name,kind,lat,lon\nA,Depot,1,2\n")[0].after.kind == "depot"
    assert changes("name,lat,lon\nA,1,2\n")[0].after.kind == "customer"


def test_a_place_half_a_continent_away_from_the_others_warns() -> None:
    rows = "".join(f"{n},Shop {n},Street {n},60.{n},24.{n},\n" for n in range(1, 6))

    found = checked(f"{HEADER}{rows}9,Odd,Street 9,24.9,60.1,\n")

    assert [(one.row, one.code) for one in found.findings] == [(7, "far_away")]


def test_a_stored_place_is_found_by_its_ref_and_only_what_the_file_says_changes() -> None:
    known = Place(
        name="A", ref="1", kind="supplier", address="Old 1", lat=1.0, lon=2.0, phone="123"
    )

    [change] = changes("ref,name,address\n1,A,New 1\n", known)

    assert change.state == "changed"
    assert change.after.address == "New 1"
    assert (change.after.kind, change.after.lat, change.after.phone) == ("supplier", 1.0, "123")


def test_an_empty_cell_changes_nothing() -> None:
    known = Place(
        name="A", ref="1", kind="customer", address="Old 1", lat=1.0, lon=2.0, note="gate"
    )

    [change] = changes("ref,name,address,lat,lon,note\n1,A,Old 1,1,2,\n", known)

    assert change.state == "same"


def test_a_file_without_refs_finds_a_stored_place_by_name_address_and_coordinates() -> None:
    known = Place(name="Café A", ref="7", kind="customer", address="Street 1", lat=1.0, lon=2.0)

    assert (
        changes("name,address,lat,lon\nCAFE a,Street 1,1.0000001,2\n", known)[0].known is not None
    )
    assert changes("name,address,lat,lon\nCafé A,Street 2,1,2\n", known)[0].known is None


def test_a_row_told_twice_counts_once() -> None:
    found = checked(f"{HEADER}1,A,Street 1,60,24,\n1,A,Street 1,60,24,\n")

    assert codes(found.findings) == ["row_repeated"]
    assert found.counts["new"] == 1


def test_two_rows_of_one_ref_that_differ_are_not_decided_by_us() -> None:
    found = checked(f"{HEADER}1,A,Street 1,60,24,\n1,B,Street 1,60,24,\n")

    assert [
        (one.row, one.code, one.value) for one in found.findings if one.level is Level.WRONG
    ] == [(3, "key_twice", "1")]
