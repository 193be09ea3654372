"""Words: the right language, and catalogues that say everything the code says."""

from io import BytesIO

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from server.core.catalogues import collected, po_path
from server.core.languages import LANGUAGES
from server.core.words import choose, current, speaking


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        (None, "en"), ("", "en"), ("de", "de"), ("de-CH,fr;q=0.9", "de"),
        ("fr-FR,de;q=0.8,en;q=0.7", "de"), ("pl", "en"), ("*", "en"),
    ],
)  # fmt: skip
def test_the_reader_gets_the_language_liked_best(header: str | None, lang: str) -> None:
    assert choose(header) == lang


def test_a_language_lasts_as_long_as_its_block() -> None:
    with speaking("de"):
        assert current() == "de"

    assert current() == "en"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_text_of_the_code_stands_in_the_catalogue(lang: str) -> None:
    with po_path(lang).open("rb") as file:
        known = {str(message.id) for message in read_po(file, locale=lang)}

    missing = {str(message.id) for message in collected()} - known

    assert not missing, "run `python -m server.core.words`"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_compiled_catalogue_is_the_one_people_edit(lang: str) -> None:
    path = po_path(lang)
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=lang))

    assert path.with_suffix(".mo").read_bytes() == compiled.getvalue()
