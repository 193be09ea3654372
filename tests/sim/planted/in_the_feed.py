"""Bugs in what devices are told: rows, scopes, tombstones, cursors, revisions."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from server.feed import queries, rules, service
from server.feed.rules import Cursor, FeedChange, Version
from server.feed.tables import DeviceScope, FeedRow, FeedSite
from server.runs import queries as runs
from server.runs.service import plans
from server.sync import effects
from tests.sim.planted.bug import Bug, Swap
from tests.sim.planted.on_device import BLIND

Any_ = Callable[..., Any]
FEED_PROOF, CONCURRENCY_PROOF = "PostgreSQL feed proof", "PostgreSQL concurrency proof"


def _cancelled_is_gone(original: Any_) -> Any_:
    def rows_of(*args: Any) -> list[FeedChange]:
        return [
            replace(change, deleted=True)
            if change.kind == rules.STOP and (change.plan or {}).get("state") == "cancelled"
            else change
            for change in original(*args)
        ]

    return rows_of


def _gone_for_good(_original: Any_) -> Any_:
    def gone(version: Version) -> Version:
        return rules._tombstone(version)

    return gone


def _any_nonce(_original: Any_) -> Any_:
    def accepted(
        _session: Session, _site_id: Any, cursor: Cursor | None, _now_at: int, oldest: int | None
    ) -> Cursor | None:
        known = cursor is not None and oldest is not None and cursor.head >= oldest
        return cursor if known else None

    return accepted


def _moved_without_a_trace(original: Any_) -> Any_:
    def write(session: Session, site_id: Any, rev: int, versions: Sequence[Version]) -> None:
        live = {(one.kind, one.id) for one in versions if not one.deleted}
        moved = [one for one in versions if one.deleted and (one.kind, one.id) in live]
        for one in moved:
            session.execute(
                delete(FeedRow).where(
                    col(FeedRow.site_id) == site_id,
                    col(FeedRow.kind) == one.kind,
                    col(FeedRow.id) == one.id,
                    col(FeedRow.scope) == one.scope,
                )
            )
        original(session, site_id, rev, [one for one in versions if one not in moved])

    return write


def _given_without_rows(_original: Any_) -> Any_:
    def rescope(session: Session, site_id: Any, changed: Any, now: Any) -> None:
        if not changed:
            return
        rev = service.lock(session, site_id, now)
        rows = [
            {"site_id": site_id, "device_id": device, "scope": scope, "live": live, "rev": rev}
            for (device, scope), live in sorted(changed.items())
        ]
        session.connection().execute(service._upsert(DeviceScope), rows)

    return rescope


class _Sequence:
    """Revisions handed out before the site is locked, as a sequence of a database does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[Any, int] = {}

    def next(self, session: Session, site_id: Any) -> int:
        found = select(col(FeedSite.rev)).where(col(FeedSite.site_id) == site_id)
        seen = session.execute(found).scalar() or 0
        with self._lock:
            self._last[site_id] = max(self._last.get(site_id, 0), seen) + 1
            return self._last[site_id]


def _from_a_sequence(original: Any_) -> Any_:
    numbers = _Sequence()

    def take(session: Session, site_id: Any) -> int | None:
        taken = numbers.next(session, site_id)
        newest = func.greatest(FeedSite.rev, taken)
        done = session.execute(
            update(FeedSite).where(col(FeedSite.site_id) == site_id).values(rev=newest)
        )
        found = getattr(done, "rowcount", 0)
        return taken if found else original(session, site_id)

    return take


_read_early: dict[int, dict[Any, list[Any]]] = {}


def _fold_before_the_lock(original: Any_) -> Any_:
    def after_push(session: Session, who: Any, appended: Any, jobs: Any, *, now: Any) -> None:
        run_ids = {fact.run_id for fact in appended.new if fact.run_id is not None}
        views = runs.views(session, who.site_id, run_ids) if run_ids else []
        _read_early[id(session)] = {
            view.run.id: runs.run_facts(session, who.site_id, view) for view in views
        }
        try:
            original(session, who, appended, jobs, now=now)
        finally:
            _read_early.pop(id(session), None)

    return after_push


def _facts_read_early(original: Any_) -> Any_:
    def run_facts(session: Session, site_id: Any, view: Any) -> Any:
        early = _read_early.get(id(session), {}).get(view.run.id)
        return original(session, site_id, view) if early is None else early

    return run_facts


BUGS = (
    Bug(5, "Dispatcher's delete removes a visit that has facts", ("I7",), 10,
        (Swap(plans, "rows_of", _cancelled_is_gone), Swap(rules, "_gone", _gone_for_good))),
    Bug(13, "Cursor nonce and row digest both unchecked", ("I4",), 50,
        (Swap(queries, "_accepted", _any_nonce), BLIND)),
    Bug(15, "A moved visit leaves no tombstone in its old scope, digest unchecked", ("I4",), 50,
        (Swap(service, "_write", _moved_without_a_trace), BLIND)),
    Bug(24, "A new scope does not re-stamp its rows, digest unchecked", ("I4",), 20,
        (Swap(service, "_rescope", _given_without_rows), BLIND)),
    Bug(33, "Revision taken from a sequence, before the site is locked", ("feed",), 1,
        (Swap(service, "_next", _from_a_sequence),), proof=FEED_PROOF),
    Bug(34, "Facts folded before the `feed_site` lock", ("I2",), 1,
        (Swap(effects, "after_push", _fold_before_the_lock),
         Swap(runs, "run_facts", _facts_read_early)), proof=CONCURRENCY_PROOF),
)  # fmt: skip
