"""What the plant adds to the board: andons that are still open."""

from collections.abc import Sequence

from sqlmodel import Session

from server.core.access import Principal
from server.runs.queries import RunView

Entries = dict[str, dict[str, dict[str, object]]]


def plant_entries(session: Session, who: Principal, views: Sequence[RunView]) -> Entries:
    """The open andons of the site."""
    return {}
