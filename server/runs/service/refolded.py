"""What people do to the state of a run, with what its facts mean then."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from server.core.access import Principal
from server.feed import service as feed
from server.runs.service import states
from server.runs.service.folding import refold
from server.runs.service.rows import shown_rows
from server.runs.service.states import Overrides
from server.runs.tables import RunRow
from shared.ids import RunId, SiteId


def dispatch(
    session: Session,
    who: Principal,
    run_id: RunId,
    *,
    gate: Sequence[tuple[str, str, str]] = (),
    overrides: Overrides = (),
    now: datetime,
) -> RunRow:
    """Give a planned run to its devices; see `states.dispatch`."""
    row = states.dispatch(session, who, run_id, gate=gate, overrides=overrides, now=now)
    return _again(session, who, row, now)


def cancel(
    session: Session, who: Principal, run_id: RunId, *, reason: str, now: datetime
) -> RunRow:
    """Call a run off; see `states.cancel`."""
    row = states.cancel(session, who, run_id, reason=reason, now=now)
    return _again(session, who, row, now)


def _again(session: Session, who: Principal, row: RunRow, now: datetime) -> RunRow:
    """Facts that came before count as those that come after: the order must not matter."""
    if row.fact is not None:
        refold(session, who.site_id, {RunId(row.id)}, (), now)
    return row


def tell_run(session: Session, site_id: SiteId, run: RunRow, now: datetime) -> None:
    """Show the devices of a run what changed about it beside its plan."""
    run.updated_at = now
    run.rev = feed.lock(session, site_id, now)
    if run.in_feed:
        feed.publish(session, site_id, shown_rows(session, site_id, RunId(run.id)), now)
