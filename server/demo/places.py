"""Places of the demo: suppliers, stores and the stations of a plant, all invented."""

from dataclasses import dataclass, field
from datetime import time
from uuid import UUID

from server.demo.keys import demo_id
from shared.site import Contact, Location, LocationKind, Site, TimeWindow

SITE = Site(
    name="Leipzig–Halle",
    tz="Europe/Berlin",
    country="DE",
    subdivision="SN",
    lang="en",
    currency="EUR",
    day_start_local=time(4),
)
PLAN_ID = demo_id("floor plan")
FLOOR_M = (240.0, 120.0)


@dataclass(frozen=True)
class Spot:
    """A place with its id."""

    key: str
    location: Location
    id: UUID = field(init=False)

    def __post_init__(self) -> None:
        """Derive the id from the key."""
        object.__setattr__(self, "id", demo_id(f"location {self.key}"))


def _road(
    key: str,
    kind: LocationKind,
    name: str,
    address: str,
    at: tuple[float, float],
    *,
    service_s: int = 0,
    phone: str = "",
    note: str = "",
) -> Spot:
    place = Location(
        ref=key,
        kind=kind,
        name=name,
        address=address,
        lat=at[0],
        lon=at[1],
        service_fixed_s=service_s,
        contact=Contact(phone=phone) if phone else None,
        note=note,
    )
    return Spot(key, place)


def _floor(key: str, kind: LocationKind, name: str, x_m: float, y_m: float) -> Spot:
    place = Location(ref=key, kind=kind, name=name, plan_id=PLAN_ID, x_m=x_m, y_m=y_m)
    return Spot(key, place)


def window(start: str, end: str) -> TimeWindow:
    """Every day from start to end, `HH:MM` each."""
    return TimeWindow(start_local=time.fromisoformat(start), end_local=time.fromisoformat(end))


FURNITURE_PLANT = _road(
    "D01-PLANT", "depot", "Möbelwerk Lindthal", "Werkring 1, 04980 Lindthal", (51.4105, 12.2960),
    phone="+49 30 23125010", note="Goods in at gate 3.",
)  # fmt: skip
SUPPLIERS = (
    _road("D01-A", "supplier", "Holzwerk Auenwald", "Sägeweg 12, 04981 Auenwald",
          (51.4588, 12.6290), service_s=1_200, phone="+49 30 23125011",
          note="Wood, 5 pallets. Weigh in first."),
    _road("D01-B", "supplier", "Beschlag Kronthal", "Amboßgasse 7, 04982 Kronthal",
          (51.2402, 12.7208), service_s=900, phone="+49 30 23125012",
          note="Hardware, 3 pallets. Ring at the back."),
    _road("D01-C", "supplier", "Polster Mühlgrund", "Am Wehr 3, 04983 Mühlgrund",
          (51.2015, 12.2871), service_s=1_200, phone="+49 30 23125013",
          note="Fabric, 5 pallets. Keep dry."),
)  # fmt: skip

GROCERY_DEPOT = _road(
    "D04-DEPOT", "depot", "Frischelager Auenstadt", "Kühlhof 5, 04994 Auenstadt",
    (51.3562, 12.4476), phone="+49 30 23125040",
)  # fmt: skip
_STORES = (
    ("Kornblume Mitte", "Lindengasse 4, 04990 Auenstadt", 51.34012, 12.37421, 4),
    ("Kornblume Nord", "Amselweg 17, 04991 Auenstadt", 51.36871, 12.38640, 3),
    ("Markt am Anger", "Brunnenstieg 2a, 04990 Auenstadt", 51.33504, 12.36018, 3),
    ("Feinkost Übermut", "Rosentreppe 9, 04993 Auenstadt", 51.32455, 12.33170, 2),
    ("Kornblume West", "Ziegelhof 1, 04994 Auenstadt", 51.33391, 12.30755, 4),
    ("Dorfladen Kirschau", "Anger 6, 06990 Kirschau", 51.36602, 12.22914, 2),
    ("Markthalle Schkeuba", "Alte Rampe 12, 06991 Schkeuba", 51.39117, 12.21560, 4),
    ("Bahnhofsladen Schkeuba", "Gleisweg 3, 06991 Schkeuba", 51.39480, 12.20077, 2),
    ("Grüner Korb", "Saalblick 44, 06992 Döllnau", 51.42310, 12.08854, 4),
    ("Kornblume Hallenau Ost", "Pappelring 8, 06993 Hallenau", 51.47904, 12.01188, 4),
    ("Kornblume Hallenau Süd", "Salzstieg 21, 06994 Hallenau", 51.46020, 11.97733, 3),
    ("Salz und Brot", "Turmplatz 5, 06995 Hallenau", 51.48213, 11.96844, 3),
)
STORES = tuple(
    _road(f"D04-{no:02}", "customer", name, address, (lat, lon), service_s=240,
          phone=f"+49 30 231250{40 + no}")
    for no, (name, address, lat, lon, _cages) in enumerate(_STORES, 1)
)  # fmt: skip
CAGES = tuple(cages for *_rest, cages in _STORES)

SUPERMARKET = _floor("D13-SM", "supermarket", "Supermarket hall 1", 16.0, 60.0)
_LINE_1 = (
    (40, 100), (70, 104), (100, 104), (130, 104), (160, 104),
    (190, 104), (218, 92), (218, 72), (180, 66), (120, 66),
)  # fmt: skip
_LINE_2 = ((44, 22), (76, 16), (108, 16), (140, 16), (172, 16), (206, 20), (206, 44), (130, 48))
STATIONS_1 = tuple(
    _floor(f"D13-A{no:02}", "station", f"Assembly A{no:02}", x, y)
    for no, (x, y) in enumerate(_LINE_1, 1)
)
STATIONS_2 = tuple(
    _floor(f"D13-B{no:02}", "station", f"Body B{no:02}", x, y)
    for no, (x, y) in enumerate(_LINE_2, 1)
)
ALL = (
    FURNITURE_PLANT, *SUPPLIERS, GROCERY_DEPOT, *STORES, SUPERMARKET, *STATIONS_1, *STATIONS_2,
)  # fmt: skip
