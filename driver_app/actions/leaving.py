"""Before this device leaves the office: check, export, and only then unpair (C11)."""

from typing import Any

from driver_app.actions.ctx import Ctx
from driver_app.actions.outcomes import Exported, NotSaved, StillUnsent, Unpaired
from driver_app.actions.pairing import EXPORTED, forget_token, read_token
from driver_app.actions.refresh import refresh
from driver_app.store import blobs, export, meta, outbox, rows
from driver_app.store.blobs import BlobFolder
from driver_app.store.db import DiskFull, StoreError
from driver_app.store.meta import Db
from driver_app.sync.verify import Checked

EXPORTS = "exports"


async def check_all(ctx: Ctx) -> Checked | None:
    """Is everything here at the office, too? None when nobody answers."""
    found = await ctx.verify()
    await refresh(ctx, session=True)
    return found


async def export_outbox(ctx: Ctx) -> Exported | NotSaved:
    """Write everything still here into one file and offer it to be given away."""
    now_ms = ctx.now_ms()
    token = await read_token(ctx)
    folder = BlobFolder(ctx.store.files, ctx.store.blobs)
    collected = await ctx.store.read(lambda db: export.collect(db, now_ms))
    manifest = collected[0]
    target = ctx.store.folder / EXPORTS / export.file_name(manifest["device_id"] or "new", now_ms)

    def write() -> list[str]:
        ctx.store.files.folder(target.parent)
        missing = export.write(target, collected, folder, token)
        for name in ctx.store.files.names(target.parent):
            if name != target.name:  # the newest holds everything the older ones held
                ctx.store.files.remove(target.parent / name)
        return missing

    try:
        missing = await ctx.store.on_disk(write)
        last = int(manifest["base"]["seq"]) + int(manifest["count"])
        await ctx.store.run(lambda db: meta.put_ui(db, EXPORTED, [manifest["stream"], last]))
    except DiskFull:
        return NotSaved("full")
    except StoreError:
        return NotSaved("store")
    await ctx.ports.share.file(target)
    return Exported(target, int(manifest["count"]), len(missing))


async def unpair(ctx: Ctx, typed_unsent: int | None = None) -> Unpaired | StillUnsent:
    """Leave the office; with something unsent only after the export and the number typed in."""
    unsent, exported = await ctx.store.read(_unsent)
    if unsent and not (exported and typed_unsent == unsent):
        return StillUnsent(unsent, exported)
    await ctx.paired(None)
    await forget_token(ctx)
    await ctx.store.run(_leave)
    await refresh(ctx, session=True)
    return Unpaired(unsent)


def _unsent(db: Db) -> tuple[int, bool]:
    """Facts and files not at the office, and whether the newest export holds all of them."""
    saved: Any = meta.ui(db, EXPORTED)
    exported = saved == [meta.get(db, "stream"), outbox.head(db)[0]]
    return outbox.unread(db)[0] + blobs.unsent(db)[0], exported


def _leave(db: Db) -> None:
    rows.wipe(db)
    for key in ("driver", "pin", "standing"):
        meta.put_ui(db, key, None)
    for key in ("device_id", "url"):
        meta.put(db, key, "")
