"""What is exported is imported unchanged, and harms no spreadsheet."""

import csv
import io
import unicodedata
from datetime import time

from hypothesis import assume, given
from hypothesis import strategies as st

from server.imports.cells import Bad, label
from server.imports.export import write_locations
from server.imports.locations import Change, Place, natural_key
from server.imports.neutral import neutralise, restore
from server.imports.opening_hours import normal
from shared.site import EVERY_DAY, TimeWindow
from tests.server.imports.files import checked, stored

FORMULAS = "=+-@\t\r\n＝＋－＠"
letters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), include_characters="\n\t")
texts = st.text(letters | st.sampled_from("'\"=+-@;,"), max_size=30).map(
    lambda text: unicodedata.normalize(
        "NFC", text.replace("\xa0", " ").replace("\u202f", " ")
    ).strip()
)
clock = st.builds(time, st.integers(0, 23), st.integers(0, 59))
windows = st.lists(
    st.builds(
        TimeWindow, days=st.integers(1, EVERY_DAY), start_local=clock, end_local=clock
    ).filter(lambda one: one.start_local != one.end_local),
    max_size=3,
).map(lambda many: normal(many) or None)
places = st.builds(
    Place,
    name=texts.filter(bool),
    ref=texts.map(lambda text: text or None),
    kind=st.sampled_from(
        ["depot", "supplier", "customer", "station", "dock", "locker", "safe_place"]
    ),
    address=texts.map(lambda text: " ".join(text.split()) or None),
    lat=st.floats(-90, 90),
    lon=st.floats(1, 180),
    windows=windows,
    service_s=st.integers(0, 86_400),
    phone=texts.map(lambda text: text or None),
    note=texts.map(lambda text: text or None),
)


@given(st.lists(places, min_size=1, max_size=5, unique_by=natural_key))
def test_an_exported_place_is_imported_unchanged(exported: list[Place]) -> None:
    labels = [text for one in exported for text in (one.ref, one.phone) if text]
    assume(not any(isinstance(label(text, 200), Bad) for text in labels))

    found = checked(write_locations(exported))

    assert [change.told for change in found.changes if isinstance(change, Change)] == exported
    assert checked(write_locations(exported), stored=stored(*exported)).counts["same"] == len(
        exported
    )


@given(st.text(letters | st.sampled_from("'=+-@"), max_size=10))
def test_no_exported_cell_runs_and_each_comes_back(text: str) -> None:
    cell = neutralise(text)

    assert not cell.startswith(tuple(FORMULAS))
    assert restore(cell) == text


def test_an_apostrophe_of_a_name_is_left_alone() -> None:
    assert neutralise("'s-Hertogenbosch") == "'s-Hertogenbosch"
    assert neutralise("=1+1") == "'=1+1"
    assert neutralise("'=1+1") == "''=1+1"


def test_negative_coordinates_stay_numbers() -> None:
    [_, row] = csv.reader(
        io.StringIO(write_locations([Place(name="A", lat=-1.5, lon=2.0)]).decode("utf-8-sig"))
    )

    assert row[4:6] == ["-1.5", "2.0"]
