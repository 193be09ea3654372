"""Use cases of the plant: what facts change, and what the office does there."""

from server.plant.service.andons import climb, climb_everywhere, next_climb
from server.plant.service.cycles import add_control_cycle, change_control_cycle, make_cards
from server.plant.service.empties import count_empties
from server.plant.service.folding import apply, refold_card
from server.plant.service.office import (
    acknowledge,
    clear,
    count_stock,
    give_call,
    look_after,
    make_call,
    raise_andon,
)

__all__ = [
    "acknowledge",
    "add_control_cycle",
    "apply",
    "change_control_cycle",
    "clear",
    "climb",
    "climb_everywhere",
    "count_empties",
    "count_stock",
    "give_call",
    "look_after",
    "make_call",
    "make_cards",
    "next_climb",
    "raise_andon",
    "refold_card",
]
