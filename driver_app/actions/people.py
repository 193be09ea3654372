"""Who drives: badge, PIN or a typed name, all without network."""

from driver_app.actions.ctx import Ctx
from driver_app.actions.outcomes import NotKnown, NotSaved, Outcome, SignedIn, WrongPin
from shared.ids import DriverId


async def sign_in_badge(ctx: Ctx, text: str) -> SignedIn | NotKnown | NotSaved:
    """Sign in by the text of a badge."""
    raise NotImplementedError


async def sign_in_pin(ctx: Ctx, driver: DriverId, pin: str) -> SignedIn | WrongPin | NotSaved:
    """Sign in by name and PIN; after five wrong tries it waits, also over a restart."""
    raise NotImplementedError


async def sign_in_unlisted(ctx: Ctx, name: str) -> SignedIn | NotSaved:
    """Sign in by a typed name; the office names the person later."""
    raise NotImplementedError


async def sign_out(ctx: Ctx) -> Outcome:
    """End this driver's use of the device; the outbox stays."""
    raise NotImplementedError
