"""Begins a new history of revisions after a restore, so that every device reads from zero."""

import secrets
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from server.core.clock import to_ms
from server.feed.tables import DeviceScope, FeedRev, FeedSite
from shared.ids import SiteId

# Above every revision that was given after the backup: facts name the revision they were made
# under, and no number may ever mean two states.
REVISIONS_SKIPPED = 1_000_000_000


def begin_anew(session: Session, now: datetime) -> dict[SiteId, int]:
    """Refuse every cursor written so far, and give the first revision of each site."""
    found = session.execute(select(col(FeedSite.site_id), col(FeedSite.rev))).all()
    firsts = {SiteId(site_id): rev + REVISIONS_SKIPPED for site_id, rev in found}
    session.execute(delete(FeedRev))
    for site_id, rev in firsts.items():
        session.execute(
            update(FeedSite).where(col(FeedSite.site_id) == site_id).values(rev=rev, min_rev=rev)
        )
        session.execute(
            update(DeviceScope).where(col(DeviceScope.site_id) == site_id).values(rev=rev)
        )
        nonce = secrets.token_hex(4)
        session.add(FeedRev(site_id=site_id, rev=rev, nonce=nonce, at_ms=to_ms(now)))
    session.flush()
    return firsts
