"""What a set of facts says of a visit and of a run (sync-events.md §3 to §5.4)."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from tests.sim.oracle.facts import RANK, Said, live, ordered, unique

Half = dict[str, Any]

STATE = {3: "done", 2: "partly", 1: "failed", 0: "skipped"}
TIMES = {
    "arrived": "stop.arrived",
    "service_started": "stop.service_started",
    "departed": "stop.departed",
}
BY_DIRECTION = ("unload", "pickup", "load", "return")


def result(living: Iterable[Said]) -> Said | None:
    """The result that counts of living facts: highest rank, then smallest (hlc, id) (§5.2)."""
    found = [fact for fact in living if fact.type in RANK]
    highest = max((RANK[fact.type] for fact in found), default=-1)
    best = [fact for fact in found if RANK[fact.type] == highest]
    return min(best, key=lambda fact: fact.stamp, default=None)


def also(living: Iterable[Said]) -> int:
    """How many other results live."""
    return max(0, sum(1 for fact in living if fact.type in RANK) - 1)


def ranks_differ(living: Iterable[Said]) -> bool:
    """Whether a supervisor must look at differing results."""
    return len({RANK[fact.type] for fact in living if fact.type in RANK}) > 1


def visit_half(
    facts: Iterable[Said], *, off_plan: bool = False, alive: Container[str] | None = None
) -> Half:
    """The fact half of a stop (§5.3); empty keys are left out.

    `alive` are the ids that live among all facts, if the caller knows; else among these.
    """
    every = unique(facts)
    living = live(every) if alive is None else ordered(f for f in every if f.id in alive)
    best = result(living)
    body = best.body if best else {}
    whole: Half = {
        "state": _state(living, best),
        "result": best.id if best else None,
        "by": best.by if best else None,
        "reason": body.get("reason"),
        "drop_point": body.get("proof", {}).get("drop_point"),
        "completed": best.hlc if best else None,
        "qty": quantities(living),
        "empties": empties(living),
        "also": also(living),
        "off_plan": off_plan,
        "n": len(every),
    }
    whole |= {key: _first_hlc(living, kind) for key, kind in TIMES.items()}
    return {key: value for key, value in whole.items() if value not in (None, 0, False, {})}


def _state(living: Sequence[Said], best: Said | None) -> str | None:
    if best is not None:
        return STATE[RANK[best.type]]
    kinds = {fact.type for fact in living}
    if "stop.service_started" in kinds:
        return "in_service"
    return "arrived" if "stop.arrived" in kinds else None


def _first_hlc(living: Iterable[Said], kind: str) -> int | None:
    return min((fact.hlc for fact in living if fact.type == kind), default=None)


def quantities(living: Sequence[Said]) -> dict[str, int]:
    """Per line the newest count, else labels x qty, else the lines of the result (§5.4)."""
    by_place = {**_scanned(living), **_counted(living)}
    found = _lines(result(living))
    for direction in reversed(BY_DIRECTION):
        found |= {line: qty for (line, at), qty in by_place.items() if at == direction}
    return found


def _counted(living: Iterable[Said]) -> dict[tuple[str, str], int]:
    """Oldest first, so that the newest of each line and direction stays."""
    return {
        (fact.body["line"], fact.body["dir"]): fact.body["qty"]
        for fact in living
        if fact.type == "load.counted"
    }


def _scanned(living: Iterable[Said]) -> dict[tuple[str, str], int]:
    """A label counts once per direction: for the line of its first scan that names one."""
    scans = [fact for fact in living if fact.type == "load.scanned" and fact.body.get("line")]
    labels = {(scan.body["dir"], scan.body["label"]): scan for scan in reversed(scans)}
    places = {(scan.body["line"], scan.body["dir"]) for scan in labels.values()}
    return {
        place: sum(
            scan.body.get("qty", 1)
            for scan in labels.values()
            if (scan.body["line"], scan.body["dir"]) == place
        )
        for place in places
    }


def _lines(best: Said | None) -> dict[str, int]:
    if best is None:
        return {}
    found: dict[str, int] = dict(best.body.get("lines", ()))
    found |= dict(best.body.get("delivered", ()))
    return found | {short[0]: short[1] for short in best.body.get("short", ())}


def empties(living: Sequence[Said]) -> dict[str, int]:
    """Sums per container type, taken counts up; a station's own with the result that counts."""
    best = result(living)
    moves = [
        (fact.body["container_type"], fact.body["dir"], fact.body["qty"])
        for fact in living
        if fact.type == "empties.taken"
    ]
    moves += [tuple(one) for one in (best.body.get("empties", ()) if best else ())]
    return {
        kind: sum(qty if way == "taken" else -qty for one, way, qty in moves if one == kind)
        for kind, _, _ in moves
    }


