"""Calls, shelves and handovers for the screens: the office's rows and own facts over them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from driver_app.state import VisitView
from driver_app.state.plant_views import CallView, CardView, HandoverView
from driver_app.store import rows
from driver_app.store.meta import Db
from driver_app.store.rows import Row
from shared.calls import Call, call_of, fold_card, overlay_call
from shared.events import (
    CallPrepared,
    CallRefused,
    Event,
    FactVoided,
    HandoverAcknowledged,
    HandoverWritten,
    KanbanFulfilled,
    KanbanScanned,
    StationDone,
    StockCounted,
    StopReopened,
)
from shared.floor import fold_stock
from shared.run import live

SPEAKING = (
    KanbanScanned, KanbanFulfilled, StationDone, CallPrepared, CallRefused, StopReopened,
    FactVoided, StockCounted, HandoverWritten, HandoverAcknowledged,
)  # fmt: skip
NO_PLAN: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Shown:
    """One call with the words of its part."""

    call: Call
    plan: Mapping[str, Any]


@dataclass
class PlantRead:
    """What the store holds of the plant besides runs."""

    cards: list[Row] = field(default_factory=list)
    calls: list[Row] = field(default_factory=list)
    stocks: list[Row] = field(default_factory=list)
    handovers: list[Row] = field(default_factory=list)
    own: list[Event] = field(default_factory=list)
    """Own facts about any of these that the rows do not show yet."""

    def shown(self) -> list[Shown]:
        """The newest call of each card, and every call of the office."""
        found = []
        for card, row in self._by_card().items():
            calls = self._of_card(card, row)
            if calls:
                found.append(Shown(calls[-1], self._words(card, row)))
        for row in self.calls:
            if not row.plan.get("card"):
                [call] = overlay_call(call_of(row.id, None, row.fact), self.own)
                found.append(Shown(call, row.plan))
        return found

    def _by_card(self) -> dict[str, Row | None]:
        """The row of each card's newest call; None for a card without one."""
        found: dict[str, Row | None] = {row.id: None for row in self.cards}
        for row in sorted(self.calls, key=lambda one: int(one.fact.get("called", 0))):
            if card := row.plan.get("card"):
                found[str(card)] = row
        return found

    def _of_card(self, card: str, row: Row | None) -> Sequence[Call]:
        if row is None:
            return fold_card(card, self.own).calls
        return overlay_call(call_of(row.id, card, row.fact), self.own)

    def _words(self, card: str, row: Row | None) -> Mapping[str, Any]:
        of_card = next((one.plan for one in self.cards if one.id == card), NO_PLAN)
        return {**of_card, **(row.plan if row is not None else {})}

    def shelf(self, station: str) -> dict[str, int]:
        """Boxes at a station by part: the office's word, or an own count that is newer."""
        found: dict[str, int] = {}
        own = [f for f in self.own if isinstance(f.body, StockCounted | FactVoided)]
        counts = [f for f in own if isinstance(f.body, StockCounted)]
        mine = [f for f in counts if getattr(f.body, "location", "") == station]
        told = {
            str(row.plan["part_no"]): (int(row.fact.get("boxes", 0)), int(row.fact["counted"]))
            for row in self.stocks
            if row.plan.get("station") == station and "counted" in row.fact
        }
        for part in {*told, *(str(getattr(f.body, "item", "")) for f in mine)}:
            voids = [f for f in own if isinstance(f.body, FactVoided)]
            newest = fold_stock([*(f for f in mine if f.body.item == part), *voids])  # type: ignore[attr-defined]
            boxes, counted = told.get(part, (None, 0))
            if newest is not None and newest.envelope.hlc > counted:
                boxes = newest.body.qty  # type: ignore[attr-defined]
            if boxes is not None:
                found[part] = boxes
        return found

    def card_views(self) -> tuple[CardView, ...]:
        """The cards this device knows."""
        return tuple(
            CardView(
                row.id,
                str(row.plan.get("part_no", "")),
                int(row.plan.get("serial", 0)),
                str(row.plan.get("station", "")),
                int(row.plan.get("print_rev", 1)),
            )
            for row in self.cards
        )


