"""Turns a template and its values into a page, escaped throughout."""

import json
from collections.abc import Mapping
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from server.core import http, words
from server.core.languages import LANGUAGES
from server.core.words import _, ngettext
from server.web import formats, js_texts, static_files

_times: ContextVar[formats.Times] = ContextVar("times")
TEMPLATES = Path(__file__).parent / "templates"
THEMES = ("auto", "light", "dark", "contrast")


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates, read once; everything is escaped, nothing may be undefined."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_callables(_, ngettext, newstyle=False)  # type: ignore[attr-defined]
    env.filters.update(iso=formats.iso, day=formats.day, span=formats.span)
    env.filters.update(distance=formats.distance, choose=lambda key, of: formats.choose(of, key))
    env.filters.update(
        clock=lambda at: _times.get().clock(at),
        long_time=lambda at: _times.get().long(at),
        moment=lambda at: _times.get().moment(at),
    )
    env.globals["static"] = static_files.base()
    env.globals["m"] = env.get_template("macros.html").module
    return env


def as_json(value: Any) -> Markup:
    """JSON that cannot end its script element, whatever people typed."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    # Inside a script element nothing is an entity; these three are what could end or open one.
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(safe)  # noqa: S704 - escaped just above


def page_lang(request: Request) -> str:
    """The language chosen on this browser, else the person's own."""
    chosen = request.cookies.get("lang")
    return chosen if chosen in LANGUAGES else http.language(request)


def page_theme(request: Request) -> str:
    """The appearance chosen on this browser."""
    chosen = request.cookies.get("theme", THEMES[0])
    return chosen if chosen in THEMES else THEMES[0]


def theme_names() -> tuple[tuple[str, str], ...]:
    """Each appearance with its name."""
    return (
        ("auto", _("As the device")),
        ("light", _("Light")),
        ("dark", _("Dark")),
        ("contrast", _("High contrast")),
    )


def html(
    request: Request,
    template: str,
    values: Mapping[str, Any],
    *,
    now_ms: int,
    tz: str = "UTC",
    status: int = 200,
) -> HTMLResponse:
    """Render a page in the reader's language and appearance."""
    lang = page_lang(request)
    token = _times.set(formats.Times(tz))
    with words.speaking(lang):
        text = (
            environment()
            .get_template(template)
            .render(
                lang=lang,
                theme=page_theme(request),
                themes=theme_names(),
                tz=tz,
                now_ms=now_ms,
                here=request.url.path,
                js_words=as_json(js_texts.words(lang)),
                **values,
            )
        )
    _times.reset(token)
    return HTMLResponse(text, status_code=status, headers={"Cache-Control": "no-store"})