def run_of(living: Iterable[Said], planned: str) -> str:
    """The run a visit belongs to: that of its counted result, else the planned one (R13)."""
    best = result(living)
    return best.run if best is not None and best.run is not None else planned


def run_half(
    facts: Iterable[Said], start_visit: str | None = None, alive: Container[str] | None = None
) -> Half:
    """The fact half of a run, its visits' facts included (§3, §4, R15, R17, R18)."""
    every = unique(facts)
    living = live(every) if alive is None else ordered(f for f in every if f.id in alive)
    departed = _departed(living, start_visit)
    finished = first(living, "run.finished")
    proposal = last(living, "run.order_proposed")
    pause = open_break(living)
    whole: Half = {
        "state": run_state(living, start_visit),
        "started": _hlc(first(living, "run.started")),
        "departed": _hlc(departed),
        "missed": None if departed else _hlc(first(living, "run.missed")),
        "returned": _hlc(first(living, "run.returned")),
        "finished": _hlc(finished),
        "acknowledged": acknowledged(living),
        "proposed": proposal.id if proposal else None,
        "on_break": pause.id if pause else None,
        "after_finish": sum(1 for fact in living if finished and fact.stamp > finished.stamp),
        "n": len(every),
    }
    return {key: value for key, value in whole.items() if value not in (None, 0)}


def _hlc(fact: Said | None) -> int | None:
    return fact.hlc if fact else None


def first(living: Iterable[Said], kind: str) -> Said | None:
    """The first of its kind, by stamp."""
    return min((one for one in living if one.type == kind), key=lambda f: f.stamp, default=None)


def last(living: Iterable[Said], kind: str) -> Said | None:
    """The newest of its kind, by stamp."""
    return max((one for one in living if one.type == kind), key=lambda f: f.stamp, default=None)


def _departed(living: Sequence[Said], start_visit: str | None) -> Said | None:
    """`run.departed`; on the road the start depot's `stop.departed` says it (§4)."""
    at_start = [one for one in living if start_visit and one.visit == start_visit]
    return first(living, "run.departed") or first(at_start, "stop.departed")


def acknowledged(living: Iterable[Said]) -> int:
    """The largest plan version anybody has seen."""
    seen = (one for one in living if one.type == "plan.acknowledged")
    return max((one.body["plan_version"] for one in seen), default=0)


def open_break(living: Sequence[Said]) -> Said | None:
    """The newest break whose end is not told."""
    ended = {one.body["started"] for one in living if one.type == "break.ended"}
    return last([one for one in living if one.id not in ended], "break.started")


def run_state(living: Sequence[Said], start_visit: str | None = None) -> str | None:
    """Acknowledged, loading, underway or returned (schedule-and-plant.md §3)."""
    kinds = {one.type for one in living}
    silent = {"visit.geotagged", "note.added"}
    elsewhere = {one.type for one in living if one.visit not in (None, start_visit)} - silent
    if kinds & {"run.finished", "run.returned"}:
        return "returned"
    if _departed(living, start_visit) or elsewhere:
        return "underway"
    if "run.started" in kinds:
        return "loading"
    return "acknowledged" if acknowledged(living) else None


def grouped(facts: Iterable[Said]) -> Mapping[str, list[Said]]:
    """Facts by the visit they name."""
    found: dict[str, list[Said]] = {}
    for fact in facts:
        if fact.visit is not None:
            found.setdefault(fact.visit, []).append(fact)
    return found
