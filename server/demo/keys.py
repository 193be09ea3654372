"""Ids and chance of the demo: the same seed gives the same rows."""

import hashlib
from uuid import UUID

from shared.ids import UUID7_RANDOM_BYTES, SiteId, uuid7

DEMO_SEED = 20_260_901
MADE_MS = 1_788_220_800_000  # 2026-09-01: ids of the demo's own things sort before all others


def demo_id(name: str) -> UUID:
    """The id of a thing of the demo, the same on every machine."""
    digest = hashlib.sha256(f"{DEMO_SEED}/{name}".encode()).digest()
    return uuid7(MADE_MS, digest[:UUID7_RANDOM_BYTES])


SITE_ID = SiteId(demo_id("site"))
