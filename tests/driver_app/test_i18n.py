"""Every sentence comes from the catalogue, and both catalogues say the same things."""

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from driver_app import i18n

APP = Path(i18n.__file__).parent
DE = APP / "locale" / "de" / "LC_MESSAGES"
KEYWORDS = {"_", "n_"}
SENTENCE = re.compile(r"[A-Za-zÄÖÜäöüß]{2,} [A-Za-zÄÖÜäöüß]{2,}|^[A-Z][a-zäöüß]{2,}$")
PLACEHOLDER = re.compile(r"{\w*}")
# Names of Flet and languages in their own words are no sentences of ours.
NAMES = {"Roboto", "English", "Deutsch", "Milk Run"}


@pytest.fixture(scope="module")
def german() -> Catalog:
    return read_po(io.BytesIO((DE / "app.po").read_bytes()), locale="de")


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """The tests of other files speak English."""
    yield
    i18n.speak("en")


def spoken() -> set[str]:
    """Every msgid in the code, also inside f-strings; a plural by its first form."""
    calls = (
        node
        for file in APP.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in KEYWORDS
    )
    said = (call.args[0] for call in calls if call.args)
    return {str(arg.value) for arg in said if isinstance(arg, ast.Constant)}


def test_german_has_every_sentence_and_no_other(german: Catalog) -> None:
    assert {key_of(m.id) for m in german if m.id} == spoken()


def test_no_german_sentence_is_empty_or_uncertain(german: Catalog) -> None:
    assert [m.id for m in german if m.id and (m.fuzzy or not all(forms_of(m.string)))] == []


def test_german_fills_the_same_blanks(german: Catalog) -> None:
    wrong = [m.id for m in german if m.id and not same_blanks(m.id, m.string)]

    assert wrong == []


def test_the_compiled_catalogue_is_the_written_one(german: Catalog) -> None:
    made = io.BytesIO()
    write_mo(made, german)
    made.seek(0)

    assert pairs(read_mo(made)) == pairs(read_mo(io.BytesIO((DE / "app.mo").read_bytes())))


def test_no_screen_says_a_bare_sentence() -> None:
    bare = [
        f"{file.name}: {text}"
        for folder in ("screens", "widgets")
        for file in (APP / folder).glob("*.py")
        for text in bare_sentences(file)
    ]

    assert bare == []


def test_a_session_changes_its_language_at_once() -> None:
    speech = i18n.speak("en")
    english = i18n._("Sign in")

    speech.change("de")

    assert (english, i18n._("Sign in")) == ("Sign in", "Anmelden")


@pytest.mark.parametrize(("n", "said"), [(1, "1 Stopp"), (2, "2 Stopps")])
def test_numbers_take_the_right_form(n: int, said: str) -> None:
    i18n.speak("de")

    assert i18n.n_("{n} stop", "{n} stops", n) == said


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "00:00"), (252, "04:12"), (-65, "−01:05"), (3700, "1:01:40")]
)
def test_a_countdown_reads_like_a_clock(seconds: int, shown: str) -> None:
    assert i18n.span(seconds) == shown


def test_a_time_is_shown_as_the_place_of_the_run_has_it() -> None:
    assert i18n.clock(1_800_000_000_000, 7200) == "10:00"


def key_of(msgid: str | tuple[str, ...] | list[str]) -> str:
    return msgid if isinstance(msgid, str) else msgid[0]


def forms_of(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [text or ""] if isinstance(text, str | None) else list(text)


def same_blanks(msgid: object, string: object) -> bool:
    wanted = {frozenset(PLACEHOLDER.findall(t)) for t in forms_of(msgid)}  # type: ignore[arg-type]
    given = {frozenset(PLACEHOLDER.findall(t)) for t in forms_of(string)}  # type: ignore[arg-type]
    return given <= wanted


def pairs(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    return {key_of(m.id): tuple(forms_of(m.string)) for m in catalog if m.id}


def bare_sentences(file: Path) -> list[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    quiet = {
        id(node)
        for node in ast.walk(tree)
        for inner in said_or_doc(node)
        for node in ast.walk(inner)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in quiet
        and node.value not in NAMES
        and SENTENCE.search(node.value)
    ]


def said_or_doc(node: ast.AST) -> list[ast.AST]:
    """What is in the catalogue's hands, or is written for the reader of the code."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
        return [node]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return [node]
    if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log."):
        return [node]
    return [node.msg] if isinstance(node, ast.Assert) and node.msg is not None else []
