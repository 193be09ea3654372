"""Every code has a sentence that says the reason and what to do."""

import re
from pathlib import Path

import pytest

from server.core.words import speaking
from server.imports import sentences
from server.imports.table import Finding, Level, Unreadable
from tests.server.imports.files import checked

ROOM = Path(sentences.__file__).parent
CODES = re.compile(r'"([a-z]+(?:_[a-z]+)+)"')


def test_a_finding_is_said_with_its_values() -> None:
    finding = Finding(5, "lat", "400", Level.WRONG, "out_of_range", {"limit": 90})

    assert sentences.sentence(finding).startswith("Degrees lie between -90 and 90.")


def test_a_double_says_with_whom() -> None:
    found = checked("name,lat,lon\nLidl,60,24\nLIDL,60.0001,24\n")

    assert "Lidl in row 2 has the same name, 11 m away" in sentences.sentence(found.findings[-1])


def test_each_sentence_has_a_full_stop_and_its_blanks_are_named() -> None:
    for code, text in sentences._sentences("en").items():
        assert text.endswith("."), code
        assert "{}" not in text, code


def test_a_german_reader_gets_german() -> None:
    with speaking("de"):
        assert sentences.unreadable(Unreadable("file_empty")).startswith("Die Datei ist leer.")


@pytest.mark.parametrize(
    "module", ["cells", "check", "csv_file", "locations", "signatures", "stops", "workbook"]
)
def test_every_code_of_a_module_has_its_sentence(module: str) -> None:
    raised = re.findall(
        r'(?:Unreadable|Bad)\(\s*"(\w+)"', (ROOM / f"{module}.py").read_text("utf-8")
    )
    told = re.findall(r'Level\.\w+,\s*"(\w+)"', (ROOM / f"{module}.py").read_text("utf-8"))

    assert {*raised, *told} <= sentences._sentences("en").keys()