def read_plant(db: Db, own: Iterable[Event]) -> PlantRead:
    """Read cards, calls, shelves and handovers."""
    read = PlantRead(own=[fact for fact in own if isinstance(fact.body, SPEAKING)])
    into = {
        "card": read.cards,
        "call": read.calls,
        "stock": read.stocks,
        "handover": read.handovers,
    }
    for row in rows.of_kind(db, *into):
        into[row.kind].append(row)
    return read


def call_views(
    shown: Iterable[Shown], visits: Sequence[VisitView], names: Mapping[str, str], run: str
) -> tuple[CallView, ...]:
    """The calls of a run's stations, the most urgent first, filled ones last."""
    places = {str(visit.location): visit for visit in visits if visit.location is not None}
    views = [
        _view(one, places[str(one.plan["station"])], visits, names)
        for one in shown
        if str(one.plan.get("station")) in places and one.plan.get("run", run) == run
    ]
    return tuple(sorted(views, key=_urgency))


def _urgency(view: CallView) -> tuple[bool, int, int, str]:
    return (not view.open, view.promised_ms or view.called_ms, view.called_ms, view.id)


def _promised(plan: Mapping[str, Any], called_ms: int) -> int | None:
    """The office's promise; before it comes, the lead time the card tells."""
    if plan.get("promised"):
        return int(plan["promised"])
    return called_ms + int(plan["lead_s"]) * 1000 if plan.get("lead_s") else None


def _view(
    one: Shown, place: VisitView, visits: Sequence[VisitView], names: Mapping[str, str]
) -> CallView:
    call, plan = one.call, one.plan
    at = [v.id for v in visits if v.open and str(v.location) == str(plan["station"])]
    closed = call.closed
    called_ms = call.opened.hlc if call.opened else int(plan.get("called", 0))
    return CallView(
        id=call.id,
        card=call.card or "",
        part_no=str(plan.get("part_no", "")),
        name=str(plan.get("name") or plan.get("part_no", "")),
        station=str(plan["station"]),
        place=place.name,
        boxes=int(plan.get("boxes", 1)),
        called_ms=called_ms,
        promised_ms=_promised(plan, called_ms),
        state=call.state,
        reason=call.reason,
        names=call.names,
        done_ms=closed.hlc if closed else None,
        done_by=names.get(closed.by, "") if closed else "",
        mine=closed is not None and closed.by == names.get(""),
        evidence=call.evidence,
        checking=call.checking,
        visit=at[0] if at else None,
    )


def handover_views(
    read: PlantRead, loop: str, shown: Iterable[Shown], names: Mapping[str, str], *, since_ms: int
) -> tuple[HandoverView, ...]:
    """What other shifts left for this loop, the newest first.

    Not what the driver wrote who is signed in since `since_ms`: it is for the next one.
    """
    words = {
        name: f"{one.plan.get('name') or one.plan.get('part_no', '')}".strip()
        for one in shown
        for name in one.call.names
    }
    taken = {f.body.handover for f in live(read.own) if isinstance(f.body, HandoverAcknowledged)}
    told = {
        row.id: row.plan
        for row in read.handovers
        if row.plan.get("loop") in (None, loop) and row.id not in taken
    }
    own = [f for f in live(read.own) if isinstance(f.body, HandoverWritten) and f.id not in taken]
    for fact in own:
        told[fact.id] = {
            **fact.body.model_dump(),
            "by": fact.envelope.by,
            "written": fact.envelope.hlc,
        }
    views = [_handover(id_, plan, words, names) for id_, plan in told.items()]
    others = [
        view
        for view in views
        if told[view.id].get("by") != names.get("") or view.written_ms < since_ms
    ]
    return tuple(sorted(others, key=lambda view: -view.written_ms))


def _handover(
    id_: str, plan: Mapping[str, Any], words: Mapping[str, str], names: Mapping[str, str]
) -> HandoverView:
    counts = plan.get("counts") or {}
    return HandoverView(
        id=id_,
        text=str(plan.get("text", "")),
        by=names.get(str(plan.get("by", "")), ""),
        written_ms=int(plan.get("written", 0)),
        counts=tuple(sorted((str(key), int(n)) for key, n in counts.items())),
        open=tuple(words.get(str(call), "?") for call in plan.get("open") or ()),
        stuck=tuple((words.get(str(c), "?"), str(why)) for c, why in plan.get("stuck") or ()),
    )
