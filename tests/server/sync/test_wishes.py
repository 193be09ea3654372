"""What drivers ask, suggest and report beside their results, and what becomes of it (§6)."""

from typing import Any

import pytest

from server.core.http import Parts
from shared.events import (
    FeedbackGiven,
    PlanAcknowledged,
    RunClaimed,
    RunDisrupted,
    RunStarted,
    StopDeparted,
    VehicleChecked,
)
from shared.ids import SiteId
from tests.helpers.builders import id_of, text_id
from tests.server.sync.a_conflict import (
    DONE,
    TURNS,
    Scene,
    a_scene,
    driver,
    meanwhile,
    proposal,
    sides,
)


@pytest.fixture
def scene(parts: Parts, site: SiteId) -> Scene:
    return a_scene(parts, site)


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
