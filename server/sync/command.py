"""`milkrun import outbox FILE`: what a phone wrote to a file, taken as if it had sent it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from server.core.access import system
from server.core.hosting import BAD_USE, DONE, FINDINGS, MISSING, Stop
from server.core.http import Parts
from server.core.words import _, ngettext
from server.sites import queries as sites
from server.sync.outbox import import_outbox

Say = Callable[[str], None]
MISSING_SHOWN = 20


def run(build: Callable[[], Parts], file: Path, *, out: Say) -> int:
    """Take the file and say what came of it; exit code 4 if a person has to look at something."""
    try:
        parts = build()
    except DBAPIError as error:
        why = _("The database is not ready. Run `milkrun migrate` first.")
        raise Stop(MISSING, why) from error
    try:
        answer = _taken(parts, file)
    finally:
        parts.close()
    for line in lines(answer):
        out(line)
    return FINDINGS if answer["held"] or answer["missing_blobs"] else DONE


def _taken(parts: Parts, file: Path) -> dict[str, Any]:
    known = parts.reads.run(sites.all_sites)
    if not known:
        raise Stop(MISSING, _("There is no site yet. Start `milkrun serve` and set it up."))
    if len(known) > 1:
        raise Stop(BAD_USE, _("There are several sites here. Import on the page of one."))
    try:
        with file.open("rb") as opened:
            return import_outbox(parts, system(known[0]), opened)
    except FileNotFoundError as error:
        raise Stop(BAD_USE, _("There is no file {file}.").format(file=file)) from error
    except OSError as error:
        why = _("{file} cannot be opened: {why}.").format(file=file, why=error.strerror)
        raise Stop(BAD_USE, why) from error


def lines(answer: dict[str, Any]) -> list[str]:
    """What an import did, as sentences."""
    new, held, missing = answer["new"], answer["held"], answer["missing_blobs"]
    said = [
        ngettext("{n} entry is new.", "{n} entries are new.", new).format(n=new),
        _("{n} were known already.").format(n=answer["known"]),
        _("{n} files are here.").format(n=answer["blobs"]),
    ]
    if held:
        said.append(_("{n} wait for a decision on the exceptions page.").format(n=held))
    if missing:
        said.append(_("{n} files are missing:").format(n=len(missing)))
        said += [f"  {sha}" for sha in missing[:MISSING_SHOWN]]
    return said
