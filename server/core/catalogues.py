"""Collects the texts of the server and compiles its catalogues: a command for developers."""

from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from server.core.languages import DOMAIN, LANGUAGES, LOCALE

SERVER = LOCALE.parent
BORN = datetime(2026, 1, 1, tzinfo=UTC)  # a date that moves would change every file each time
METHODS = [
    ("**/templates/**.html", "jinja2.ext:babel_extract"),
    ("web/static/js/**.js", "javascript"),
    ("**.py", "python"),
]
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "t": None,  # in page scripts
    "gettext": None,
    "ngettext": (1, 2),
}


def collected(folder: Path = SERVER) -> Catalog:
    """Every text of the code and the templates, without a translation."""
    found = Catalog(project="Milk Run", version="1", fuzzy=False)
    options = {"**/templates/**.html": {"encoding": "utf-8", "trimmed": "true"}}
    texts = extract_from_dir(
        str(folder), method_map=METHODS, options_map=options, keywords=KEYWORDS
    )
    for path, line, message, comments, context in texts:
        if message:
            found.add(message, None, [(path, line)], auto_comments=comments, context=context)
    return found


def po_path(lang: str) -> Path:
    """The catalogue people edit."""
    return LOCALE / lang / "LC_MESSAGES" / f"{DOMAIN}.po"


def update_all() -> int:
    """Bring every catalogue up to date and compile it; the same texts give the same bytes."""
    template = collected()
    template.creation_date = BORN
    for lang in LANGUAGES:
        path = po_path(lang)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            with path.open("rb") as file:
                catalog = read_po(file, locale=lang)
        else:
            catalog = Catalog(locale=lang, project="Milk Run", version="1", fuzzy=False)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.revision_date = BORN
        with path.open("wb") as file:
            write_po(
                file, catalog, width=100, no_location=True, sort_output=True, omit_header=False
            )
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalog)
    return 0
