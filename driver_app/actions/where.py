"""Positions: on while a run is open and nobody rests, kept in their own lane, never in the way."""

from driver_app.actions.ctx import Ctx
from driver_app.actions.track import fix_of, fixed_of
from driver_app.device.ports import Ok, Spot
from driver_app.state import RunView
from driver_app.store import outbox, positions
from driver_app.store.db import StoreError
from driver_app.store.outbox import NewFact
from shared.geo import Point, distance_m
from shared.ids import UUID7_RANDOM_BYTES
from shared.road_facts import VisitGeotagged

LEFT_M = 150


async def follow(ctx: Ctx) -> None:
    """Turn the position stream on or off, as the open run wants it."""
    wanted = _open_run(ctx) is not None
    if wanted and not ctx.track.following:
        ctx.track.following = True
        answer = await ctx.ports.location.start(lambda spot: on_fix(ctx, spot))
        ctx.track.following = isinstance(answer, Ok)
    elif not wanted and ctx.track.following:
        ctx.track.following = False
        ctx.track.newest = ctx.track.sampled = None
        await ctx.ports.location.stop()


def on_fix(ctx: Ctx, spot: Spot) -> None:
    """A fix came: facts may use it, the map gets a sample, the stop may be suggested."""
    run = _open_run(ctx)
    if run is None:
        return
    ctx.track.newest = spot
    _suggest(run, spot)
    ctx.spawn(_keep(ctx, run, spot))


def _open_run(ctx: Ctx) -> RunView | None:
    """The run whose positions are recorded: open, and not in a break."""
    if not ctx.state.session.signed_in:
        return None
    return next((run for run in ctx.state.session.runs if run.position_on), None)


def _suggest(run: RunView, spot: Spot) -> None:
    for visit in run.visits:
        near = False
        if visit.open and not spot.plan and visit.lat is not None and visit.lon is not None:
            there = Point(lat=visit.lat, lon=visit.lon)
            near = distance_m(there, Point(lat=spot.lat, lon=spot.lon)) <= visit.geofence_m
        visit.here = near and visit.state in ("pending", "en_route")


async def _keep(ctx: Ctx, run: RunView, spot: Spot) -> None:
    seen = ctx.ports.clock.read()
    bare = ctx.track.waiting(seen)
    facts = [
        NewFact(
            VisitGeotagged.model_validate({"for": each.event}),
            _by(ctx),
            ctx.ports.ids.noise(UUID7_RANDOM_BYTES),
            run=each.run,
            visit=each.visit,
            fix=fix_of(spot, age_s=0),
        )
        for each in bare
    ]
    clocks = ctx.store.clocks(seen)
    try:
        if facts:
            await ctx.store.run(lambda db: outbox.put(db, facts, clocks))
            ctx.kick(False)  # noqa: FBT003  the worker's shape
        if ctx.track.due(spot):
            ctx.track.sampled = spot
            fixed = fixed_of(spot, str(run.id), ctx.now_ms())
            await ctx.store.run(lambda db: positions.put(db, fixed))
    except StoreError:
        return  # a position is a nicety; facts have their own way through a full disk


def _by(ctx: Ctx) -> str:
    driver = ctx.state.session.driver
    return f"device:{ctx.state.session.device_id}" if driver is None else f"driver:{driver}"
