"""A run in which something does not fit, for page tests: late, and with remedies."""

from datetime import timedelta

from sqlmodel import Session

from server.core.clock import to_ms
from server.core.http import Parts
from server.dispatch import service
from server.runs import queries as runs
from shared.plan import read_ops
from tests.helpers.pages import Board

RUN = "T1-5"
"""A train that has not left; nobody else changes it."""


def add_unfit(parts: Parts, board: Board) -> None:
    """Close the last station of a train two minutes after it leaves."""
    now, key = parts.clock.now(), board.runs[RUN]

    def work(session: Session) -> None:
        view = runs.load(session, board.site_id, key)
        leaves = view.run.planned_departure_at
        span = [to_ms(leaves), to_ms(leaves + timedelta(minutes=2))]
        op = {"op": "window", "visit": str(view.order[-1]), "windows": [span]}
        version = view.run.plan_version
        ops = read_ops([op])
        service.edit(session, board.person, key, ops, expected_version=version, now=now)

    parts.writer.run(work)
