"""Who drives: badge, PIN or a typed name, all without network."""

import hashlib
import hmac
from typing import Any, Literal

from driver_app.actions.ctx import Ctx
from driver_app.actions.outcomes import NotKnown, NotSaved, Outcome, Saved, SignedIn, WrongPin
from driver_app.actions.record import Act, record
from driver_app.actions.refresh import refresh
from driver_app.store import meta, rows
from driver_app.store.meta import Db
from driver_app.store.rows import Row
from shared.gate import NAME_MAX, clean
from shared.ids import DriverId
from shared.road_facts import DriverSignedIn, DriverSignedOut

PIN_TRIES = 5
PIN_WAIT_FIRST_S = 60
PIN_WAIT_MAX_S = 900
PIN_ROUNDS = 200_000


async def sign_in_badge(ctx: Ctx, text: str) -> SignedIn | NotKnown | NotSaved:
    """Sign in by the text of a badge."""
    digest = hashlib.sha256(text.strip().encode()).hexdigest()
    drivers = await ctx.store.read(lambda db: rows.of_kind(db, "driver"))
    for row in drivers:
        if hmac.compare_digest(str(row.plan.get("badge_hash") or ""), digest):
            return await _signed_in(ctx, row, "badge")
    return NotKnown()


async def sign_in_pin(ctx: Ctx, driver: DriverId, pin: str) -> SignedIn | WrongPin | NotSaved:
    """Sign in by name and PIN; after five wrong tries it waits, also over a restart."""
    row, tries = await ctx.store.read(
        lambda db: (rows.one(db, "driver", str(driver)), meta.ui(db, "pin") or {})
    )
    now_ms = ctx.now_ms()
    if row is None:
        return NotSaved("gone")
    if now_ms < (until_ms := int(tries.get("until_ms", 0))):
        return WrongPin(int(tries.get("left", 0)), until_ms)
    if await ctx.store.reader.call(lambda: pin_fits(row.plan, pin)):
        return await _signed_in(ctx, row, "pin")
    tries = wrong_try(tries, now_ms)
    await ctx.store.run(lambda db: meta.put_ui(db, "pin", tries))
    await refresh(ctx, runs=(), session=True)
    return WrongPin(tries["left"], tries["until_ms"])


async def sign_in_unlisted(ctx: Ctx, name: str) -> SignedIn | NotSaved:
    """Sign in by a typed name; the office names the person later."""
    said = clean(name.strip(), NAME_MAX)
    if not said:
        return NotSaved("state")
    who = {"id": None, "name": said, "lang": ctx.state.session.lang, "at_ms": ctx.now_ms()}
    by = f"device:{ctx.state.session.device_id}"
    return await _record(ctx, DriverSignedIn(method="unlisted", name=said), who, by)


async def sign_out(ctx: Ctx) -> Outcome:
    """End this driver's use of the device; the outbox stays."""
    outcome = await record(
        ctx, Act([DriverSignedOut()], beside=lambda db: meta.put_ui(db, "driver", None))
    )
    await refresh(ctx, runs=(), session=True)
    return outcome


async def _signed_in(ctx: Ctx, row: Row, method: Literal["badge", "pin"]) -> SignedIn | NotSaved:
    who = {
        "id": row.id,
        "name": str(row.plan.get("name", "")),
        "lang": str(row.plan.get("lang") or "en"),
        "at_ms": ctx.now_ms(),
    }
    return await _record(ctx, DriverSignedIn(method=method), who, f"driver:{row.id}")


async def _record(
    ctx: Ctx, body: DriverSignedIn, who: dict[str, Any], by: str
) -> SignedIn | NotSaved:
    def keep(db: Db) -> None:
        meta.put_ui(db, "driver", who)
        meta.put_ui(db, "pin", {})

    outcome = await record(ctx, Act([body], beside=keep, by=by))
    await refresh(ctx, session=True)
    if isinstance(outcome, Saved):
        return SignedIn(str(who["name"]), str(who["lang"]))
    return outcome


def pin_fits(plan: dict[str, Any], pin: str) -> bool:
    """Whether a PIN is the driver's: PBKDF2-HMAC-SHA256 with the driver's own salt."""
    try:
        salt = bytes.fromhex(str(plan.get("pin_salt") or ""))
    except ValueError:
        return False
    wanted = str(plan.get("pin_verifier") or "")
    if not wanted or not salt:
        return False
    found = hashlib.pbkdf2_hmac("sha256", pin.encode(), salt, PIN_ROUNDS).hex()
    return hmac.compare_digest(found, wanted)


def wrong_try(tries: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """Count a wrong PIN: after PIN_TRIES it waits a minute, then twice as long each time."""
    left = int(tries.get("left", PIN_TRIES)) - 1
    locks = int(tries.get("locks", 0))
    if left > 0:
        return {"left": left, "locks": locks, "until_ms": 0}
    wait_s = min(PIN_WAIT_MAX_S, PIN_WAIT_FIRST_S * 2**locks)
    return {"left": 1, "locks": locks + 1, "until_ms": now_ms + wait_s * 1000}
