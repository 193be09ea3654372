"""Kanban in the plant: how many boxes, when to call, what a part needs at a station.

Boxes and loop stock after Roser (AllAboutLean), terms after VDI 5586; vectors:
schedule-and-plant.md §10.1. Ceilings use exact fractions, so that 4.0 never becomes 5.
"""

from dataclasses import dataclass
from fractions import Fraction

Rate = int | Fraction


def ceil(value: Fraction) -> int:
    """The smallest whole number that is not smaller."""
    return -(-value.numerator // value.denominator)


def trains_needed(cycle_s: int, takt_s: int) -> int:
    """Trains for a cycle time at a takt: 30 min at 20 min are 2."""
    return ceil(Fraction(cycle_s, takt_s))


def time_utilisation(cycle_s: int, takt_s: int, trains: int) -> float:
    """Share of the trains' time in use: 30 min, 20 min, 2 trains are 0.75."""
    return cycle_s / (trains * takt_s)


def boxes_per_cycle(cycle_s: int, consumption_takt_s: int, pieces_per_box: int) -> Fraction:
    """Boxes one part needs per cycle, as an exact fraction: 3600/(45·20) = 4."""
    return Fraction(cycle_s, consumption_takt_s * pieces_per_box)


def boxes_on_train(boxes: Fraction) -> int:
    """Boxes to put on the train."""
    return ceil(boxes)


def boxes_in_loop(boxes: Fraction) -> int:
    """Boxes of one part in the whole loop: ceil(2x) + 1."""
    return ceil(2 * boxes) + 1


def kanban_count(demand_per_h: Rate, lead_h: Rate, safety: Fraction, pieces_per_box: int) -> int:
    """Number of cards: ceil(D · L · (1 + S) / C)."""
    return ceil(Fraction(demand_per_h) * lead_h * (1 + safety) / pieces_per_box)


def lot_per_visit(demand_per_h: Rate, interval_s: int, safety: Fraction) -> Fraction:
    """Pieces until the next visit plus safety: 80/h, 24 h, 0.1 are 2112."""
    return Fraction(demand_per_h) * Fraction(interval_s, 3600) * (1 + safety)


def boxes_of(pieces: Fraction, pieces_per_box: int) -> int:
    """Whole boxes that hold the pieces."""
    return ceil(pieces / pieces_per_box)


def coverage_s(pieces: int, demand_per_h: Rate) -> int | None:
    """How long the stock lasts, in seconds; None without demand."""
    return int(Fraction(pieces * 3600) / demand_per_h) if demand_per_h else None


def boxes_to_call(on_hand: int, on_order: int, min_boxes: int, max_boxes: int) -> int:
    """Boxes to call now: none above the minimum, else up to the maximum less what is coming."""
    return 0 if on_hand > min_boxes else max(0, max_boxes - on_hand - on_order)


def allowed_to_leave(on_hand: int, max_boxes: int) -> int:
    """Boxes that may be left without going above the maximum."""
    return max(0, max_boxes - on_hand)


@dataclass(frozen=True, slots=True)
class ControlCycle:
    """Master record of one part at one station."""

    id: str
    part_no: str
    name: str
    station: str
    supermarket: str
    pieces_per_box: int
    demand_per_h: int
    min_boxes: int
    max_boxes: int
    safety: Fraction = Fraction(0)

    def boxes_per_visit(self, interval_s: int) -> int:
        """Boxes a train brings per visit at this interval, at most the station's maximum."""
        pieces = lot_per_visit(self.demand_per_h, interval_s, self.safety)
        return min(self.max_boxes, boxes_of(pieces, self.pieces_per_box))
