"""A tugger train: what is due at its stations, its load, and its way round."""

from datetime import time
from uuid import UUID

import pytest

from server.core.access import Principal
from server.core.clock import to_ms
from server.core.db import Reads
from server.core.writer import AnyWriter
from server.dispatch.service import gate
from server.fleet import service as fleet
from server.plant import service as plant
from server.runs import queries as runs
from server.schedule.service import dispatch_due, materialise
from shared.departure import Departure
from shared.ids import RunId
from shared.loop import Stop
from tests.helpers.a_site import (
    NOON,
    SITE,
    SUPERVISOR,
    add_vehicle,
    found_site,
    no_gate,
    publish_loop,
    version,
)
from tests.helpers.builders import id_of
from tests.server.dispatch.a_day import EVENING, change, price
from tests.server.plant.a_plant import a_cycle

STATIONS = ("bakery", "dairy", "mill")


@pytest.fixture
def trains(writer: AnyWriter, reads: Reads) -> list[runs.RunView]:
    """Three rounds of Tuesday morning, every 20 minutes, at three stations with a part each."""
    found_site(writer)
    tugger = add_vehicle(writer, "Tugger 1", "tugger")
    writer.run(
        lambda s: fleet.change_vehicle(s, SUPERVISOR, tugger, {"capacity_units": 6.0}, now=NOON)
    )
    for name in STATIONS:
        give(writer, SUPERVISOR, id_of(name), f"P-{name}")
    stops = [
        Stop(location_id=id_of(name), service_s=60, offset_s=120 + n * 180)
        for n, name in enumerate(STATIONS)
    ]
    beat = Departure(base_no=1, first_local=time(8), last_local=time(9), headway_s=1_200)
    drawn = version(beat, own_stops=stops, vehicle_ids=(tugger,), end_offset_s=900, end_leg_m=50)
    publish_loop(writer, drawn, kind="internal")
    materialise(reads, writer, NOON)
    dispatch_due(reads, writer, no_gate, EVENING)
    tuesday = EVENING.date().replace(day=3)
    rows = reads.run(lambda s: runs.day(s, SUPERVISOR, tuesday))
    return reads.run(lambda s: runs.views(s, SITE, [row.id for row in rows]))


def give(writer: AnyWriter, who: Principal, station: UUID, part: str) -> None:
    """1.5 boxes are due every 20 minutes."""
    given = a_cycle(
        part_no=part, station_id=station, pieces_per_box=20, demand_per_h=90, safety_percent=0,
        max_boxes=9,
    )  # fmt: skip
    writer.run(lambda s: plant.add_control_cycle(s, who, given, now=NOON))


def boxes(view: runs.RunView) -> list[int]:
    return sorted(line.qty for line in view.loads)


def test_parts_of_a_box_add_up_over_the_rounds(trains: list[runs.RunView]) -> None:
    assert len(trains) == 3
    assert sorted(sum(boxes(one)) for one in trains) == [4, 4, 5]
    by_part: dict[str, int] = {}
    for line in (line for one in trains for line in one.loads):
        by_part[line.part_no] = by_part.get(line.part_no, 0) + line.qty
    assert set(by_part) == {f"P-{name}" for name in STATIONS}


def test_every_line_is_dropped_at_the_station_of_its_part(trains: list[runs.RunView]) -> None:
    for view in trains:
        for line in view.loads:
            assert line.drop_visit is not None
            place = view.visit(line.drop_visit).location_id
            assert place == id_of(line.part_no.removeprefix("P-"))


def test_the_train_is_never_overloaded(reads: Reads, trains: list[runs.RunView]) -> None:
    keys = [RunId(view.run.id) for view in trains]

    found = reads.run(lambda s: [gate(s, SITE, key, EVENING) for key in keys])

    assert not [one for items in found for one in items if one.level == "block"]


def test_skipping_a_station_takes_the_same_way_round(
    writer: AnyWriter, trains: list[runs.RunView]
) -> None:
    """A train cannot turn: between two stations lie all legs between them."""
    view = trains[0]
    _, second, third = view.order
    before = view.plan.times

    answer = change(writer, view, {"op": "cancel", "visit": str(second)})

    stay = 60_000
    assert before[str(third)][0] - answer["times"][str(third)][0] == stay


def test_a_station_that_is_reached_too_late_is_offered_no_run_from_the_depot(
    reads: Reads, trains: list[runs.RunView]
) -> None:
    view = trains[0]
    leaves = to_ms(view.run.planned_departure_at)
    early = {"op": "window", "visit": str(view.order[-1]), "windows": [[leaves, leaves + 1000]]}

    [found] = price(reads, view, early)["unfit"]

    assert "ad_hoc" not in {one["kind"] for one in found["remedies"]}
