"""What the tugger's screens show of cards, calls and handovers."""

from typing import NamedTuple

from shared.ids import VisitId


class CallView(NamedTuple):
    """One call of a station on the way, as the office folded it and with what is only here yet."""

    id: str
    card: str
    """Empty for a call the office made."""
    part_no: str
    name: str
    station: str
    """Id of the station's Location."""
    place: str
    """The station's name."""
    boxes: int
    called_ms: int
    promised_ms: int | None
    state: str
    """open, prepared, fulfilled or short."""
    reason: str
    """Why somebody cannot bring it; it stays open."""
    names: frozenset[str]
    """Every id that names it: those of the other scans of this cycle too."""
    done_ms: int | None
    done_by: str
    """Who filled it, by name where it is known here."""
    mine: bool
    """Whether this device recorded the filling that counts."""
    evidence: int
    checking: bool
    visit: VisitId | None
    """The open visit of this run at its station."""

    @property
    def open(self) -> bool:
        """Whether boxes still have to come."""
        return self.state in ("open", "prepared")


class CardView(NamedTuple):
    """A card this device knows, for scanning and typing."""

    id: str
    part_no: str
    serial: int
    station: str
    print_rev: int


class HandoverView(NamedTuple):
    """What another shift left for this loop and nobody took over yet."""

    id: str
    text: str
    by: str
    written_ms: int
    counts: tuple[tuple[str, int], ...]
    open: tuple[str, ...]
    """The open calls in words."""
    stuck: tuple[tuple[str, str], ...]
    """Calls that could not be brought, in words, with the reason."""
