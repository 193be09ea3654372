"""Every row of the table of conflicts, in both orders of arrival and with duplicates (§6)."""

from collections.abc import Callable
from typing import Any

import pytest

from server.core.http import Parts
from server.facts import queries as facts
from shared.events import (
    Event,
    FeedbackGiven,
    LoadScanned,
    PlanAcknowledged,
    RunClaimed,
    RunDisrupted,
    RunFinished,
    RunOrderProposed,
    RunStarted,
    StopArrived,
    StopCompleted,
    StopDeparted,
    StopFailed,
    StopReopened,
    VehicleChecked,
)
from shared.ids import SiteId
from tests.helpers.builders import id_of, text_id
from tests.server.sync.a_conflict import Scene, a_scene

TURNS = pytest.mark.parametrize("first", ["plan", "facts"])
DONE = StopCompleted.model_validate({"proof": {"kind": "delivery", "method": "none"}})
CLOSED = StopFailed.model_validate(
    {"reason": "closed", "proof": {"kind": "failure", "method": "none"}, "attempt": 1}
)


@pytest.fixture
def scene(parts: Parts, site: SiteId) -> Scene:
    return a_scene(parts, site)


def meanwhile(scene: Scene, plan: Callable[[], None], *phones: str, first: str) -> None:
    """The plan changes and the phones send, in one order or the other; all is sent twice."""
    if first == "plan":
        plan()
    for name in (*phones, *phones):
        scene.send(name)
    if first == "facts":
        plan()
    for name in phones:
        scene.send(name)


def sides(scene: Scene, kind: str) -> list[tuple[str, str]]:
    """What an exception shows side by side: what, and by whom."""
    return [(side["what"], side["by"]) for side in scene.exceptions()[kind]["sides"]]


def driver(name: str) -> str:
    return f"driver:{text_id(name)}"


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
    _both_know(scene)
    scene.record("A", late)
    scene.record("B", early)

    for name in ("B", "A", "B") if first == "facts" else ("A", "B", "A"):
        scene.send(name)

    half = scene.visit("bakery").fact
    assert (half["result"], half["also"]) == (early.id, 1)
    assert "result_conflict" not in scene.exceptions()


def _both_know(scene: Scene) -> None:
    """Both phones have run A, as after a take-over."""
    from server.feed import service as feeding  # noqa: PLC0415

    ids = [phone.who.device_id for phone in scene.phones.values()]
    scope, now = f"run:{scene.run_ids['A']}", scene.parts.clock.now()
    scene.parts.writer.run(
        lambda s: feeding.set_devices(s, scene.site, scope, [one for one in ids if one], now)
    )


@TURNS
def test_r6_a_label_scanned_twice_counts_once(scene: Scene, first: str) -> None:
    line = text_id("line")
    scan = {"label": "P-1", "how": "scan", "dir": "unload", "line": line, "qty": 1}
    _both_know(scene)
    scene.record("A", scene.about("bakery", LoadScanned.model_validate(scan), 5))
    scene.record("B", scene.about("bakery", LoadScanned.model_validate(scan), 6))

    for name in ("B", "A", "B") if first == "facts" else ("A", "B", "A"):
        scene.send(name)

    assert scene.visit("bakery").fact["qty"] == {line: 1}


@TURNS
def test_r7_an_undo_waits_for_what_it_undoes(scene: Scene, first: str) -> None:
    done = scene.about("bakery", DONE, 5)
    undo = scene.about("bakery", StopReopened(undo=done.id), 9)
    _both_know(scene)
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


def proposal(scene: Scene, at: int, version: int = 1) -> Event:
    order = [scene.visits["dairy"], scene.visits["bakery"]]
    body = RunOrderProposed(order=order, base_version=version, reason="road_closed")
    return scene.about(None, body, at)


@pytest.mark.parametrize(
    ("policy", "state", "version"),
    [("free", "accepted", 2), ("ask", "open", 1), ("off", "refused", 1)],
)
def test_r8_a_proposed_order_is_decided_by_the_policy(
    parts: Parts, site: SiteId, policy: str, state: str, version: int
) -> None:
    scene = a_scene(parts, site, driver_order=policy)
    scene.record("A", proposal(scene, 5))

    meanwhile(scene, lambda: None, "A", first="plan")

    run = scene.run("A")
    assert run.run.proposal is not None
    assert (run.run.proposal["state"], run.run.plan_version) == (state, version)
    turned = [scene.visits["dairy"], scene.visits["bakery"]]
    assert (run.plan.order == turned) is (policy == "free")
    row = scene.phones["A"].rows["run", str(run.run.id)]
    assert row[1]["proposal"]["state"] == state


