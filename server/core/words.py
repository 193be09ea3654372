"""The words of server pages in the reader's language: gettext, catalogues beside the server."""

import contextvars
import gettext
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from server.core.languages import DOMAIN, LANGUAGES, LOCALE

_lang: contextvars.ContextVar[str] = contextvars.ContextVar("lang", default="en")


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(lang: str) -> gettext.NullTranslations:
    """The catalogue of a language; texts without a translation stay as written in code."""
    return gettext.translation(DOMAIN, LOCALE, languages=[lang], fallback=True)


def choose(header: str | None) -> str:
    """The language of ours that an Accept-Language header likes best."""
    for part in (header or "").lower().split(","):
        lang = part.split(";")[0].strip()[:2]
        if lang in LANGUAGES:
            return lang
    return LANGUAGES[0]


def current() -> str:
    """The language of the request being answered."""
    return _lang.get()


def speak(lang: str) -> contextvars.Token[str]:
    """Answer the rest of this request in that language."""
    return _lang.set(lang if lang in LANGUAGES else LANGUAGES[0])


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Answer in that language for a while."""
    token = speak(lang)
    try:
        yield
    finally:
        _lang.reset(token)


def _(text: str) -> str:
    """The text in the language of the request."""
    return catalogue(_lang.get()).gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """The text for this count in the language of the request."""
    return catalogue(_lang.get()).ngettext(one, many, count)


if __name__ == "__main__":
    from server.core.catalogues import update_all

    sys.exit(update_all())
