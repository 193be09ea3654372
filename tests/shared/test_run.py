"""What the set of facts says about a visit and a run, in whatever order it came."""

import itertools
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.events import (
    BreakEnded,
    BreakStarted,
    EmptiesTaken,
    Event,
    FactVoided,
    LoadCounted,
    LoadScanned,
    NoteAdded,
    PlanAcknowledged,
    Proof,
    RunDeparted,
    RunFinished,
    RunMissed,
    RunReturned,
    RunStarted,
    StationDone,
    StopDeparted,
    StopFailed,
    StopPartly,
    StopReopened,
    StopSkipped,
)
from shared.run import fold_run, fold_visit, live, overlay_visit, run_state, visit_state
from tests.helpers.builders import arrived, completed, fact, text_id

FAILURE = Proof(kind="failure", method="none")


def failed(at: int, **envelope: str) -> Event:
    """The driver could not deliver."""
    return fact(StopFailed(reason="closed", proof=FAILURE), at=at, **envelope)


def scanned(label: str, at: int = 0, line: str = "milk") -> Event:
    """A label of a line was scanned at unloading."""
    body = LoadScanned(label=label, how="scan", dir="unload", line=text_id(line), qty=2)
    return fact(body, at=at)


def counted(qty: int, at: int = 0) -> Event:
    """A line was counted at unloading."""
    return fact(LoadCounted(line=text_id("milk"), dir="unload", qty=qty), at=at)


def undo(target: Event, at: int, **envelope: str) -> Event:
    """A result is taken back."""
    return fact(StopReopened(undo=target.id), at=at, **envelope)


def test_a_delivery_beats_an_earlier_failure_from_another_phone() -> None:
    half = fold_visit([failed(10, by="huber"), completed(20)]).half()

    assert half["state"] == "done"
    assert half["also"] == 1
    assert fold_visit([failed(10), completed(20)]).ranks_differ


def test_of_two_deliveries_the_earlier_counts_and_the_other_is_evidence() -> None:
    first, second = completed(10), completed(20, by="huber")

    fold = fold_visit([second, first])

    assert fold.result == first
    assert (fold.also, fold.ranks_differ) == (1, False)


def test_an_undone_result_leaves_the_visit_open_and_stays_in_the_count() -> None:
    result = completed(10)

    fold = fold_visit([undo(result, 11), arrived(5), result])

    assert (fold.state, fold.count) == ("arrived", 3)


def test_an_undo_older_than_its_target_kills_nothing() -> None:
    result = completed(10)

    assert fold_visit([result, undo(result, 9)]).state == "done"


def test_an_undo_cannot_be_undone() -> None:
    result = completed(10)
    taken_back = undo(result, 11)

    fold = fold_visit([result, taken_back, fact(FactVoided(undo=taken_back.id), at=12)])

    assert fold.state == "none"


def test_a_label_scanned_twice_counts_once() -> None:
    half = fold_visit([scanned("P-1"), scanned("P-1", 5), scanned("P-2", 6)]).half()

    assert half["qty"] == {text_id("milk"): 4}


def test_a_label_scanned_for_two_lines_counts_for_the_first() -> None:
    fold = fold_visit([scanned("P-1", line="bread"), scanned("P-1", 5), scanned("P-2", 6)])

    assert fold.qty == {text_id("bread"): 2, text_id("milk"): 2}


def test_an_undo_kills_only_what_names_its_visit_or_run() -> None:
    scan = scanned("P-1")
    nowhere: dict[str, Any] = {"run": None, "visit": None}
    elsewhere = fact(FactVoided(undo=scan.id), at=9, run=text_id("south"), visit=text_id("dairy"))
    loose = fact(FactVoided(undo=scan.id), at=9, run=text_id("south"), visit=None)
    counted_loose = fact(RunStarted(), at=1, run=text_id("run"), visit=None)
    other_run = fact(FactVoided(undo=counted_loose.id), at=9, run=text_id("south"), visit=None)
    free = fact(NoteAdded(text="gate", about="run"), at=1, **nowhere)
    void_free = fact(FactVoided(undo=free.id), at=9, **nowhere)

    assert fold_visit([scan, elsewhere, loose]).qty == {text_id("milk"): 2}
    assert fold_run([counted_loose, other_run]).started == counted_loose
    assert free not in live([free, void_free])


def test_a_count_replaces_scans_and_the_newest_count_wins() -> None:
    half = fold_visit([scanned("P-1"), counted(7, 20), counted(9, 10)]).half()

    assert half["qty"] == {text_id("milk"): 7}


def test_a_voided_scan_no_longer_counts() -> None:
    scan = scanned("P-1")

    fold = fold_visit([scan, scanned("P-2", 1), fact(FactVoided(undo=scan.id), at=9)])

    assert fold.qty == {text_id("milk"): 2}


