"""Questions about meaning: do visits, runs, cards and accounts say what the facts say (I2, I7)."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tests.sim.oracle import plant, visits
from tests.sim.oracle.facts import Said, ordered

if TYPE_CHECKING:
    from tests.sim.oracle.judging import Case, Fault

RESULT_KEYS = ("state", "result", "by", "reason", "drop_point", "completed")


def wrong_visits(case: "Case") -> Iterator["Fault"]:
    """I2 and I7: each visit's fact half is the oracle's; a wrong result breaks I7."""
    named = visits.grouped(case.said)
    for visit in case.server["visits"]:
        facts = named.get(visit["id"], [])
        off_plan = bool(facts) and visit["plan_state"] != "planned"
        wanted = visits.visit_half(facts, off_plan=off_plan, alive=case.alive)
        yield from _compare(f"visit {visit['id']}", wanted, visit["fact"] or {})


def _compare(what: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator["Fault"]:
    for key in sorted(wanted.keys() | found.keys()):
        if wanted.get(key) != found.get(key):
            invariant = "I7" if key in RESULT_KEYS else "I2"
            says = f"{key} {found.get(key)!r} instead of {wanted.get(key)!r}"
            yield invariant, f"{what} says {says}"


def _starts(case: "Case") -> dict[str, str]:
    """The depot visit at the start of each run, as devices were told."""
    return {
        row[5]["run"]: row[1]
        for row in case.server["rows"]
        if row[0] == "stop" and not row[4] and row[5] and row[5].get("kind") == "start"
    }


def wrong_runs(case: "Case") -> Iterator["Fault"]:
    """I2: each run's fact half is the oracle's, its visits' facts included.

    A fact belongs to the run it names, wherever its visit was moved before or after; only one
    that names none, or was given to a visit by hand, belongs to the run of its visit.
    """
    starts, of_run = _starts(case), {visit["id"]: visit["run"] for visit in case.server["visits"]}
    handed = {one["id"] for one in case.events.values() if one.get("attached")}
    about: dict[str, dict[str, Said]] = {}
    for fact in case.said:
        named = None if fact.id in handed else fact.run
        run = named or of_run.get(fact.visit or "")
        if run is not None:
            about.setdefault(run, {})[fact.id] = fact
    for run in case.server["runs"]:
        facts = about.get(run["id"], {}).values()
        wanted = visits.run_half(facts, starts.get(run["id"]), case.alive)
        for _, sentence in _compare(f"run {run['id']}", wanted, run["fact"] or {}):
            yield "I2", sentence


def hidden_results(case: "Case") -> Iterator["Fault"]:
    """I7: a visit with a living result is there, live, and shown with it."""
    shown: dict[str, list[Any]] = {
        row[1]: row for row in case.server["rows"] if row[0] == "stop" and not row[4]
    }
    there = {visit["id"]: visit for visit in case.server["visits"]}
    for visit, facts in visits.grouped(case.said).items():
        best = visits.result([fact for fact in facts if fact.id in case.alive])
        if best is None:
            continue
        if visit not in there:
            yield "I7", f"visit {visit} has result {best.id} and is gone"
        elif visit not in shown:
            yield "I7", f"visit {visit} has result {best.id} and no device is told"
        elif (shown[visit][6] or {}).get("result") != best.id:
            yield "I7", f"the row of visit {visit} does not show result {best.id}"


def wrong_plant(case: "Case") -> Iterator["Fault"]:
    """I2: cards and calls are those of the facts; empties accounts are sums over visits."""
    yield from _wrong_calls(case)
    yield from _wrong_accounts(case)


def _wrong_accounts(case: "Case") -> Iterator["Fault"]:
    """A partner's account changes by what each visit gave, less what it took, once."""
    booked: dict[tuple[str, str], int] = {}
    for entry in case.server.get("empties") or ():
        if entry["visit_id"] is not None:
            key = (str(entry["visit_id"]).replace("-", ""), str(entry["container_type"]))
            booked[key] = booked.get(key, 0) + int(entry["qty"])
    named = visits.grouped(fact for fact in case.said if fact.id in case.alive)
    wanted = {
        (visit["id"].replace("-", ""), kind): -taken
        for visit in case.server["visits"]
        for kind, taken in visits.empties(ordered(named.get(visit["id"], ()))).items()
    }
    for key in sorted(booked.keys() | wanted.keys()):
        if booked.get(key, 0) != wanted.get(key, 0):
            says = f"{booked.get(key, 0)} instead of {wanted.get(key, 0)} {key[1]}"
            yield "I2", f"the account of visit {key[0]} says {says}"


def _wrong_calls(case: "Case") -> Iterator["Fault"]:
    calls = case.server.get("calls") or []
    if not calls:
        return
    living = [fact for fact in case.said if fact.id in case.alive]
    wanted = {one.id: one for card in plant.cards(living) for one in plant.cycles(card, living)}
    found = {one["id"]: one for one in calls if one.get("card_id") or one.get("card")}
    for call in sorted(wanted.keys() - found.keys()):
        yield "I2", f"call {call} of card {wanted[call].card} is not there"
    for call in sorted(found.keys() - wanted.keys()):
        yield "I2", f"call {call} was opened by nobody"
