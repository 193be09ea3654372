"""Every row of the table of conflicts, in both orders of arrival and with duplicates (§6)."""

import pytest

from server.core.http import Parts
from server.facts import queries as facts
from shared.events import (
    LoadScanned,
    RunFinished,
    StopArrived,
    StopReopened,
)
from shared.ids import SiteId
from tests.helpers.builders import text_id
from tests.server.sync.a_conflict import (
    CLOSED,
    DONE,
    TURNS,
    Scene,
    a_scene,
    both_know,
    driver,
    meanwhile,
    sides,
)


@pytest.fixture
def scene(parts: Parts, site: SiteId) -> Scene:
    return a_scene(parts, site)


@TURNS
def test_r1_a_completed_stop_stays_completed_when_the_rest_is_resequenced(
    scene: Scene, first: str
) -> None:
    scene.record("A", scene.about("bakery", DONE, 5))
    late = {"op": "late", "delay_s": 60}

    meanwhile(scene, lambda: scene.edit("A", late), "A", first=first)

    assert scene.visit("bakery").outcome == "done"
    assert scene.run("A").plan.order[0] == scene.visits["bakery"]


@pytest.mark.parametrize(
    ("behind", "kind"), [(0, "completed_after_cancel"), (9, "cancel_not_seen")]
)
def test_r2_a_result_on_a_cancelled_visit_stays_and_is_shown_with_the_cancellation(
    scene: Scene, behind: int, kind: str
) -> None:
    scene.edit("A", {"op": "cancel", "visit": scene.visits["bakery"]})
    rev = scene.visit("bakery").cancelled_rev - behind
    scene.record("A", scene.about("bakery", DONE, 5, plan_rev=rev))

    meanwhile(scene, lambda: None, "A", first="plan")

    assert scene.visit("bakery").outcome == "done"
    assert sides(scene, kind) == [("stop.completed", driver("A")), ("stop.cancelled", "Otto")]


@TURNS
def test_r3_facts_of_a_run_that_is_called_off_stay_and_are_shown_with_it(
    scene: Scene, first: str
) -> None:
    scene.record("A", scene.about("bakery", DONE, 5))

    meanwhile(scene, lambda: scene.cancel_run("A"), "A", first=first)

    assert scene.run("A").run.off_plan
    assert scene.visit("bakery").outcome == "done"
    assert sides(scene, "off_plan") == [("stop.completed", driver("A")), ("run.cancelled", "Otto")]


@TURNS
def test_r5_the_earlier_of_two_completions_counts(scene: Scene, first: str) -> None:
    early, late = scene.about("bakery", DONE, 5), scene.about("bakery", DONE, 9)
    both_know(scene)
    scene.record("A", late)
    scene.record("B", early)

    for name in ("B", "A", "B") if first == "facts" else ("A", "B", "A"):
        scene.send(name)

    half = scene.visit("bakery").fact
    assert (half["result"], half["also"]) == (early.id, 1)
    assert "result_conflict" not in scene.exceptions()


@TURNS
def test_r6_a_label_scanned_twice_counts_once(scene: Scene, first: str) -> None:
    line = text_id("line")
    scan = {"label": "P-1", "how": "scan", "dir": "unload", "line": line, "qty": 1}
    both_know(scene)
    scene.record("A", scene.about("bakery", LoadScanned.model_validate(scan), 5))
    scene.record("B", scene.about("bakery", LoadScanned.model_validate(scan), 6))

    for name in ("B", "A", "B") if first == "facts" else ("A", "B", "A"):
        scene.send(name)

    assert scene.visit("bakery").fact["qty"] == {line: 1}


@TURNS
def test_r7_an_undo_waits_for_what_it_undoes(scene: Scene, first: str) -> None:
    done = scene.about("bakery", DONE, 5)
    undo = scene.about("bakery", StopReopened(undo=done.id), 9)
    both_know(scene)
    scene.record("A", done)
    scene.record("B", undo)

    for name in ("B", "A", "B") if first == "facts" else ("A", "B", "A"):
        scene.send(name)

    half = scene.visit("bakery").fact
    assert ("result" in half, half["n"]) == (False, 2)
    known = scene.parts.reads.run(
        lambda s: facts.facts_of_visits(s, scene.site, [scene.visit("bakery").id])
    )
    assert {one.event.id for one in known} == {done.id, undo.id}


