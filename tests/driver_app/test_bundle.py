"""What is packed for the phone is what the phone needs, and nothing of the server."""

import ast
import tomllib
from pathlib import Path

import pytest

from driver_app import bundle


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    return bundle.stage(tmp_path / "app")


def test_the_folder_holds_the_door_our_packages_and_the_assets(staged: Path) -> None:
    assert {p.name for p in staged.iterdir()} == {
        "main.py",
        "driver_app",
        "shared",
        "assets",
        "pyproject.toml",
    }
    ast.parse((staged / "main.py").read_text(encoding="utf-8"))


def test_nothing_of_the_server_or_of_this_machine_is_packed(staged: Path) -> None:
    names = {str(p.relative_to(staged)) for p in staged.rglob("*.py")}

    assert "driver_app/app.py" in names
    assert not names & {f"driver_app/{n}.py" for n in ("browser", "bundle", "__main__")}
    assert not any(name.startswith("server") for name in names)


def test_the_phone_gets_its_libraries_without_extras(staged: Path) -> None:
    told = tomllib.loads((staged / "pyproject.toml").read_text(encoding="utf-8"))

    assert "optional-dependencies" not in told["project"]
    assert any(d.startswith("flet==") for d in told["project"]["dependencies"])
    assert told["tool"]["flet"]["permissions"] == ["location", "camera"]


def test_the_german_words_are_packed(staged: Path) -> None:
    assert (staged / "driver_app/locale/de/LC_MESSAGES/app.mo").exists()


def test_the_command_line_wants_one_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert bundle.main([]) == 2
    assert "Usage" in capsys.readouterr().err
