"""Columns find their meaning by English, German and OpenStreetMap's words."""

import pytest

from server.imports.columns import guess_decimal, guess_mapping, location_kind, missing, plain
from tests.server.imports.files import table


def mapping(header: str, row: str = "") -> dict[str, str]:
    width = header.count(",") + 1
    return guess_mapping("locations", table(f"{header}\n{row or ','.join(['1'] * width)}\n"))


def test_a_german_list_of_customers_is_understood() -> None:
    found = mapping(
        "Kunden-Nr.,Firma,Straße,Nr.,PLZ,Ort,Breitengrad,Längengrad,Öffnungszeiten,Tel.,Bemerkung"
    )

    assert found == {
        "ref": "Kunden-Nr.",
        "name": "Firma",
        "street": "Straße",
        "housenumber": "Nr.",
        "postcode": "PLZ",
        "city": "Ort",
        "lat": "Breitengrad",
        "lon": "Längengrad",
        "opening_hours": "Öffnungszeiten",
        "phone": "Tel.",
        "note": "Bemerkung",
    }


def test_an_extract_of_openstreetmap_is_understood() -> None:
    found = mapping(
        "@id,name,addr:street,addr:housenumber,addr:postcode,addr:city,lat,lon,opening_hours"
    )

    assert found["ref"] == "@id"
    assert (found["street"], found["housenumber"]) == ("addr:street", "addr:housenumber")


def test_our_own_names_win_over_their_synonyms() -> None:
    found = mapping("id,ref,customer,name,lat,lon")

    assert (found["ref"], found["name"]) == ("ref", "name")


def test_a_kind_of_another_vocabulary_is_left_alone() -> None:
    assert "kind" not in mapping("name,kind", "A,restaurant")
    assert "kind" not in mapping("osm_id,name,kind", "n1,A,supermarket")
    assert mapping("name,Art", "A,Kunde")["kind"] == "Art"


def test_minutes_are_not_taken_for_seconds() -> None:
    assert "service_s" not in mapping("name,service_min")
    assert mapping("name,Standzeit (s)")["service_s"] == "Standzeit (s)"


def test_a_file_of_stops_finds_location_place_and_window() -> None:
    found = guess_mapping(
        "stops", table("Reihenfolge,Kundennummer,Zeitfenster\n1,K1,08:00-10:00\n")
    )

    assert found == {"location": "Kundennummer", "pos": "Reihenfolge", "window": "Zeitfenster"}


def test_what_is_needed_and_missing_is_named() -> None:
    assert missing("locations", {"name": "name"}) == ["address"]
    assert missing("locations", {"lat": "lat", "lon": "lon"}) == ["name"]
    assert missing("locations", {"name": "name", "city": "Ort"}) == ["address"]
    assert missing("stops", {"pos": "pos"}) == ["location"]
    assert missing("stops", {"location": "ref"}) == []


@pytest.mark.parametrize(
    ("values", "sign"), [("60,17;24,94", ","), ("60.17;24.94", "."), (";", ".")]
)
def test_the_decimal_sign_is_the_one_most_coordinates_use(values: str, sign: str) -> None:
    found = table(f"name;lat;lon\nA;{values}\n")

    assert guess_decimal(found, guess_mapping("locations", found)) == sign


def test_words_are_compared_without_accents_and_signs() -> None:
    assert plain("Straße / Haus-Nr.") == plain("STRASSE haus nr")
    assert plain("Café") == plain("cafe")
    assert plain("Überweg") == "ueberweg"


def test_kinds_are_known_in_both_languages() -> None:
    assert [location_kind(word) for word in ("Lieferant", "SAFE_PLACE", "Rampe", "pub")] == [
        "supplier",
        "safe_place",
        "dock",
        None,
    ]
