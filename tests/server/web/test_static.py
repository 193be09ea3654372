"""What the browser loads: unchanged libraries, short scripts, no door for foreign code."""

import re
from hashlib import sha256
from pathlib import Path

import pytest
from httpx import AsyncClient

from server.core.words import catalogue
from server.web import js_texts, static_files
from server.web.render import TEMPLATES, as_json

VENDOR = static_files.FOLDER / "vendor"
SCRIPTS = sorted((static_files.FOLDER / "js").glob("*.js"))
PAGES = sorted(TEMPLATES.glob("*.html"))
SCRIPT_LINES_MAX = 300


def test_every_vendored_file_is_the_one_whose_digest_is_written_down() -> None:
    lines = (VENDOR / "DIGESTS").read_text().splitlines()
    digests = {name: digest for digest, name in (line.split() for line in lines)}

    found = {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.iterdir()
        if path.name != "DIGESTS"
    }

    assert found == digests


def test_every_vendored_library_comes_with_its_licence() -> None:
    libraries = {path.name.split("-")[0] for path in VENDOR.glob("*.js")}

    licences = {path.name.split("-")[0] for path in VENDOR.glob("*-LICENSE.txt")}

    assert libraries == licences


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_short_and_never_builds_pages_from_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert len(text.splitlines()) <= SCRIPT_LINES_MAX
    assert text.startswith("/* ")
    for forbidden in ("innerHTML", "outerHTML =", "insertAdjacentHTML", "document.write", "eval("):
        assert forbidden not in text
    assert "https://" not in text.replace("http://www.w3.org", "")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_template_has_no_inline_script_or_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"\son[a-z]+=", text)
    assert "hx-on" not in text
    assert "|safe" not in text.replace(" ", "")
    assert "<style" not in text
    for script in re.findall(r"<script[^>]*>", text):
        assert "src=" in script or 'type="application/json"' in script


def test_the_address_of_the_files_names_their_content() -> None:
    assert re.fullmatch(r"/static/[0-9a-f]{10}", static_files.base())


@pytest.mark.anyio
async def test_files_may_be_kept_for_ever(client: AsyncClient) -> None:
    answer = await client.get(f"{static_files.base()}/js/today.js")

    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]


def test_texts_of_scripts_are_found_and_are_plain() -> None:
    texts = js_texts.texts()

    assert "Try again" in texts
    assert all("${" not in text for text in texts)


def test_german_keeps_every_placeholder_of_a_script() -> None:
    german = catalogue("de")

    for text in js_texts.texts():
        assert _holes(german.gettext(text)) == _holes(text), text


def test_json_in_a_page_cannot_end_its_element() -> None:
    assert "</script>" not in as_json({"name": "</script><script>"})


def _holes(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", text))
