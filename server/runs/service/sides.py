"""Both sides of an exception: what was reported by whom and when, and what stands against it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from server.core.clock import to_ms
from server.facts.service import StoredFact
from server.runs import queries
from server.runs.conditions import CANCELLED, MOVED, Condition
from server.runs.tables import PlanRow, RunRow, StopVisitRow
from shared.events import Event
from shared.ids import SiteId

SAID_MAX = 500
Side = dict[str, Any]


@dataclass(frozen=True)
class Witness:
    """Knows the facts of a run with their true times, and the plan they may contradict."""

    session: Session
    run: RunRow
    known: Mapping[str, StoredFact]

    def sides(self, condition: Condition, visit: StopVisitRow | None = None) -> list[Side]:
        """What people compare: facts first, then the plan."""
        found = [self._fact(fact) for fact in condition.facts]
        if condition.plan == MOVED and visit is not None and visit.moves:
            found.append(_move(visit.moves[-1]))
        if condition.plan == CANCELLED:
            found += self._cancellation(visit)
        return found

    def _fact(self, fact: Event) -> Side:
        stored = self.known[fact.id]
        body = fact.body.model_dump(mode="json", exclude_none=True)
        told = {key: body[key] for key in ("reason", "text", "note", "kind") if key in body}
        return {
            "what": fact.type,
            "by": fact.envelope.by,
            "at": stored.reported_ms,
            "event": fact.id,
            "run": str(stored.run_id or self.run.id),
            "device": str(stored.device_id) if stored.device_id else None,
            "said": told,
        }

    def _cancellation(self, visit: StopVisitRow | None) -> list[Side]:
        if self.run.plan_state == "cancelled":
            change = self.run.change or {}
            at = change.get("at", to_ms(self.run.updated_at))
            return [self._plan("run.cancelled", change.get("by", ""), at, self.run.cancel_reason)]
        plan = self._who_took_out(visit) if visit is not None else None
        if plan is None:
            return []
        at = to_ms(plan.created_at)
        side = self._plan("stop.cancelled", plan.made_by, at, plan.reason)
        return [{**side, "version": plan.version}]

    def _plan(self, what: str, by: str, at_ms: int, reason: str | None) -> Side:
        said = {"text": reason[:SAID_MAX]} if reason else {}
        return {"what": what, "by": by, "at": at_ms, "run": str(self.run.id), "said": said}

    def _who_took_out(self, visit: StopVisitRow) -> PlanRow | None:
        """The version that took the visit off the way: it is in the order no longer."""
        plans: Iterable[PlanRow] = queries.plans(
            self.session, SiteId(self.run.site_id), self.run.id
        )
        key, found = str(visit.id), None
        for plan in plans:  # the newest first
            if key in plan.order:
                break
            found = plan
        return found


def _move(move: Mapping[str, Any]) -> Side:
    said = {"text": move["reason"][:SAID_MAX]} if move.get("reason") else {}
    return {
        "what": "stop.moved",
        "by": move["by"],
        "at": move["at"],
        "run": move["to"],
        "said": said,
    }
