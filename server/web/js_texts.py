"""Texts of the page scripts: found in the scripts themselves, translated by the catalogue."""

import json
import re
from functools import lru_cache

from server.core.words import catalogue
from server.web.static_files import FOLDER

_CALL = re.compile(r'\bt\(\s*"((?:[^"\\]|\\.)*)"')


@lru_cache(maxsize=1)
def texts() -> tuple[str, ...]:
    """Every text a script passes to `t`."""
    found: set[str] = set()
    for path in sorted((FOLDER / "js").glob("*.js")):
        for literal in _CALL.findall(path.read_text(encoding="utf-8")):
            found.add(json.loads(f'"{literal}"'))
    return tuple(sorted(found))


@lru_cache(maxsize=4)
def words(lang: str) -> dict[str, str]:
    """The texts that read differently in this language."""
    said = {text: catalogue(lang).gettext(text) for text in texts()}
    return {text: translation for text, translation in said.items() if translation != text}
