"""New names for things the server itself makes."""

import os
from datetime import datetime
from uuid import UUID

from server.core.clock import to_ms
from shared.ids import UUID7_RANDOM_BYTES, uuid7, uuid7_row


def new_id(now: datetime) -> UUID:
    """Give a UUIDv7 of this instant with fresh random bits."""
    return uuid7(to_ms(now), os.urandom(UUID7_RANDOM_BYTES))


def new_ids(now: datetime, count: int) -> list[UUID]:
    """Give ids for things that are made, told and listed together, in their order."""
    return uuid7_row(to_ms(now), os.urandom(UUID7_RANDOM_BYTES), count)
