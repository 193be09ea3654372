"""Reads of the leg cache."""

from collections.abc import Collection

from sqlmodel import Session, col, select

from server.travel.tables import LegRow
from shared.ids import SiteId

IN_MAX = 500
RANK = {"learned": 0, "router": 1, "estimated": 2}
Pair = tuple[str, str]


def known(
    session: Session, site_id: SiteId, profile_key: str, keys: Collection[str]
) -> dict[Pair, tuple[int | None, int | None]]:
    """Ways among these places, the best source of each; seconds are empty where there is none."""
    wanted = sorted(set(keys))
    found: dict[Pair, tuple[int, int | None, int | None]] = {}
    for start in range(0, len(wanted), IN_MAX):
        rows = session.exec(
            select(LegRow).where(
                col(LegRow.site_id) == site_id,
                col(LegRow.profile_key) == profile_key,
                col(LegRow.bucket) == "any",
                col(LegRow.from_key).in_(wanted[start : start + IN_MAX]),
            )
        )
        for row in rows:
            pair, rank = (row.from_key, row.to_key), RANK[row.source]
            if pair not in found or rank < found[pair][0]:
                found[pair] = (rank, row.seconds, row.metres)
    return {pair: (seconds, metres) for pair, (_, seconds, metres) in found.items()}
