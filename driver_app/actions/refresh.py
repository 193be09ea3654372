"""From the store to the screens: read what changed in one snapshot and project it."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from driver_app.actions.changes import snapshot
from driver_app.actions.ctx import Ctx
from driver_app.actions.reading import Read, read_runs, seen_key
from driver_app.actions.run_views import run_view
from driver_app.actions.sync_view import sync_read, sync_view
from driver_app.state import Change, DriverTile, Reason, RunView, SessionView, Standing
from driver_app.store import meta, rows
from driver_app.store.meta import Db
from driver_app.sync.worker import News
from shared.ids import DriverId, SiteId

LOCKED: tuple[Standing, ...] = ("pair_again", "retired", "stolen")


async def refresh(ctx: Ctx, *, runs: Collection[str] | None = None, session: bool = False) -> None:
    """Bring the screens up to date: some runs or all, what waits, and who is here if asked."""
    now_ms = ctx.now_ms()
    read, waiting = await ctx.store.read(lambda db: (read_runs(db, runs), sync_read(db)))
    views = [run_view(read, run, now_ms) for run in read.runs]
    await _keep_baselines(ctx, read, views)
    gone = [run.id for run in ctx.state.session.runs if str(run.id) not in read.shown]
    change = Change(runs=views, gone=gone, sync=sync_view(waiting, ctx.state.sync))
    if session:
        change = replace(change, session=await _session(ctx))
    ctx.state.project(change)
    ctx.memo["sent"] = waiting.mark


async def _keep_baselines(ctx: Ctx, read: Read, views: list[RunView]) -> None:
    """Remember the first plan of a run, so that a later one can be compared with it."""
    fresh = {
        run.row.id: snapshot(run.row.plan, view.visits)
        for run, view in zip(read.runs, views, strict=True)
        if run.seen is None
    }
    if fresh:
        await ctx.store.run(lambda db: _put_baselines(db, fresh))


def _put_baselines(db: Db, fresh: Mapping[str, Any]) -> None:
    for run, seen in fresh.items():
        meta.put_ui(db, seen_key(run), seen)


async def _session(ctx: Ctx) -> SessionView:
    found, ui, reasons, drivers, policy = await ctx.store.read(
        lambda db: (
            meta.many(db),
            {key: meta.ui(db, key) for key in ("standing", "driver", "name", "pin")},
            rows.of_kind(db, "reason"),
            rows.of_kind(db, "driver"),
            rows.of_kind(db, "policy"),
        )
    )
    view = SessionView()
    view.device_id, view.server_url = str(found["device_id"]), str(found["url"])
    view.site = SiteId(UUID(found["site_id"])) if found["site_id"] else None
    view.device_name = str(ui["name"] or "")
    view.site_name = str(policy[0].plan.get("name", "")) if policy else ""
    view.standing = _standing(view.device_id, ui["standing"])
    view.app_too_old = ui["standing"] == "too_old"
    view.storage_full = ctx.store.full
    view.salvaged = int(found["counters"].get("salvaged", 0))
    _who(view, ui["driver"])
    pin = ui["pin"] or {}
    view.pin_tries_left = int(pin.get("left", view.pin_tries_left))
    view.pin_locked_until_ms = int(pin.get("until_ms", 0))
    view.drivers = sorted((_tile(row) for row in drivers), key=lambda tile: tile.name)
    view.reasons = tuple(
        reason
        for row in sorted(reasons, key=lambda r: r.plan.get("no", 0))
        if row.plan.get("on", True)
        for reason in _reasons(row.id, row.plan, view.lang)
    )
    return view


def _standing(device_id: str, word: str | None) -> Standing:
    if not device_id:
        return "new"
    return next((locked for locked in LOCKED if locked == word), "active")


def _who(view: SessionView, driver: Mapping[str, Any] | None) -> None:
    if driver is None:
        return
    view.driver = DriverId(UUID(driver["id"])) if driver.get("id") else None
    view.driver_name = str(driver.get("name", ""))
    view.unlisted = view.driver is None
    view.signed_in_ms = int(driver.get("at_ms", 0))
    view.lang = str(driver.get("lang") or "en")


def _tile(row: rows.Row) -> DriverTile:
    plan = row.plan
    return DriverTile(
        DriverId(UUID(row.id)),
        str(plan.get("name", "")),
        str(plan.get("lang", "en")),
        bool(plan.get("pin_verifier")),
        bool(plan.get("badge_hash")),
    )


def _reasons(key: str, plan: Mapping[str, Any], lang: str) -> list[Reason]:
    """One tile per subject; words as the site wrote them, in the driver's language if it can."""
    words = plan.get("name") or {}
    text = words.get(lang) or words.get("en") or key if isinstance(words, dict) else str(words)
    return [Reason(key, str(text), str(about)) for about in plan.get("about") or ()]


async def hear(ctx: Ctx, news: News) -> None:
    """What the worker tells: how the talk goes, and which rows are new."""
    ctx.state.sync.sending = news.sending
    if news.sending:
        return
    ctx.state.sync.error, ctx.state.sync.error_detail = news.error, news.detail
    ctx.state.sync.next_try_ms = news.next_try_ms
    before = ctx.memo.get("sent")
    waiting = await ctx.store.read(sync_read)
    if waiting.mark != before or news.site:
        await refresh(ctx, session=True)
    elif news.runs:
        await refresh(ctx, runs=news.runs, session=True)
    else:
        await refresh(ctx, runs=(), session=True)


async def tick(ctx: Ctx) -> None:
    """Move expected times on with the clock; for open runs only."""
    open_runs = {str(run.id) for run in ctx.state.session.runs if run.open}
    if open_runs:
        await refresh(ctx, runs=open_runs)