@TURNS
def test_r8_a_newer_plan_wins_over_a_free_order(parts: Parts, site: SiteId, first: str) -> None:
    scene = a_scene(parts, site, driver_order="free")
    scene.record("A", proposal(scene, 5))
    late = {"op": "late", "delay_s": 60}

    meanwhile(scene, lambda: scene.edit("A", late), "A", first=first)

    told = scene.run("A").run.proposal
    assert told is not None
    assert (told["state"], told.get("why")) == (
        ("accepted", None) if first == "facts" else ("refused", "plan_changed")
    )


@TURNS
def test_r9_what_a_driver_suggests_is_kept_beside_the_plan(scene: Scene, first: str) -> None:
    from server.sync import queries  # noqa: PLC0415

    body = FeedbackGiven(about="location", id=text_id("bakery"), field="access", value="ramp B")
    scene.record("A", scene.about("bakery", body, 5))
    late = {"op": "late", "delay_s": 60}

    meanwhile(scene, lambda: scene.edit("A", late), "A", first=first)

    [row] = scene.parts.reads.run(lambda s: queries.suggestions(s, scene.site))
    assert (row.field, row.value, row.by, row.state) == ("access", "ramp B", driver("A"), "open")


@TURNS
def test_r10_facts_of_the_former_device_count_after_a_take_over(scene: Scene, first: str) -> None:
    scene.record("A", scene.about("bakery", DONE, 5))
    scene.phones["B"].stream.record(scene.about(None, RunClaimed(), 9))

    for name in ("A", "B", "A") if first == "facts" else ("B", "A", "B"):
        scene.send(name)

    run = scene.run("A").run
    assert scene.visit("bakery").outcome == "done"
    assert run.device_id == scene.phones["B"].who.device_id
    assert f"run:{run.id}" in scene.send("B")["pull"]["scopes"]
    assert f"run:{run.id}" not in scene.send("A")["pull"]["scopes"]


@TURNS
def test_r11_a_departure_stands_against_the_plan_that_was_dispatched(
    scene: Scene, first: str
) -> None:
    start = str(scene.run("A").start_visit)
    left = scene.about(None, StopDeparted(), 5)
    scene.record(
        "A", type(left)(left.id, left.envelope.model_copy(update={"visit": start}), left.body)
    )
    planned = scene.run("A").run.planned_departure_at
    late = {"op": "late", "delay_s": 600}

    meanwhile(scene, lambda: scene.edit("A", late), "A", first=first)

    run = scene.run("A").run
    assert run.departed_at is not None
    assert run.planned_departure_at == planned


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
    _both_know(scene)
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
    _both_know(scene)
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
    _both_know(scene)
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


@TURNS
def test_r18_who_saw_an_older_plan_is_asked_again(scene: Scene, first: str) -> None:
    body = PlanAcknowledged(plan_version=1, plan_rev=1)
    scene.record("A", scene.about(None, body, 5))
    late = {"op": "late", "delay_s": 60}

    meanwhile(scene, lambda: scene.edit("A", late), "A", first=first)

    _, plan, half = scene.phones["A"].rows["run", str(scene.run_ids["A"])]
    assert (plan["plan_version"], half["acknowledged"]) == (2, 1)
    newer = scene.about(None, PlanAcknowledged(plan_version=2, plan_rev=1), 9)
    scene.record("A", newer)
    scene.send("A")
    assert scene.run("A").run.acked_plan_version == 2


def test_a_delay_reported_on_the_way_moves_every_estimate(scene: Scene) -> None:
    from server.dispatch import service as dispatching  # noqa: PLC0415

    def look() -> Any:
        run, now = scene.run_ids["A"], scene.parts.clock.now()
        scene.parts.writer.run(lambda s: dispatching.look(s, scene.site, run, now))  # type: ignore[arg-type]
        return {one.id: one.eta_at for one in scene.run("A").stops}

    before = look()
    body = RunDisrupted(kind="delay", delay_s=900, text="jam")
    scene.record("A", scene.about(None, body, 5))
    scene.send("A")

    moved = {key: (at - before[key]).total_seconds() for key, at in look().items()}
    assert set(moved.values()) == {900.0}
    assert sides(scene, "disruption") == [("run.disrupted", driver("A"))]


def test_who_leaves_with_open_points_is_shown(scene: Scene) -> None:
    check = VehicleChecked.model_validate(
        {
            "vehicle": str(id_of("van A")),
            "checklist": "daily",
            "checklist_v": 1,
            "items": [["lights", False, "left rear"]],
            "fit": False,
        }
    )
    scene.record("A", scene.about(None, check, 1), scene.about(None, RunStarted(), 5))

    scene.send("A")

    assert [what for what, _ in sides(scene, "gate_overridden")] == [
        "vehicle.checked",
        "run.started",
    ]
