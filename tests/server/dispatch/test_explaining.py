"""What does not fit is told with its seconds or its excess, and with what would mend it."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from server.core.clock import to_ms
from server.core.writer import AnyWriter, SnapshotReads
from server.dispatch import service
from server.fleet import service as fleet
from server.runs import queries as runs
from server.runs.queries import RunView
from server.schedule.service import dispatch_due, materialise
from shared.ids import RunId
from shared.loop import Stop
from shared.plan import NewLine, read_ops
from tests.helpers.a_site import (
    NOON,
    SUPERVISOR,
    found_site,
    no_gate,
    only_run,
    publish_loop,
    version,
)
from tests.helpers.builders import id_of
from tests.server.dispatch.a_day import EVENING, a_dispatched_run, change, price
from tests.server.dispatch.two_runs import both, two_runs


@pytest.fixture
def view(writer: AnyWriter, reads: SnapshotReads) -> RunView:
    return a_dispatched_run(writer, reads)


def closing(view: RunView, place: int, minutes: float) -> dict[str, Any]:
    """A window for one stop that closes so many minutes after the run leaves."""
    leaves = view.run.planned_departure_at
    span = [to_ms(leaves), to_ms(leaves + timedelta(minutes=minutes))]
    return {"op": "window", "visit": str(view.order[place]), "windows": [span]}


def kinds(unfit: dict[str, Any]) -> list[str]:
    return [one["kind"] for one in unfit["remedies"]]


def remedy(unfit: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in unfit["remedies"] if one["kind"] == kind)
    return found


def test_a_good_order_needs_no_explanation(reads: SnapshotReads, view: RunView) -> None:
    assert price(reads, view)["unfit"] == []


def test_a_late_stop_is_told_with_its_seconds_and_a_longer_window_mends_it(
    reads: SnapshotReads, view: RunView
) -> None:
    early = closing(view, 2, 10)

    [found] = price(reads, view, early)["unfit"]

    assert (found["visit"], found["cause"]) == (str(view.order[2]), "delay")
    window = remedy(found, "window")
    assert 0 <= window["seconds"] - found["duration_s"] < 60
    assert window["seconds"] % 60 == 0
    assert price(reads, view, *window["ops"])["unfit"] == []


def test_a_window_that_is_one_minute_shorter_does_not_mend_it(
    reads: SnapshotReads, view: RunView
) -> None:
    [found] = price(reads, view, closing(view, 2, 10))["unfit"]
    *_, longer = remedy(found, "window")["ops"]
    [[first, last]] = longer["windows"]

    [still] = price(reads, view, {**longer, "windows": [[first, last - 60_000]]})["unfit"]

    assert 0 < still["duration_s"] <= 60


def test_another_stop_left_out_makes_room(reads: SnapshotReads, view: RunView) -> None:
    late_s = price(reads, view, closing(view, 2, 10))["unfit"][0]["duration_s"]
    [found] = price(reads, view, closing(view, 2, 10 + late_s / 60 - 1))["unfit"]

    drop = remedy(found, "drop")

    assert drop["visit"] in {str(one) for one in view.order[:2]}
    assert price(reads, view, *drop["ops"])["unfit"] == []


def test_a_run_of_its_own_is_offered_with_both_prices(
    reads: SnapshotReads, writer: AnyWriter, view: RunView
) -> None:
    change(writer, view, closing(view, 2, 0))
    view = only_run(reads)

    [found] = price(reads, view)["unfit"]

    own = remedy(found, "ad_hoc")
    assert own["delta_end_s"] < 0 < own["own_s"]
    assert own["visit"] == str(view.order[2])


def test_a_window_that_was_promised_is_never_widened(
    reads: SnapshotReads, writer: AnyWriter, view: RunView
) -> None:
    change(writer, view, closing(view, 2, 10))
    _promise(writer, view)

    [found] = price(reads, only_run(reads))["unfit"]

    assert "window" not in kinds(found)


def _promise(writer: AnyWriter, view: RunView) -> None:
    def work(session: Session) -> None:
        row = runs.load(session, SUPERVISOR.site_id, view.run.id)
        row.visit(view.order[2]).appointment_id = id_of("appointment")

    writer.run(work)


def test_while_dragging_only_what_is_new_is_told_with_its_first_remedy(
    reads: SnapshotReads, view: RunView
) -> None:
    ops = (closing(view, 2, 10),)
    key = RunId(view.run.id)

    found = reads.run(
        lambda s: service.whatif(s, SUPERVISOR, key, read_ops(ops), brief=True, now=EVENING)
    )

    assert [kinds(one) for one in found["unfit"]] == [["window"]]
    assert "etas" not in found
    assert "order" not in found


def test_a_stop_that_is_being_inserted_gets_its_longer_window_in_its_own_op(
    reads: SnapshotReads, view: RunView
) -> None:
    leaves = view.run.planned_departure_at
    span = [to_ms(leaves), to_ms(leaves + timedelta(minutes=1))]
    insert = {"op": "insert", "location_id": str(id_of("mill")), "windows": [span]}

    found = price(reads, view, insert)["unfit"][0]

    [op] = remedy(found, "window")["ops"]
    assert op["op"] == "insert"
    assert price(reads, view, op)["unfit"] == []


def an_overloaded_run(writer: AnyWriter, reads: SnapshotReads) -> RunView:
    """Three stops with 100 kg each in a van for 250 kg; two larger ones stand by."""
    found_site(writer)
    for name, kilos in (("Small", 250.0), ("Middle", 300.0), ("Large", 900.0)):
        given = {"id": id_of(name), "name": name, "kind": "van", "capacity_kg": kilos}
        writer.run(partial(fleet.add_vehicle, who=SUPERVISOR, given=given, now=NOON))
    own = [
        Stop(location_id=id_of(name), lines=(NewLine(part_no="P", qty=1, weight_kg=100.0),))
        for name in ("bakery", "dairy", "mill")
    ]
    publish_loop(writer, version(own_stops=own, vehicle_ids=(id_of("Small"),)))
    materialise(reads, writer, NOON)
    dispatch_due(reads, writer, no_gate, EVENING)
    return only_run(reads)


def test_an_overload_is_told_in_kilograms_and_the_smallest_free_vehicle_mends_it(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    view = an_overloaded_run(writer, reads)
    extra = {
        "op": "insert",
        "location_id": str(id_of("mill")),
        "lines": [{"part_no": "P", "qty": 1, "weight_kg": 20.0, "direction": "pickup"}],
        "after": None,
    }

    found = price(reads, view, extra)["unfit"][0]

    assert found["cause"] == "load"
    assert found["over"]["kg"] > 0
    other = remedy(found, "vehicle")
    assert other["name"] == "Large"
    assert price(reads, view, *other["ops"])["unfit"] == []


def test_goods_that_are_brought_to_a_new_stop_weigh_before_they_are_stored(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    view = an_overloaded_run(writer, reads)
    line = {"part_no": "P", "qty": 1, "weight_kg": 700.0}
    insert = {"op": "insert", "location_id": str(id_of("mill")), "lines": [line], "after": None}

    priced = price(reads, view, insert)
    change(writer, view, insert)

    stored = price(reads, only_run(reads))
    assert [one["cause"] for one in priced["unfit"]] == [one["cause"] for one in stored["unfit"]]
    assert priced["unfit"][0]["over"] == stored["unfit"][0]["over"]


def test_a_stop_gets_a_run_of_its_own_and_comes_back(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    a, _b = two_runs(writer, reads)
    dairy = a.order[1]
    asked = service.Transfer([dairy], None, a.run.plan_version, 1, reason="too late")
    key = RunId(a.run.id)

    told = writer.run(lambda s: service.transfer(s, SUPERVISOR, key, asked, now=EVENING))

    own = _run(reads, told["to_run"])
    assert (own.run.kind, own.order) == ("ad_hoc", (dairy,))
    assert {line.part_no for line in own.loads} == {"P-dairy"}
    version_now = told["plan_version"]
    writer.run(
        lambda s: service.undo(s, SUPERVISOR, key, expected_version=version_now, now=EVENING)
    )
    assert _run(reads, str(a.run.id)).order == a.order
    assert _run(reads, told["to_run"]).run.plan_state == "cancelled"


def _run(reads: SnapshotReads, run_id: str) -> RunView:
    return reads.run(lambda s: runs.load(s, SUPERVISOR.site_id, UUID(run_id)))


def test_a_run_of_its_own_leaves_in_time_for_the_window(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    a, _b = two_runs(writer, reads)
    opens = a.run.planned_departure_at + timedelta(hours=3)
    span = [to_ms(opens), to_ms(opens + timedelta(hours=1))]
    change(writer, a, {"op": "window", "visit": str(a.order[1]), "windows": [span]})
    a, _b = both(reads)
    asked = service.Transfer([a.order[1]], None, a.run.plan_version, 1)
    key = RunId(a.run.id)

    told = writer.run(lambda s: service.transfer(s, SUPERVISOR, key, asked, now=EVENING))

    own = _run(reads, told["to_run"])
    arrives = own.visit(own.order[0]).planned_arrival_at
    assert arrives == opens
