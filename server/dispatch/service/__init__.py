"""Use cases of dispatch: price a change, make it, undo it; look ahead; ask the gate."""

from server.dispatch.service.crossing import Place
from server.dispatch.service.editing import edit, undo, whatif
from server.dispatch.service.gating import gate, gate_items
from server.dispatch.service.homing import bring_home
from server.dispatch.service.looking import look, look_at_open_runs, look_job
from server.dispatch.service.offering import Seeking, offers
from server.dispatch.service.proposals import consider, refuse_proposal
from server.dispatch.service.suggesting import better_order
from server.dispatch.service.transferring import Transfer, transfer

__all__ = [
    "Place",
    "Seeking",
    "Transfer",
    "better_order",
    "bring_home",
    "consider",
    "edit",
    "gate",
    "gate_items",
    "look",
    "look_at_open_runs",
    "look_job",
    "offers",
    "refuse_proposal",
    "transfer",
    "undo",
    "whatif",
]
