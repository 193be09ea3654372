"""The documents, held against the code: commands, settings, tables, refusals, rooms, words."""

import re
import shlex
from pathlib import Path

import pytest
import typer
from sqlmodel import SQLModel

from server import cli
from server.core.settings import PREFIX, Settings
from server.migrations import tables
from shared.refusals import CATALOGUE

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
REFERENCE = (DOCS / "reference.md").read_text("utf-8")
TOUR = (DOCS / "tour.md").read_text("utf-8")
GLOSSARY = (DOCS / "glossary.md").read_text("utf-8")
BANNED_NAMES = (
    "Tour",
    "Trip",
    "Waypoint",
    "Pod",
    "Poi",
    "Tenant",
    "Haulier",
    "Courier",
    "Inventory",
    "Alarm",
    "ClientApp",
)
APP_SETTINGS = {"MILKRUN_DRIVER_PORT", "MILKRUN_DRIVER_DATA"}
TEST_SETTINGS = {"MILKRUN_CHROMIUM", "MILKRUN_TEST_POSTGRES", "MILKRUN_SCREENS"}


def section(title: str) -> str:
    """The text under a heading of the reference."""
    return REFERENCE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """What stands in code style in the first column of a table."""
    rows = (line for line in text.splitlines() if line.startswith("| `"))
    return [cell for row in rows for cell in re.findall(r"`([^`]+)`", row.split("|")[1])]


def verbs() -> dict[str, set[str]]:
    """Every verb of the command line with its options."""
    root = typer.main.get_command(cli.cli)
    found: dict[str, set[str]] = {}
    waiting = [("milkrun", root)]
    while waiting:
        name, command = waiting.pop()
        inner = getattr(command, "commands", None)
        if inner:
            waiting.extend((f"{name} {key}", value) for key, value in inner.items())
        else:
            options = {o for p in command.params for o in p.opts if o.startswith("--")}
            found[name] = options - {"--help"}
    return found


def test_every_command_and_option_stands_in_the_reference() -> None:
    told = {}
    for cell in first_cells(section("Commands")):
        named = re.match(r"milkrun(?: [a-z]+)+", cell)
        if named:
            told[named[0]] = set(re.findall(r"--[a-z0-9-]+", cell))

    assert told == verbs()


def test_every_setting_stands_in_the_reference() -> None:
    told = set(first_cells(section("Settings")))

    of_the_server = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert told == of_the_server | APP_SETTINGS | TEST_SETTINGS


def test_every_table_stands_in_the_reference() -> None:
    assert tables.__doc__
    assert set(first_cells(section("Tables"))) == set(SQLModel.metadata.tables)


def test_every_refusal_stands_in_the_reference() -> None:
    assert set(first_cells(section("Refusals"))) == set(CATALOGUE)


def test_every_room_of_the_server_stands_in_the_tour() -> None:
    rooms = {p.name for p in (ROOT / "server").iterdir() if (p / "__init__.py").exists()}

    assert {room for room in rooms if f"`{room}`" not in TOUR} == set()


def test_every_module_of_the_language_stands_in_the_tour() -> None:
    modules = {p.stem for p in (ROOT / "shared").glob("[a-z]*.py")}

    assert {module for module in modules if f"`{module}`" not in TOUR} == set()


def public_classes() -> set[str]:
    """Names of the public classes of `shared`."""
    texts = [path.read_text("utf-8") for path in (ROOT / "shared").glob("*.py")]
    return {name for text in texts for name in re.findall(r"^class ([A-Z]\w+)", text, re.MULTILINE)}


def test_every_public_class_of_the_language_stands_in_the_glossary() -> None:
    spoken = set(re.findall(r"`([A-Z]\w+)", GLOSSARY))

    assert public_classes() - spoken == set()


def test_no_class_or_table_carries_a_banned_name() -> None:
    tables_of = {name.title().replace("_", "") for name in SQLModel.metadata.tables}

    assert (public_classes() | tables_of) & set(BANNED_NAMES) == set()


def commands_of(name: str) -> list[str]:
    """Lines of the code blocks of a document that are commands."""
    blocks = re.findall(r"```(?:sh|text)?\n(.*?)```", (ROOT / name).read_text("utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("name", ["README.md"])
def test_every_command_of_the_readme_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    known = verbs()
    for line in commands_of(name):
        words = shlex.split(line, comments=True)
        if words and words[0] == "make":
            assert {w for w in words[1:] if "=" not in w} <= targets, line
        elif words and words[0].endswith("milkrun"):
            verb = next((v for v in known if " ".join(["milkrun", *words[1:]]).startswith(v)), None)
            assert verb is not None, line
            assert {w.split("=")[0] for w in words if w.startswith("--")} <= known[verb], line
        else:
            assert words[0] in {"git", "cd"}, line


def test_every_link_between_documents_leads_somewhere() -> None:
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_decision_says_context_decision_and_consequences() -> None:
    for page in sorted((DOCS / "decisions").glob("*.md")):
        text = page.read_text("utf-8")
        parts = [p for p in ("**Context.**", "**Decision.**", "**Consequences.**") if p in text]
        assert len(parts) == 3, page.name
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+", page.stem)
