"""Small constants for the simulator, so that every boundary is crossed in a short schedule."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from driver_app.actions import joining, pairing, record, session
from driver_app.store import ballast, ledger
from driver_app.store import blobs as device_blobs
from driver_app.sync import courier
from server.blobs import service as blobs
from server.blobs.look import READY
from server.feed import queries as feed
from shared.sync import BATCH_EVENTS

BATCH, CHUNK, PAGE = 5, 1_500, 7
KEEP_DAYS = 0.001
BALLAST_BYTES = 256


@contextmanager
def changed(where: Any, name: str, value: Any) -> Iterator[None]:
    """Give an attribute another value for a while."""
    kept = getattr(where, name)
    setattr(where, name, value)
    try:
        yield
    finally:
        setattr(where, name, kept)


@contextmanager
def small_constants() -> Iterator[None]:
    """Batches of 5 facts, chunks of 1,500 bytes, pages of 7 rows, facts kept for minutes."""
    defaults = list(courier.Pace.__init__.__defaults__ or ())
    defaults[defaults.index(BATCH_EVENTS)] = BATCH
    with ExitStack() as all_of_it:
        for where, name, value in (
            (courier.Pace.__init__, "__defaults__", tuple(defaults)),
            (courier, "CHUNK_WIFI", CHUNK),
            (courier, "CHUNK_CELL", CHUNK),
            (feed.pull, "__kwdefaults__", {"page_rows": PAGE}),
            (ledger, "EVENT_KEEP_DAYS", KEEP_DAYS),
            (device_blobs, "PHOTO_KEEP_DAYS", KEEP_DAYS),
            (
                blobs,
                "look_at",
                lambda _store, _sha: READY,
            ),  # pictures are read by a process of their own
            (ballast, "REBUILD_FREE", 0),
            (ballast.Ballast.rebuild, "__defaults__", (BALLAST_BYTES,)),
        ):
            all_of_it.enter_context(changed(where, name, value))
        yield


@contextmanager
def no_screens() -> Iterator[None]:
    """Nobody looks: what is only for the screens is left out."""

    async def nothing(*_args: Any, **_named: Any) -> None:
        return

    with ExitStack() as all_of_it:
        for where, name in (
            (record, "refresh"), (record, "follow"), (joining, "hear"), (session, "refresh"),
            (session, "follow"), (pairing, "refresh"),
        ):  # fmt: skip
            all_of_it.enter_context(changed(where, name, nothing))
        yield
