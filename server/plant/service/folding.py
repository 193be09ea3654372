"""What facts change in the plant: remembered by subject, folded under the feed's lock, told."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from server.feed import service as feed
from server.plant.rules import Told
from server.plant.service import andons, cards, handovers, mentions, stock, visits
from shared.ids import SiteId


def apply(session: Session, site_id: SiteId, new_facts: Iterable[Told], now: datetime) -> None:
    """Let everything in the plant follow from facts; the same fact twice changes nothing."""
    counting = [fact for fact in new_facts if fact.event is not None and _counts(fact)]
    if not counting:
        return
    # Whatever is folded must be read after this (sync.md S5).
    feed.lock(session, site_id, now)
    refs = mentions.remember(session, site_id, counting)
    parts = visits.book(session, site_id, counting, now)
    if not (refs or parts):
        return
    said = mentions.gather(session, site_id, refs)
    about = mentions.subjects_of(said)
    parts |= cards.refold(session, site_id, said, about.cards, now)
    stock.refold(session, site_id, said, parts | about.stocks, now)
    andons.refold(session, site_id, said, about.andons, now)
    handovers.refold(session, site_id, said, about.handovers, now)


def refold_card(session: Session, site_id: SiteId, card: UUID, now: datetime) -> None:
    """Fold one card from everything that was ever said of it."""
    feed.lock(session, site_id, now)
    said = mentions.gather(session, site_id, {card})
    parts = cards.refold(session, site_id, said, {card}, now)
    stock.refold(session, site_id, said, parts, now)


def _counts(fact: Told) -> bool:
    return getattr(fact, "why", None) is None
