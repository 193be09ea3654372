"""Beginning a session: what a kill left behind is picked up before the first screen."""

from driver_app.actions.ctx import Ctx
from driver_app.actions.pairing import forget_token, paired_server
from driver_app.actions.refresh import hear as show
from driver_app.actions.refresh import refresh
from driver_app.actions.where import follow
from driver_app.store import blobs, drafts, meta, rows
from driver_app.store.blobs import BlobFolder
from driver_app.store.drafts import DraftFolder
from driver_app.store.meta import Db
from driver_app.sync.ports import PairedServer
from driver_app.sync.worker import News


async def begin(ctx: Ctx) -> PairedServer | None:
    """Open the store, pick up what a kill left, show it; returns the server to talk to."""
    await ctx.store.open(ctx.ports.clock.read())
    await _sweep(ctx)
    now_ms = ctx.now_ms()
    await ctx.store.run(lambda db: _expire(db, now_ms))
    await refresh(ctx, session=True)
    ctx.spawn(follow(ctx))
    return await paired_server(ctx)


async def _sweep(ctx: Ctx) -> None:
    """Adopt whole photos without a row, delete half-written files and those nobody refers to."""
    folder = DraftFolder(ctx.store.files, ctx.store.drafts)
    declared = BlobFolder(ctx.store.files, ctx.store.blobs)
    found = await ctx.store.on_disk(folder.found)
    now_ms = ctx.now_ms()

    def adopt(db: Db) -> tuple[list[tuple[str, str]], set[str]]:
        over = set(drafts.forget(db, now_ms, _running(db)))
        gone = [(key, sha) for key, sha in found if key in over]
        whole = [(key, sha) for key, sha in found if key not in over]
        ctx.memo["recovered"] = drafts.adopt(db, whole, now_ms)
        return gone + drafts.leftovers(db, whole), blobs.referred(db)

    leftovers, known, salvaged = await ctx.store.run(
        lambda db: (*adopt(db), bool(meta.get(db, "counters").get("salvaged")))
    )

    def clear() -> None:
        for key, sha in leftovers:
            folder.remove(key, sha)
        if not salvaged:  # what the file that was set aside speaks of may lie here
            declared.sweep(known)

    await ctx.store.on_disk(clear)


def _running(db: Db) -> list[str]:
    """Runs on this device that are not closed."""
    return [row.id for row in rows.of_kind(db, "run") if row.plan.get("state") != "closed"]


def _expire(db: Db, now_ms: int) -> None:
    """Drop what nobody looks at any more: plans seen of runs that are gone, and old rows."""
    db.execute(
        "DELETE FROM ui_state WHERE substr(k, 1, 5) = 'seen:' "
        "AND substr(k, 6) NOT IN (SELECT id FROM ent WHERE kind = 'run')"
    )
    rows.expire(db, now_ms)


async def hear(ctx: Ctx, news: News) -> None:
    """What the worker tells, for the screens and for the position stream."""
    await show(ctx, news)
    if news.sending:
        return
    session, sync = ctx.state.session, ctx.state.sync
    if session.standing == "stolen":
        await forget_token(ctx)
    left = sync.unsent + sync.unsent_blobs + sync.unsafe
    if session.standing == "retired" and not left and not any(run.open for run in session.runs):
        await ctx.store.run(rows.wipe)  # drained and safe: nothing of the office stays
        await refresh(ctx, session=True)
    ctx.spawn(follow(ctx))
