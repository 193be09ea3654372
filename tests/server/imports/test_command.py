"""`milkrun import` on the console: what it says and its exit codes."""

import shutil
from pathlib import Path
from uuid import UUID

import pytest

from server.core import db
from server.core.access import system
from server.core.clock import SystemClock
from server.core.settings import Settings
from server.core.writer import open_writer
from server.imports.command import Order, run
from server.loops.service import create_loop
from server.sites.service import create_site
from shared.ids import SiteId
from shared.loop import Loop
from shared.site import Site

FILES = Path(__file__).parents[2] / "data" / "imports"
GROCERY = FILES / "grocery_15.csv"
SITE = SiteId(UUID(int=7))


class Console:
    """Runs the command and keeps what it said."""

    def __init__(self, data: Path) -> None:
        self.settings = Settings.read(data=data)
        self.out = ""
        self.err = ""

    def run(self, kind: str, file: Path, *, loop: str = "", commit: bool = False) -> int:
        out: list[str] = []
        err: list[str] = []
        order = Order(kind, file, loop=loop, commit=commit)
        code = run(self.settings, order, out=out.append, err=err.append)
        self.out, self.err = "\n".join(out), "\n".join(err)
        return code


@pytest.fixture
def bare(tmp_path: Path) -> Console:
    """A machine where no server was ever started."""
    return Console(tmp_path / "data")


@pytest.fixture
def console(tmp_path: Path, sqlite_template: Path) -> Console:
    """A machine with a site and a loop."""
    shutil.copy(sqlite_template, tmp_path / "milkrun.db")
    console = Console(tmp_path)
    now = SystemClock().now()
    writer = open_writer(db.write_engine(console.settings))
    loop = Loop(code="GRO", name="Groceries", kind="outbound")
    writer.run(lambda s: create_site(s, SITE, Site(name="Test"), now=now))
    writer.run(lambda s: create_loop(s, system(SITE), loop, now=now))
    writer.close()
    return console


def test_a_dry_run_needs_no_server_and_counts_every_row(bare: Console) -> None:
    assert bare.run("locations", GROCERY) == 0

    assert "grocery_15.csv: 15 rows read as locations" in bare.out
    assert "15 good rows, 0 of them with a warning, 0 wrong" in bare.out
    assert "ref            osm_id" in bare.out
    assert "not used: kind" in bare.out
    assert "Nothing was written." in bare.out


def test_findings_are_listed_by_row_and_column_and_end_with_their_own_exit_code(
    bare: Console,
) -> None:
    assert bare.run("locations", FILES / "kunden_excel.csv") == 4

    assert "separator semicolon, decimal sign comma" in bare.out
    assert "row 5, Firma: The name is missing. Fill it in." in bare.out
    assert 'row 6, Breitengrad "51.324.551": This is not a number.' in bare.out


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "The file is empty."),
        ("scan.csv", b"%PDF-1.7 x", "This is a PDF file"),
        ("photo.csv", b"\xff\xd8\xff\xe0", "This is a JPEG file"),
        (
            "table.xlsx",
            b"PK\x03\x04broken",
            "The workbook is damaged.",
        ),
        ("binary.csv", bytes(range(256)) * 9, "This is not a text file."),
        ("huge.csv", b"a,b\n" * 3_000_000, "The file has 11 MiB, more than the 10 allowed."),
    ],
)
def test_a_wrong_file_gets_one_sentence(
    bare: Console, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)

    assert bare.run("locations", tmp_path / name) == 2

    assert bare.err.startswith(said)
    assert "\n" not in bare.err


def test_a_workbook_that_is_called_csv_and_a_csv_called_workbook_are_read(
    bare: Console, tmp_path: Path
) -> None:
    shutil.copy(GROCERY, tmp_path / "grocery.xlsx")

    assert bare.run("locations", tmp_path / "grocery.xlsx") == 0


def test_a_missing_file_a_folder_and_an_unknown_kind_are_wrong_usage(
    bare: Console, tmp_path: Path
) -> None:
    assert bare.run("locations", tmp_path / "none.csv") == 2
    assert bare.run("locations", tmp_path) == 2
    assert bare.run("planets", GROCERY) == 2
    assert "locations, stops" in bare.err


def test_without_a_site_nothing_can_be_taken_over(bare: Console) -> None:
    assert bare.run("locations", GROCERY, commit=True) == 3
    assert "There is no site yet." in bare.err


def test_a_file_without_the_needed_columns_is_shown_and_refused(
    bare: Console, tmp_path: Path
) -> None:
    (tmp_path / "odd.csv").write_bytes(b"what,where\nA,B\n")

    assert bare.run("locations", tmp_path / "odd.csv") == 2
    assert "No column gives the name, address." in bare.out


def test_commit_takes_the_rows_over_once(console: Console) -> None:
    assert console.run("locations", GROCERY, commit=True) == 0
    assert "15 rows were taken over." in console.out

    assert console.run("locations", GROCERY, commit=True) == 0
    assert "0 rows were taken over." in console.out


def test_a_loop_gets_its_stops_from_the_same_file(console: Console) -> None:
    assert console.run("locations", GROCERY, loop="GRO", commit=True) == 0

    assert console.run("stops", GROCERY, loop="GRO") == 0
    assert "same               15" in console.out


def test_stops_without_a_loop_or_with_an_unknown_one_are_refused(console: Console) -> None:
    assert console.run("stops", GROCERY) == 2
    assert console.run("stops", GROCERY, loop="XYZ") == 2
    assert "There is no loop XYZ." in console.err


def test_a_database_that_was_never_set_up_is_named(tmp_path: Path) -> None:
    (tmp_path / "milkrun.db").write_bytes(b"")

    console = Console(tmp_path)

    assert console.run("locations", GROCERY) == 3
    assert "milkrun migrate" in console.err