def test_a_short_line_counts_what_was_done() -> None:
    line = text_id("milk")
    body = StopPartly(
        proof=Proof(kind="delivery", method="none"),
        lines=[(line, 12)],
        short=[(line, 5, 7, "damaged")],
    )

    half = fold_visit([fact(body)]).half()

    assert (half["state"], half["qty"]) == ("partly", {line: 5})


def test_empties_add_up_over_facts_and_the_station() -> None:
    taken = fact(EmptiesTaken(container_type="KLT", dir="taken", qty=3))
    given_back = fact(EmptiesTaken(container_type="KLT", dir="given", qty=1), at=1)
    station = fact(StationDone(delivered=[], empties=[("KLT", "taken", 2)]), at=2)

    assert fold_visit([taken, given_back, station]).empties == {"KLT": 4}


def test_a_train_that_departed_was_not_missed() -> None:
    missed = fact(RunMissed(reason="no_driver"), at=5, visit=None)
    departed = fact(RunDeparted(), at=9, visit=None)

    assert "missed" in fold_run([missed]).half()
    assert "missed" not in fold_run([missed, departed]).half()


def test_leaving_the_depot_sets_the_run_underway() -> None:
    depot = text_id("depot")
    facts = [fact(RunStarted(), visit=None), fact(StopDeparted(), at=1, visit=depot)]

    assert fold_run(facts[:1], depot).state == "loading"
    assert fold_run(facts, depot).state == "underway"


def test_the_largest_acknowledged_plan_version_counts() -> None:
    seen = [
        fact(PlanAcknowledged(plan_version=n, plan_rev=n), at=at, visit=None)
        for n, at in ((7, 20), (8, 10))
    ]

    assert fold_run(seen).acknowledged == 8


def test_a_fact_after_the_end_counts_and_is_marked() -> None:
    fold = fold_run([fact(RunFinished(), at=10, visit=None), completed(20)])

    assert (fold.state, fold.after_finish) == ("returned", 1)


def test_a_train_that_came_back_and_then_finished_has_no_late_facts() -> None:
    """The end of the run was itself counted as a fact after its end."""
    back = fact(RunReturned(), at=10, visit=None)

    assert fold_run([back, fact(RunFinished(), at=20, visit=None)]).after_finish == 0
    assert fold_run([back, completed(20)]).after_finish == 0


def test_a_break_is_open_until_its_end_names_it() -> None:
    pause = fact(BreakStarted(kind="break"), at=1, visit=None)
    end = fact(BreakEnded(started=pause.id), at=2, visit=None)

    assert fold_run([pause]).on_break == pause
    assert fold_run([end, pause]).on_break is None


def test_the_phone_shows_its_own_result_over_the_received_half() -> None:
    received = fold_visit([arrived(5)]).half()

    shown = overlay_visit(received, [completed(10)])

    assert (shown["state"], shown["n"]) == ("done", 2)
    assert "arrived" in shown


def test_the_phone_shows_a_result_it_took_back_as_open_until_the_office_agrees() -> None:
    result = completed(10)

    shown = overlay_visit(fold_visit([result]).half(), [undo(result, 12)])

    assert "state" not in shown
    assert shown["checking"]


def test_a_received_delivery_beats_the_own_failure_on_screen() -> None:
    shown = overlay_visit(fold_visit([completed(10, by="huber")]).half(), [failed(5)])

    assert shown["state"] == "done"


def test_facts_on_a_run_that_is_not_dispatched_show_it_off_plan() -> None:
    assert run_state("cancelled", "underway", 3) == "off_plan"
    assert run_state("cancelled", "none", 0) == "cancelled"
    assert run_state("dispatched", "none", 0) == "dispatched"
    assert run_state("dispatched", "returned", 9) == "completed"


def test_a_result_on_a_cancelled_visit_counts() -> None:
    assert visit_state("cancelled", "done") == "done"
    assert visit_state("cancelled", "arrived") == "off_plan"
    assert visit_state("optional_off", "none") == "hidden"
    assert visit_state("planned", "none") == "pending"


def day() -> list[Event]:
    """One visit with everything that can contradict itself."""
    first = completed(30)
    skipped = fact(StopSkipped(reason="queue", return_later=True), at=8)
    return [
        arrived(4),
        failed(20, by="huber"),
        first,
        undo(first, 31),
        completed(40, {"milk": 3}),
        skipped,
    ]


def test_every_order_of_six_facts_gives_the_same_visit() -> None:
    facts = day()
    expected = fold_visit(facts)

    assert all(fold_visit(order) == expected for order in itertools.permutations(facts))


@given(st.data())
def test_order_and_duplicates_never_matter(data: st.DataObject) -> None:
    facts = [*day(), scanned("P-1", 3), scanned("P-1", 9), counted(4, 50), counted(5, 2)]
    mixed: Sequence[Event] = data.draw(st.permutations(facts))
    again: Sequence[Event] = data.draw(st.lists(st.sampled_from(facts), max_size=6))

    assert fold_visit([*mixed, *again]) == fold_visit(facts)
    assert fold_run([*again, *mixed]) == fold_run(facts)
