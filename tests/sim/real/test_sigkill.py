"""Server and phone really killed under load: what the log promised is at the office, once."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from server.core.settings import Settings
from tests.sim.real import books
from tests.sim.real.sigkill import Figures, kill_loop

KILLS = 5
pytestmark = pytest.mark.timeout(240)


class After(NamedTuple):
    """What a loop has left behind."""

    folder: Path
    figures: Figures


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> After:
    """Ten kills under load, five of each side."""
    folder = tmp_path_factory.mktemp("kills")
    return After(
        folder, kill_loop(folder, KILLS, 11, template=sqlite_template, alive_s=(0.05, 0.3))
    )


def test_ten_kills_under_load_lose_and_double_nothing(after: After) -> None:
    figures = after.figures

    assert figures.wrong == []
    assert figures.server_kills >= KILLS <= figures.device_kills
    assert figures.promised >= 5 * KILLS
    assert figures.files >= KILLS


def test_every_way_the_books_can_differ_is_noticed(after: After, tmp_path: Path) -> None:
    office = books.read_office(Settings.read(data=after.folder / "data"))
    phone = books.read_phone(after.folder / "phone-0")
    first, *others = phone.docs
    less = {id_: phone.docs[id_] for id_ in others}
    stream, places = next(iter(office.places.items()))
    stop = next(key for key in office.rows if key[0] == "stop")
    bent = {**office.rows, stop: (*office.rows[stop][:3], {"state": "done", "n": 99})}

    assert books.wrong_at_office(office, phone.docs) == []
    assert books.wrong_at_office(replace(office, docs=less), phone.docs)
    assert books.wrong_at_office(office, less)
    assert books.wrong_at_office(office, {**phone.docs, first: b"{}"})
    assert books.wrong_at_office(replace(office, places={stream: places[1:]}), phone.docs)
    assert books.badly_folded(replace(office, rows=bent))
    assert books.wrong_with_phone(replace(phone, docs=less), [first])
    assert books.wrong_with_phone(replace(phone, places=phone.places[1:]), [])
    assert books.rows_that_differ(replace(office, rows=bent), phone)
    assert books.files_that_differ(office, phone, after.folder / "data" / "blobs") == []
    assert books.files_that_differ(office, phone, tmp_path)
