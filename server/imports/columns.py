"""Which column means what: guessed from the header in English, German and OSM's words."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Literal

from server.imports.table import Table

Kind = Literal["locations", "stops"]
KINDS: tuple[Kind, ...] = ("locations", "stops")
_REF = (
    "ref reference referenz id osmid code key nummer number no nr kundennummer kundennr kdnr "
    "customernumber customerno customerid lieferantennummer lieferantennr filialnummer filialnr "
    "storenumber storeno storeid shopid externalid externeid standortnummer locationref locationid"
)
_SERVICE = "services servicetimes standzeits haltezeits servicesekunden serviceseconds"
# In the order in which fields choose; within a field the first word that stands in a header wins.
_WORDS: dict[Kind, dict[str, str]] = {
    "locations": {
        "ref": _REF,
        "name": "name locationname bezeichnung firma firmenname company companyname kunde "
        "kundenname customer customername lieferant supplier store storename shop filiale markt "
        "standort standortname ortsname place location title",
        "address": "address adresse anschrift fulladdress vollstaendigeadresse lieferadresse "
        "deliveryaddress addrfull",
        "street": "street strasse str addrstreet streetname strassenname streetaddress "
        "strasseundhausnummer strassehausnummer strassenr streetandnumber address1 adresse1 "
        "addressline1 adresszeile1",
        "housenumber": "housenumber hausnummer hausnr hnr addrhousenumber housenr houseno "
        "streetnumber",
        "postcode": "postcode plz postleitzahl zip zipcode postalcode addrpostcode",
        "city": "city ort stadt town gemeinde addrcity municipality wohnort",
        "lat": "lat latitude breite breitengrad geobreite gpslat ycoord",
        "lon": "lon lng long longitude laenge laengengrad geolaenge gpslon gpslng xcoord",
        "opening_hours": "openinghours oeffnungszeiten hours oeffnung geoeffnet businesshours "
        "annahmezeiten warenannahme",
        "kind": "kind type typ art locationkind locationtype",
        "service_s": _SERVICE,
        "phone": "phone telefon tel telephone phonenumber telefonnummer contactphone mobile mobil "
        "handy",
        "note": "note notes notiz notizen bemerkung bemerkungen hinweis hinweise remark remarks "
        "comment comments kommentar description beschreibung",
    },
    "stops": {
        "location": "location locationref place stop halt standort station " + _REF + " name kunde",
        "pos": "pos position order seq sequence reihenfolge stopno stopnumber haltnr haltnummer "
        "lfdnr lfd rank",
        "window": "window timewindow zeitfenster fenster windows",
        "service_s": _SERVICE,
    },
}
NEEDED: dict[Kind, tuple[str, ...]] = {"locations": ("name",), "stops": ("location",)}
ADDRESS_PARTS = ("address", "street", "housenumber", "postcode", "city")
_LOCATION_KINDS = {
    "depot": "depot", "lager": "depot", "warehouse": "depot", "hub": "depot",
    "supplier": "supplier", "lieferant": "supplier",
    "customer": "customer", "kunde": "customer", "client": "customer",
    "station": "station", "arbeitsplatz": "station",
    "supermarket": "supermarket", "supermarkt": "supermarket",
    "dock": "dock", "tor": "dock", "rampe": "dock", "gate": "dock",
    "locker": "locker", "paketstation": "locker", "schliessfach": "locker",
    "safeplace": "safe_place", "ablageort": "safe_place",
}  # fmt: skip
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_DECIMAL_COMMA = re.compile(r"-?\d{1,3},\d+")
_DECIMAL_POINT = re.compile(r"-?\d{1,3}\.\d+")
OSM_ID = "osmid"


def fields(kind: Kind) -> tuple[str, ...]:
    """Every field a column of this kind of import may mean."""
    return tuple(_WORDS[kind])


def plain(text: str) -> str:
    """Letters and digits only, without accents, for comparing words: `Straße` is `strasse`."""
    spelled = unicodedata.normalize("NFC", text).casefold().translate(_UMLAUTS)
    letters = unicodedata.normalize("NFKD", spelled)
    return "".join(letter for letter in letters if letter.isalnum())


def location_kind(text: str) -> str | None:
    """Our word for a kind of Location, or None when it is none of ours."""
    return _LOCATION_KINDS.get(plain(text))


def guess_mapping(kind: Kind, table: Table) -> dict[str, str]:
    """Field to header; a header serves one field, a field no header names is left out."""
    free = {header: plain(header) for header in table.headers}
    mapping: dict[str, str] = {}
    if kind == "locations":
        _number_beside_street(free, mapping)
    for name, words in _WORDS[kind].items():
        header = _first(words.split(), free)
        if header is None or not _plausible(name, header, table):
            continue
        mapping[name] = header
        del free[header]
    return {name: mapping[name] for name in _WORDS[kind] if name in mapping}


def _first(words: Iterable[str], free: Mapping[str, str]) -> str | None:
    return next((header for word in words for header, text in free.items() if text == word), None)


def _number_beside_street(free: dict[str, str], mapping: dict[str, str]) -> None:
    """`Nr.` right after the street is the house number, not the number of the customer."""
    headers = list(free)
    streets = _WORDS["locations"]["street"].split()
    for before, header in pairwise(headers):
        if free[header] in ("nr", "no", "number", "nummer") and free[before] in streets:
            mapping["housenumber"] = header
            del free[header]
            return


def _plausible(name: str, header: str, table: Table) -> bool:
    """A column of kinds counts only when it speaks our words; OSM's `supermarket` is a shop."""
    if name != "kind":
        return True
    if any(plain(other) == OSM_ID for other in table.headers):
        return False
    return all(location_kind(value) for value in table.column(header) if value)


def guess_decimal(table: Table, mapping: Mapping[str, str]) -> str:
    """Comma or point, by what most coordinates are written with."""
    values = [v for name in ("lat", "lon") if name in mapping for v in table.column(mapping[name])]
    commas = sum(1 for value in values if _DECIMAL_COMMA.fullmatch(value))
    points = sum(1 for value in values if _DECIMAL_POINT.fullmatch(value))
    return "," if commas > points else "."


def missing(kind: Kind, mapping: Mapping[str, str]) -> list[str]:
    """Needed fields that no column gives; for Locations also an address or coordinates."""
    lacking = [name for name in NEEDED[kind] if name not in mapping]
    if kind == "locations":
        addressed = any(name in mapping for name in ("address", "street"))
        if not addressed and not {"lat", "lon"} <= mapping.keys():
            lacking.append("address")
    return lacking
