"""What dispatchers do while devices are away: order, cancel, add, edit, move, assign."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core.clock import to_ms
from server.core.jobs import RowJobs
from server.dispatch import service as dispatching
from server.dispatch.service import Place, Transfer
from server.facts import service as facts
from server.runs import queries as runs
from server.runs.queries import RunView
from server.runs.service import plans
from server.runs.service.plans import AddedVisit, PlanDraft, VisitEdit
from server.sync import service as syncing
from server.sync.wire import Dismiss, Release
from shared.ids import RunId
from tests.helpers.builders import id_of
from tests.sim.ground import SITE, ground

UNREADABLE = frozenset({"bad_doc", "unknown_type", "bad_body"})
Entry = dict[str, Any]
Deed = Callable[[Session, Random, str, Any], Entry]


def _write(session: Session, view: RunView, draft: PlanDraft, now: Any) -> None:
    plans.change_plan(session, view, draft, by="Office", reason="sim", now=now)


def _legs(order: list[UUID], dice: Random) -> list[tuple[int, int]]:
    return [(dice.randrange(300, 900), 5_000) for _ in range(len(order) + 1)]


def _view(session: Session, run: str, now: Any) -> tuple[RunView, list[UUID]]:
    view = plans.locked_view(session, SITE, RunId(UUID(run)), now)
    planned = [one.id for one in view.visits if one.kind == "fixed" and one.plan_state == "planned"]
    return view, planned


def order(session: Session, dice: Random, run: str, now: Any) -> Entry:
    """Another order."""
    view, visits = _view(session, run, now)
    dice.shuffle(visits)
    _write(session, view, PlanDraft(order=visits, legs=_legs(visits, dice)), now)
    return {"op": "order"}


def cancel(session: Session, dice: Random, run: str, now: Any) -> Entry:
    """Take a visit out."""
    view, visits = _view(session, run, now)
    if not visits:
        return {}
    gone = dice.choice(visits)
    rest = [one for one in visits if one != gone]
    draft = PlanDraft(
        order=rest, legs=_legs(rest, dice), edits={gone: VisitEdit(plan_state="cancelled")}
    )
    _write(session, view, draft, now)
    return {"op": "cancel", "visit": str(gone)}


def add(session: Session, dice: Random, run: str, now: Any) -> Entry:
    """Put a place in."""
    view, visits = _view(session, run, now)
    new = AddedVisit(id_of(f"added {dice.getrandbits(64)}"), id_of(dice.choice(("cafe", "kiosk"))))
    every = [*visits, new.id]
    dice.shuffle(every)
    _write(session, view, PlanDraft(order=every, legs=_legs(every, dice), added=(new,)), now)
    return {"op": "add", "visit": str(new.id)}


def edit(session: Session, dice: Random, run: str, now: Any) -> Entry:
    """Another service time, or a note."""
    view, visits = _view(session, run, now)
    if not visits:
        return {}
    one = dice.choice(visits)
    draft = PlanDraft(
        order=visits, edits={one: VisitEdit(service_s=dice.randrange(60, 900))}, note="look"
    )
    _write(session, view, draft, now)
    return {"op": "edit", "visit": str(one)}


def undo(session: Session, dice: Random, run: str, now: Any) -> Entry:  # noqa: ARG001 - one shape
    """The plan before the last one; what was added by it is cancelled."""
    view, _ = _view(session, run, now)
    if view.plan.before is None:
        return {}
    plans.change_plan(session, view, plans.undo_draft(view), by="Office", reason="undo", now=now)
    return {"op": "delete"}


def assign(session: Session, dice: Random, run: str, now: Any) -> Entry:
    """Another vehicle drives: other devices get the run."""
    vehicle = dice.choice(("van", "truck", "tugger"))
    view, visits = _view(session, run, now)
    draft = PlanDraft(order=visits, assign={"vehicle_id": id_of(vehicle)})
    _write(session, view, draft, now)
    return {"op": "assign", "to": vehicle}


def move(session: Session, dice: Random, run: str, now: Any) -> Entry:
    """Give a visit to another run."""
    boss = ground().boss
    others = [one for one in sorted(ground().runs) if one != run]
    target = dice.choice(others)
    view, visits = _view(session, run, now)
    if not visits:
        return {}
    one = dice.choice(visits)
    version = runs.load(session, SITE, RunId(UUID(target))).run.plan_version
    wanted = Transfer(
        visits=[one],
        to_run=RunId(UUID(target)),
        expected_version=view.run.plan_version,
        expected_to_version=version,
        place=Place(cheapest=False),
        reason="sim",
    )
    dispatching.transfer(session, boss, RunId(UUID(run)), wanted, now=now)
    return {"op": "move", "visit": str(one), "to": target}


def decide(session: Session, dice: Random, run: str, now: Any) -> Entry:  # noqa: ARG001 - one shape
    """Somebody lets a fact count that waits, or decides that it does not."""
    waiting = [one for one in facts.held(session, SITE) if one.why not in UNREADABLE]
    if not waiting:
        return {}
    one = dice.choice(sorted(waiting, key=lambda fact: str(fact.id)))
    decision = (
        Release(action="release")
        if dice.random() < 0.7
        else Dismiss(action="dismiss", reason="sim")
    )
    syncing.decide(session, ground().boss, one.id, decision, RowJobs(_Fixed(now)), now=now)
    return {"op": "decide"}


@dataclass(frozen=True)
class _Fixed:
    """A clock that stands."""

    at: Any

    def now(self) -> Any:
        """The instant."""
        return self.at

    def ms(self) -> int:
        """The same in milliseconds."""
        return to_ms(self.at)

    def monotonic(self) -> float:
        """Nothing waits."""
        return 0.0


DEEDS: list[tuple[int, Deed]] = [
    (30, order),
    (20, cancel),
    (20, add),
    (12, edit),
    (12, undo),
    (18, move),
    (12, decide),
]
