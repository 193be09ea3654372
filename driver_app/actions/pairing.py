"""Binding the device to a site: the only act that needs the network."""

from driver_app.actions.ctx import Ctx
from driver_app.actions.outcomes import Compare, NotPaired, Paired
from shared.scan import PairLink


async def pair(
    ctx: Ctx, server: str, code: str, name: str, *, ca_digest: str = ""
) -> Paired | NotPaired | Compare:
    """Redeem a code; the outbox and the device's id are kept when it was paired before."""
    raise NotImplementedError


def read_link(text: str) -> PairLink | None:
    """Read a `milkrun://pair?u=…&c=…` link; None if it is something else."""
    raise NotImplementedError
