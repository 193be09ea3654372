"""Use cases of travel times: legs along a round, a matrix of a run, what is remembered.

Nobody here asks a router: what the cache does not know is estimated at once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise, permutations

from sqlmodel import Session

from server.core.db import insert_if_absent
from server.travel import queries
from server.travel.rules import Leg, Place, estimate, estimates, point_key
from server.travel.tables import LegRow
from shared.ids import SiteId

Pair = tuple[str, str]
Known = Mapping[Pair, tuple[int | None, int | None]]
Rows = list[list[int]]


def legs(session: Session, site_id: SiteId, places: Sequence[Place], profile: str) -> list[Leg]:
    """Seconds and metres from each place to the next: the cache's, else estimated."""
    known = queries.known(session, site_id, profile, [point_key(place) for place in places])
    return [_leg(known, here, there, profile) for here, there in pairwise(places)]


def matrix(
    session: Session,
    site_id: SiteId,
    places: Sequence[Place],
    profile: str,
    *,
    given: Mapping[tuple[int, int], Leg] | None = None,
) -> tuple[Rows, Rows]:
    """Seconds and metres between all places; `given` legs (by position) beat everything else."""
    seconds, metres = estimates(places, profile)
    keys = [point_key(place) for place in places]
    known = queries.known(session, site_id, profile, keys)
    for a, b in permutations(range(len(keys)), 2) if known else ():
        found_s, found_m = known.get((keys[a], keys[b]), (None, None))
        if found_s is not None:
            seconds[a][b], metres[a][b] = found_s, found_m or 0
    for (a, b), leg in (given or {}).items():
        seconds[a][b], metres[a][b] = leg
    return seconds, metres


def remember(
    session: Session,
    site_id: SiteId,
    profile: str,
    given: Mapping[tuple[Place, Place], Leg],
    *,
    source: str,
    graph_version: str,
    now: datetime,
) -> None:
    """Keep legs a router or the past has told; a leg of the same graph stays as it is."""
    rows = [
        LegRow(
            site_id=site_id,
            profile_key=profile,
            graph_version=graph_version,
            from_key=point_key(here),
            to_key=point_key(there),
            bucket="any",
            source=source,
            seconds=leg[0],
            metres=leg[1],
            updated_at=now,
        )
        for (here, there), leg in given.items()
    ]
    if rows:
        session.execute(insert_if_absent(LegRow, rows))


def _leg(known: Known, here: Place, there: Place, profile: str) -> Leg:
    """An unreachable pair in the cache counts as estimated: a person decides what that means."""
    seconds, metres = known.get((point_key(here), point_key(there)), (None, None))
    if seconds is None:
        return estimate(here, there, profile)
    return seconds, metres if metres is not None else 0
