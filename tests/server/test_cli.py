"""The command line: one sentence for every trouble, the right exit code, nothing lost."""

import io
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from cryptography import x509
from sqlalchemy import create_engine, text

from server import cli
from server.core import db
from server.core.hosting import BAD_USE, DONE, FINDINGS, MISSING
from server.core.settings import Settings
from server.core.writer import open_writer
from server.migrations.steps import migrate
from server.sites.service import create_site
from shared.ids import SiteId
from shared.site import Site
from tests.helpers.clock import MONDAY_NOON

Milkrun = Callable[..., tuple[int, str, str]]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the settings name."""
    monkeypatch.setenv("MILKRUN_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def milkrun(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Milkrun:
    """Run a verb in this process: exit code, what it printed, what it said of troubles."""

    def run(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        assert data.is_absolute()
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = cli.run([str(one) for one in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return run


@pytest.fixture
def founded(data: Path, site: SiteId) -> Path:
    """A data folder with a site."""
    data.mkdir()
    settings = Settings.read(data=data)
    migrate(settings)
    writer = open_writer(db.write_engine(settings))
    writer.run(lambda s: create_site(s, site, Site(name="Test"), now=MONDAY_NOON))
    writer.close()
    return data


@pytest.fixture
def taken() -> Iterator[int]:
    """A port somebody else uses."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_in_use_is_named(milkrun: Milkrun, taken: int) -> None:
    code, _, said = milkrun("serve", "--port", str(taken))

    assert code == MISSING
    assert f"127.0.0.1:{taken} cannot be used" in said
    assert said.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_named(
    milkrun: Milkrun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MILKRUN_DATA", str(tmp_path / "file" / "data"))

    code, _, said = milkrun("serve", "--port", "0")

    assert code == MISSING
    assert str(tmp_path / "file" / "data") in said


def test_a_database_of_a_newer_version_is_left_alone(milkrun: Milkrun, founded: Path) -> None:
    engine = create_engine(f"sqlite:///{founded / 'milkrun.db'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    before = (founded / "milkrun.db").read_bytes()

    code, _, said = milkrun("serve", "--port", "0")

    assert (code, "9999" in said) == (MISSING, True)
    assert (founded / "milkrun.db").read_bytes() == before


def test_a_damaged_database_is_one_sentence(milkrun: Milkrun, data: Path) -> None:
    data.mkdir()
    (data / "milkrun.db").write_bytes(b"this is no database, whatever its name says" * 99)

    code, _, said = milkrun("migrate")

    assert code == MISSING
    assert "database" in said
    assert said.count("\n") == 1


def test_an_address_others_can_reach_needs_tls(milkrun: Milkrun) -> None:
    code, _, said = milkrun("serve", "--host", "0.0.0.0", "--port", "0")

    assert code == MISSING
    assert "milkrun cert" in said


@pytest.mark.parametrize(
    "arguments",
    [["fly"], ["serve", "--port", "abc"], ["serve", "--port", "70000"], ["user", "add"]],
)
def test_wrong_use_is_told_in_a_line(milkrun: Milkrun, arguments: list[str]) -> None:
    code, _, said = milkrun(*arguments)

    assert code == BAD_USE
    assert said.strip()


def test_migrating_twice_changes_nothing(milkrun: Milkrun) -> None:
    assert milkrun("migrate") == milkrun("migrate")


def test_without_a_site_the_set_up_is_named(milkrun: Milkrun) -> None:
    code, _, said = milkrun("device", "code")

    assert code == MISSING
    assert "/setup" in said


@pytest.mark.usefixtures("founded")
def test_people_are_added_listed_and_disabled(milkrun: Milkrun) -> None:
    added = milkrun("user", "add", "Eva", "--role", "planner", typed="a long enough password\n")
    milkrun("user", "add", "Sam", typed="another long password\n")
    again = milkrun("user", "add", "eva", typed="a long enough password\n")
    short = milkrun("user", "password", "Eva", typed="short\n")
    disabled = milkrun("user", "disable", "Eva")
    unknown = milkrun("user", "disable", "Zoe")

    _, listed, _ = milkrun("user", "list")
    assert (added[0], again[0], short[0], disabled[0], unknown[0]) == (
        DONE, BAD_USE, BAD_USE, DONE, BAD_USE,
    )  # fmt: skip
    assert listed.splitlines() == ["Eva\t\tplanner\tdisabled", "Sam\t\tsupervisor\t"]


@pytest.mark.usefixtures("founded")
def test_a_pairing_code_is_shown_as_text_link_and_qr(milkrun: Milkrun) -> None:
    code, shown, _ = milkrun("device", "code", "--name", "Van 4")

    assert code == DONE
    assert "milkrun://pair?u=http%3A%2F%2F127.0.0.1%3A8000" in shown
    assert "█" in shown


def test_the_doctor_finds_what_is_missing(milkrun: Milkrun, founded: Path) -> None:
    assert milkrun("doctor")[0] == DONE
    (founded / "milkrun.db").unlink()

    code, report, _ = milkrun("doctor")

    assert code == FINDINGS
    assert "missing  site" in report


@pytest.mark.usefixtures("founded")
def test_a_check_compares_everything_and_says_so(milkrun: Milkrun) -> None:
    assert milkrun("check") == (DONE, "0 facts, 0 files and 0 visits compared.\n", "")


def test_a_certificate_of_our_own_chains_to_the_authority_kept(
    milkrun: Milkrun, data: Path
) -> None:
    milkrun("cert", "--host", "milk.example")
    first = (data / "tls" / "ca.pem").read_bytes()
    code, _, _ = milkrun("cert", "--host", "192.0.2.7")

    authority = x509.load_pem_x509_certificate(first)
    server = x509.load_pem_x509_certificate((data / "tls" / "server.pem").read_bytes())
    server.verify_directly_issued_by(authority)
    assert code == DONE
    assert (data / "tls" / "ca.pem").read_bytes() == first
    assert (data / "tls" / "server.key").stat().st_mode & 0o777 == 0o600
    assert Settings.read(data=data).fingerprint
    assert Settings.read(data=data).origin.startswith("https://")


def test_the_unit_names_this_data_folder(milkrun: Milkrun, data: Path) -> None:
    _, unit, _ = milkrun("service")

    assert f"MILKRUN_DATA={data}" in unit


@pytest.mark.timeout(120)
def test_a_server_starts_answers_and_ends_cleanly(founded: Path) -> None:
    with started(founded) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        origin = process.stdout.readline().split()[-1]
        setup = process.stdout.readline()
        with urlopen(f"{origin}/api/v1/health") as answer:
            status = answer.status
        with started(founded) as second:
            _, said = second.communicate(timeout=60)
        process.send_signal(signal.SIGTERM)
        code, logged = process.wait(60), process.stderr.read()

    assert (status, code, logged) == (200, DONE, "")
    assert "token" in setup
    assert "Another Milk Run server" in said
    assert second.returncode == MISSING


@contextmanager
def started(data: Path) -> Iterator["subprocess.Popen[str]"]:
    """A server in a process of its own, ended whatever happens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "serve", "--port", "0"],
        env={**os.environ, "MILKRUN_DATA": str(data), "MILKRUN_DRIVER_APP": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()
