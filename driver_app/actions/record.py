"""The one way to record: files first, then one transaction, then screens, feedback and worker."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from driver_app.actions.ctx import Ctx
from driver_app.actions.outcomes import NotSaved, Outcome, Saved
from driver_app.actions.refresh import refresh
from driver_app.actions.where import follow
from driver_app.state import DraftFile, DraftView
from driver_app.store import drafts, outbox
from driver_app.store.blobs import BlobFolder
from driver_app.store.db import DiskFull, StoreError
from driver_app.store.drafts import DraftFolder
from driver_app.store.meta import Db
from driver_app.store.outbox import NewBlob, NewFact
from shared.fact import Body
from shared.ids import UUID7_RANDOM_BYTES, EventId

Beside = Callable[[Db], None]
SIGNATURE_MEDIA = "application/json"
log = logging.getLogger("driver_app.actions")
GEOTAGGED = ("stop.", "station.", "load.", "run.departed")


def nothing_beside(_db: Db) -> None:
    """Nothing else in the transaction."""


@dataclass(frozen=True)
class Act:
    """What one tap records: bodies with their place, their sheet, and what goes along."""

    bodies: Sequence[Body]
    run: str | None = None
    visit: str | None = None
    draft: DraftView | None = None
    """Its files become the blobs of the first fact, and it is deleted with them."""
    beside: Beside = nothing_beside
    urgent: bool = False
    by: str | None = None


async def record(ctx: Ctx, act: Act) -> Outcome:
    """Save an act; on error nothing has changed and the form stays filled."""
    if not ctx.state.session.device_id:
        return NotSaved("state")  # a fact names who says it; before pairing nobody does
    lock = act.visit or act.run or "device"
    if lock in ctx.busy:
        return NotSaved("busy")
    ctx.busy.add(lock)
    try:
        ids = await _save(ctx, act)
    except DiskFull:
        ctx.state.session.storage_full = True
        return NotSaved("full")
    except StoreError:
        return NotSaved("store")
    finally:
        ctx.busy.discard(lock)
    try:
        await refresh(ctx, runs=None if act.run is None else {act.run})
    except StoreError:
        # It is saved: an error here would have the driver record it twice.
        log.warning("what was saved is not on the screen yet")
    ctx.spawn(follow(ctx))
    ctx.spawn(ctx.ports.feedback.done())
    ctx.kick(act.urgent)
    return Saved(tuple(ids))


async def _save(ctx: Ctx, act: Act) -> list[EventId]:
    seen = ctx.ports.clock.read()
    fix = ctx.track.fix(seen) if act.run is not None else None
    blobs = await _files(ctx, act.draft)
    facts = [
        NewFact(
            body=body,
            by=act.by or by_of(ctx),
            noise=ctx.ports.ids.noise(UUID7_RANDOM_BYTES),
            run=act.run,
            visit=act.visit,
            fix=fix,
            blobs=blobs if number == 0 else (),
        )
        for number, body in enumerate(act.bodies)
    ]
    clocks = ctx.store.clocks(seen)

    def write(db: Db) -> list[EventId]:
        ids = outbox.put(db, facts, clocks)
        if act.draft is not None:
            drafts.delete(db, act.draft.key)
        act.beside(db)
        return ids

    ids = await ctx.store.run(write)
    if fix is None and act.visit is not None and act.bodies[0].type.startswith(GEOTAGGED):
        ctx.track.want(str(ids[0]), act.run, act.visit, seen)
    return ids


async def _files(ctx: Ctx, draft: DraftView | None) -> tuple[NewBlob, ...]:
    """Move the sheet's files to where declared files live; they are flushed already."""
    if draft is None or not (draft.files or draft.strokes):
        return ()
    kept, final = (
        DraftFolder(ctx.store.files, ctx.store.drafts),
        BlobFolder(ctx.store.files, ctx.store.blobs),
    )

    drawn = signature_bytes(draft)

    def move() -> str:
        for file in draft.files:
            final.adopt(kept.path(draft.key, file.sha), file.sha)
        return final.keep(drawn) if drawn else ""

    sha = await ctx.store.on_disk(move)
    blobs = [blob_of(file) for file in draft.files]
    if drawn:
        blobs.insert(0, NewBlob(sha, len(drawn), SIGNATURE_MEDIA, "signature"))
    return tuple(blobs)


def signature_bytes(draft: DraftView) -> bytes:
    """The strokes as a file; empty without any. The office draws it."""
    strokes = [[[int(x), int(y)] for x, y in stroke] for stroke in draft.strokes if stroke]
    return json.dumps({"strokes": strokes}, separators=(",", ":")).encode() if strokes else b""


def blob_of(file: DraftFile) -> NewBlob:
    """A file of a sheet as its fact declares it."""
    return NewBlob(file.sha, file.size, file.media, file.role, "gallery" if file.gallery else "")


def by_of(ctx: Ctx) -> str:
    """Who acts: the driver signed in, else the device."""
    driver = ctx.state.session.driver
    return f"device:{ctx.state.session.device_id}" if driver is None else f"driver:{driver}"
