"""`milkrun check`: the nightly comparison of everything stored, at once."""

from collections.abc import Callable, Iterable

from sqlalchemy.exc import DBAPIError

from server.core.hosting import DONE, FINDINGS, MISSING, Stop
from server.core.http import Parts
from server.core.words import _
from server.sites import queries as sites
from server.sync import scrub
from server.sync.tables import ScrubRow

Say = Callable[[str], None]


def run(build: Callable[[], Parts], *, out: Say) -> int:
    """Compare every site; exit code 4 if anything differs."""
    try:
        parts = build()
    except DBAPIError as error:
        why = _("The database is not ready. Run `milkrun migrate` first.")
        raise Stop(MISSING, why) from error
    try:
        known = parts.reads.run(sites.all_sites)
        found = [scrub.scrub(parts, site_id, parts.clock.now()) for site_id in known]
    finally:
        parts.close()
    for line in lines(found):
        out(line)
    return FINDINGS if any(one.differences for one in found) else DONE


def lines(found: Iterable[ScrubRow]) -> list[str]:
    """What was compared and what differs, one line each."""
    said = []
    for one in found:
        text = _("{facts} facts, {files} files and {visits} visits compared.")
        said.append(text.format(facts=one.facts, files=one.files, visits=one.visits))
        said += [
            _("Differs: {kind} {id}").format(kind=each["kind"], id=each["id"])
            for each in one.differences
        ]
    return said