@TURNS
def test_r13_what_is_done_on_the_old_run_comes_back_to_it(scene: Scene, first: str) -> None:
    """The facts come first only for the plan's part: what is done cannot be moved any more."""
    scene.send("A")
    scene.send("B")
    scene.record("A", scene.about("bakery", DONE, 5))
    scene.move("bakery", "A", "B")
    scene.send("B")
    assert ("stop", scene.visits["bakery"]) in scene.phones["B"].rows

    for name in ("B", "A", "B", "A") if first == "facts" else ("A", "B", "A", "B"):
        scene.send(name)

    assert scene.home("bakery") == "A"
    assert scene.visit("bakery").outcome == "done"
    assert ("stop", scene.visits["bakery"]) not in scene.phones["B"].rows
    assert scene.phones["A"].rows["stop", scene.visits["bakery"]][2]["state"] == "done"
    assert sides(scene, "moved_after_done") == [
        ("stop.completed", driver("A")),
        ("stop.moved", "Otto"),
    ]
    assert scene.visits["bakery"] not in scene.run("B").plan.order
    assert len(scene.run("B").plan.legs) == 3


@TURNS
def test_r13_when_both_did_it_the_counted_result_keeps_it(scene: Scene, first: str) -> None:
    scene.move("bakery", "A", "B")
    scene.send("B")
    scene.record("A", scene.about("bakery", CLOSED, 5))
    scene.record("B", scene.about("bakery", DONE, 9, run="B"))

    for name in ("B", "A", "B") if first == "facts" else ("A", "B", "A"):
        scene.send(name)

    assert (scene.home("bakery"), scene.visit("bakery").outcome) == ("B", "done")
    assert sides(scene, "result_conflict") == [
        ("stop.completed", driver("B")),
        ("stop.failed", driver("A")),
    ]


@TURNS
def test_r13_undone_it_is_where_the_dispatcher_put_it(scene: Scene, first: str) -> None:
    done = scene.about("bakery", DONE, 5)
    undo = scene.about("bakery", StopReopened(undo=done.id), 9)
    scene.move("bakery", "A", "B")
    scene.send("B")
    one, two = (undo, done) if first == "facts" else (done, undo)

    for event in (one, two):
        scene.record("A", event)
        scene.send("A")
    scene.send("B")

    assert scene.home("bakery") == "B"
    assert scene.visit("bakery").fact_state != "done"
    assert ("stop", scene.visits["bakery"]) in scene.phones["B"].rows


@TURNS
def test_r13_facts_of_the_old_run_do_not_start_the_new_one(scene: Scene, first: str) -> None:
    scene.record("A", scene.about("bakery", StopArrived(source="manual"), 5))
    scene.move("bakery", "A", "B")

    for name in ("B", "A") if first == "facts" else ("A", "B"):
        scene.send(name)

    assert scene.run("B").run.fact_state == "none"
    assert scene.run("A").run.fact_state == "underway"
    assert scene.visit("bakery").fact["arrived"]


@TURNS
def test_r14_a_delivery_beats_a_failure_and_both_are_shown(scene: Scene, first: str) -> None:
    both_know(scene)
    scene.record("A", scene.about("bakery", CLOSED, 5))
    scene.record("B", scene.about("bakery", DONE, 9))

    for name in ("B", "A", "B") if first == "facts" else ("A", "B", "A"):
        scene.send(name)

    assert scene.visit("bakery").outcome == "done"
    found = scene.exceptions()["result_conflict"]["sides"]
    assert [side["what"] for side in found] == ["stop.completed", "stop.failed"]
    assert {side["device"] for side in found} == {
        str(phone.who.device_id) for phone in scene.phones.values()
    }
    assert found[1]["said"] == {"reason": "closed"}


@TURNS
def test_r15_a_fact_after_the_end_counts_and_flags_the_run(scene: Scene, first: str) -> None:
    both_know(scene)
    scene.record("A", scene.about(None, RunFinished(), 5))
    scene.record("B", scene.about("bakery", DONE, 9))

    for name in ("B", "A", "B") if first == "facts" else ("A", "B", "A"):
        scene.send(name)

    run = scene.run("A").run
    assert run.fact is not None
    assert (run.fact_state, run.fact["after_finish"]) == ("returned", 1)
    assert scene.visit("bakery").outcome == "done"
    assert [what for what, _ in sides(scene, "after_finish")] == ["run.finished", "stop.completed"]


@TURNS
def test_r16_other_bytes_under_a_known_id_are_shown_beside_the_first(
    scene: Scene, first: str
) -> None:
    both_know(scene)
    done = scene.about("bakery", DONE, 5)
    other = scene.about("dairy", CLOSED, 9, id=done.id)
    scene.record("A", done)
    scene.record("B", other)
    order = ("B", "A", "B") if first == "facts" else ("A", "B", "A")

    for name in order:
        scene.send(name)

    counted, kept = (
        ("stop.failed", "stop.completed") if first == "facts" else ("stop.completed", "stop.failed")
    )
    assert [what for what, _ in sides(scene, "held_fact")] == [counted, kept]
    assert scene.visit("dairy" if first == "facts" else "bakery").fact is not None
    assert scene.visit("bakery" if first == "facts" else "dairy").fact is None
