"""Bugs in what facts mean: undo, rank, labels, cards."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlmodel import Session

from server.facts import queries as facts
from server.runs.service import folding
from server.sync import effects
from shared import calls, run
from shared.events import Event, FactVoided, LoadScanned, StopReopened
from shared.ids import EventId
from shared.run import VisitFold
from tests.sim.planted.bug import Bug, Swap

Any_ = Callable[..., Any]

_too_early: set[str] = set()


def _forget_early_undos(original: Any_) -> Any_:
    def after_push(session: Session, who: Any, appended: Any, jobs: Any, *, now: Any) -> None:
        for fact in appended.new:
            if fact.event is not None and isinstance(fact.event.body, StopReopened | FactVoided):
                _note(session, who, fact.event)
        original(session, who, appended, jobs, now=now)

    return after_push


def _note(session: Session, who: Any, undo: Any) -> None:
    """Remember whether the target of an undo is here when the undo comes."""
    target = EventId(type(who.site_id)(undo.body.undo))
    if facts.facts_of(session, who.site_id, [target]):
        _too_early.discard(undo.id)
    else:
        _too_early.add(undo.id)


def _without_early_undos(original: Any_) -> Any_:
    def fold_visit(events: Iterable[Event]) -> VisitFold:
        every = list(events)
        folded: VisitFold = original([one for one in every if one.id not in _too_early])
        return replace(folded, count=len({one.id for one in every}))

    return fold_visit


def _earliest(_original: Any_) -> Any_:
    def better_result(a: Event, b: Event) -> Event:
        return min(a, b, key=lambda fact: fact.stamp)

    return better_result


def _every_scan_adds(original: Any_) -> Any_:
    def quantities(events: Sequence[Event], result: Event | None) -> Any:
        apart = [
            Event(one.id, one.envelope, one.body.model_copy(update={"label": one.id}))
            if isinstance(one.body, LoadScanned)
            else one
            for one in events
        ]
        return original(apart, result)

    return quantities


def _every_scan_calls(_original: Any_) -> Any_:
    def open_(found: list[calls.Call], card: str, fact: Event) -> None:
        found.append(calls.Call(calls.call_id(card, fact.id), card, calls._moment(fact)))

    return open_


BUGS = (
    Bug(27, "Undo acts on arrival order (undo before its target is lost)", ("I7",), 50,
        (Swap(effects, "after_push", _forget_early_undos),
         Swap(folding, "fold_visit", _without_early_undos))),
    Bug(28, "Earliest result wins regardless of rank", ("I7",), 50,
        (Swap(run, "better_result", _earliest),)),
    Bug(29, "Second scan of a label adds quantity", ("I2",), 10,
        (Swap(run, "_quantities", _every_scan_adds),)),
    Bug(30, "A card scanned on two tablets opens two calls", ("I2",), 50,
        (Swap(calls, "_open", _every_scan_calls),)),
)  # fmt: skip
