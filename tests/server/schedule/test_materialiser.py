"""The materialiser: every due run exists exactly once, whatever runs how often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

from sqlmodel import Session

from server.core.access import Principal
from server.core.writer import AnyWriter, SnapshotReads
from server.feed import queries as feed
from server.loops import service as loops
from server.plant import service as plant
from server.runs import queries as runs
from server.runs import service as running
from server.schedule.service import materialise
from server.sites import service as sites
from server.sites.rules import Calendar
from shared.departure import Departure
from shared.ids import RunId
from shared.local_time import zone
from shared.loop import Stop
from shared.plan import NewLine
from tests.helpers.a_site import (
    DISPATCHER,
    MONDAY,
    NOON,
    SITE,
    SUPERVISOR,
    NoJobs,
    add_vehicle,
    found_site,
    publish_loop,
    version,
)
from tests.helpers.builders import id_of


def days_of(reads: SnapshotReads, first: date, count: int) -> list[list[runs.RunView]]:
    """Runs per service date, whole."""

    def look(session: Session) -> list[list[runs.RunView]]:
        return [
            runs.views(
                session,
                SITE,
                [row.id for row in runs.day(session, DISPATCHER, first + timedelta(days=n))],
            )
            for n in range(count)
        ]

    return reads.run(look)


def test_every_day_of_two_weeks_gets_its_run_once(writer: AnyWriter, reads: SnapshotReads) -> None:
    found_site(writer)
    publish_loop(writer)

    first = materialise(reads, writer, NOON)
    second = materialise(reads, writer, NOON)

    assert first == (13, 0, 0)  # today's 08:00 is past; nothing starts retroactively
    assert second == (0, 0, 0)
    found = days_of(reads, MONDAY, 15)
    assert [len(day) for day in found] == [0, *[1] * 13, 0]


def test_a_run_has_its_depots_at_both_ends_and_planned_times_at_each_stop(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    found_site(writer)
    publish_loop(writer)

    materialise(reads, writer, NOON)

    [[view]] = days_of(reads, MONDAY + timedelta(days=1), 1)
    assert [one.kind for one in view.visits] == ["start", "fixed", "fixed", "fixed", "end"]
    at = [one.planned_arrival_at for one in view.visits]
    assert at == sorted(at)
    assert view.run.planned_departure_at.astimezone(zone("Europe/Berlin")).hour == 8
    assert view.plan.order == [str(one.id) for one in view.stops]
    assert len(view.plan.legs) == 4
    assert view.run.planned_return_at == view.visits[-1].planned_arrival_at
    stay = view.visits[1].planned_departure_at - view.visits[1].planned_arrival_at
    assert stay == timedelta(seconds=300)


def test_moving_the_clock_day_by_day_gives_the_same_rows_as_one_pass(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    found_site(writer)
    publish_loop(writer, version(rrule="FREQ=WEEKLY;BYDAY=MO,WE,FR"))

    for n in range(15):
        materialise(reads, writer, NOON + timedelta(days=n))

    found = days_of(reads, MONDAY, 29)
    weekdays = [(MONDAY + timedelta(days=n)).weekday() for n, day in enumerate(found) if day]
    assert all(len(day) <= 1 for day in found)
    assert weekdays == [2, 4, *[0, 2, 4] * 3]


def test_a_date_the_calendar_drops_cancels_its_run_and_brings_it_back(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    found_site(writer)
    loop_id = publish_loop(writer)
    materialise(reads, writer, NOON)
    day = MONDAY + timedelta(days=3)

    def except_day(ops: list[dict[str, str]]) -> None:
        writer.run(
            lambda s: loops.put_exception(s, SUPERVISOR, loop_id, day, ops, jobs=NoJobs(), now=NOON)
        )

    except_day([{"op": "remove"}])
    removed = materialise(reads, writer, NOON)
    [[gone]] = days_of(reads, day, 1)
    except_day([])
    restored = materialise(reads, writer, NOON)
    [[back]] = days_of(reads, day, 1)

    assert (removed, restored) == ((0, 0, 1), (0, 1, 0))
    assert (gone.run.plan_state, gone.run.cancel_reason) == ("cancelled", "calendar")
    assert (back.run.plan_state, back.run.id) == ("planned", gone.run.id)


def test_a_new_version_takes_over_whole_service_dates(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    found_site(writer)
    publish_loop(writer)
    materialise(reads, writer, NOON)
    later = MONDAY + timedelta(days=5)

    publish_loop(writer, version(stops=("mill", "dairy")), valid_from=later)
    changed = materialise(reads, writer, NOON)

    found = days_of(reads, MONDAY + timedelta(days=1), 13)
    assert changed == (0, 9, 0)
    assert [len(day[0].stops) for day in found] == [3] * 4 + [2] * 9
    assert found[4][0].run.plan_version == 2


def test_a_run_somebody_cancelled_stays_cancelled(writer: AnyWriter, reads: SnapshotReads) -> None:
    found_site(writer)
    publish_loop(writer)
    materialise(reads, writer, NOON)
    [[view]] = days_of(reads, MONDAY + timedelta(days=2), 1)
    writer.run(
        lambda s: running.cancel(s, SUPERVISOR, view.run.id, reason="customer", now=NOON)  # type: ignore[arg-type]
    )

    again = materialise(reads, writer, NOON)

    [[after]] = days_of(reads, MONDAY + timedelta(days=2), 1)
    assert again == (0, 0, 0)
    assert (after.run.plan_state, after.run.cancel_reason) == ("cancelled", "customer")


def test_a_takt_loop_steps_in_elapsed_time_through_the_night_clocks_change(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    before = datetime(2027, 3, 20, 12, 0, tzinfo=NOON.tzinfo)
    night = Departure.model_validate(
        {"base_no": 1, "first_local": "22:00", "last_local": "06:00", "headway_s": 1200}
    )
    found_site(writer, now=before)
    offsets = [
        Stop(location_id=one.location_id, offset_s=300 * n)
        for n, one in enumerate(version().stops, start=1)
    ]
    given = version(night, anchor=before.date(), own_stops=offsets, end_offset_s=1200)
    publish_loop(writer, given, code="T1", kind="internal", valid_from=before.date(), now=before)

    materialise(reads, writer, before)

    counts = [len(day) for day in days_of(reads, date(2027, 3, 26), 3)]
    assert counts == [24, 21, 24]


def test_a_device_principal_never_sees_the_day(reads: SnapshotReads, writer: AnyWriter) -> None:
    found_site(writer)
    publish_loop(writer)
    materialise(reads, writer, NOON)
    nobody = Principal(kind="device", site_id=SITE)

    found = reads.run(lambda s: runs.day(s, nobody, MONDAY + timedelta(days=1)))

    assert found == []


def test_a_run_brings_what_is_usual_at_its_stops(writer: AnyWriter, reads: SnapshotReads) -> None:
    found_site(writer)
    wood = NewLine(part_no="W1", name="Wood", qty=5, unit="pallet", direction="pickup")
    milk = NewLine(part_no="M1", name="Milk", qty=2, unit="crate", labels=("C-1", "C-2"))
    stops = [
        Stop(location_id=id_of("bakery"), lines=(wood,)),
        Stop(location_id=id_of("mill"), lines=(milk,)),
    ]
    publish_loop(writer, version(own_stops=stops))

    materialise(reads, writer, NOON)

    [[view]] = days_of(reads, MONDAY + timedelta(days=1), 1)
    first, second = view.stops
    brought = {one.part_no: one for one in view.loads}
    assert (brought["W1"].qty, brought["W1"].pickup_visit) == (5, first.id)
    assert (brought["M1"].labels, brought["M1"].drop_visit) == (["C-1", "C-2"], second.id)


def test_a_train_brings_the_boxes_the_plant_asks_for(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    found_site(writer)
    part = {
        "part_no": "P1",
        "name": "Screw",
        "station_id": id_of("bakery"),
        "supermarket_id": id_of("depot"),
        "pieces_per_box": 20,
        "demand_per_h": 60,
        "min_boxes": 2,
        "max_boxes": 6,
    }
    writer.run(lambda s: plant.add_control_cycle(s, SUPERVISOR, part, now=NOON))
    beat = Departure.model_validate(
        {"base_no": 1, "first_local": "06:00", "last_local": "14:00", "headway_s": 1200}
    )
    stops = [Stop(location_id=id_of("bakery"), offset_s=300, service_s=60)]
    given = version(beat, own_stops=stops, end_offset_s=600)
    publish_loop(writer, given, code="T1", kind="internal")

    materialise(reads, writer, NOON)

    [day] = days_of(reads, MONDAY + timedelta(days=1), 1)
    assert [view.run.cycle_no for view in day] == list(range(1, 25))
    assert day[0].run.takt_s == 1200
    assert day[0].stops[0].max_boxes == {"P1": 6}
    boxes = sum(one.qty for view in day for one in view.loads)
    assert boxes == 24


def test_two_leaders_at_once_make_every_run_once(writer: AnyWriter, reads: SnapshotReads) -> None:
    found_site(writer)
    publish_loop(writer)
    publish_loop(writer, version(stops=("mill",)), code="L2")

    with ThreadPoolExecutor(4) as crew:
        passes = [crew.submit(materialise, reads, writer, NOON) for _ in range(4)]
        made = [one.result() for one in passes]

    assert sum(one.opened for one in made) == 26
    found = days_of(reads, MONDAY + timedelta(days=1), 13)
    assert [len(day) for day in found] == [2] * 13
    assert all(len(view.visits) in (3, 5) for day in found for view in day)


def test_vehicles_of_a_beat_take_turns_and_a_date_may_assign_another(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    found_site(writer)
    vans = [add_vehicle(writer, name) for name in ("A", "B", "C")]
    beat = Departure.model_validate(
        {"base_no": 0, "first_local": "06:00", "last_local": "08:00", "headway_s": 1800}
    )
    day = MONDAY + timedelta(days=2)
    loop_id = publish_loop(writer, version(beat, vehicle_ids=tuple(vans[:2])))
    assign = {"op": "assign", "departure_no": 1, "vehicle_id": str(vans[2])}
    writer.run(
        lambda s: loops.put_exception(
            s, SUPERVISOR, loop_id, day, [assign], jobs=NoJobs(), now=NOON
        )
    )

    materialise(reads, writer, NOON)

    ordinary, special = days_of(reads, MONDAY + timedelta(days=1), 2)
    a, b, c = vans
    assert [view.run.vehicle_id for view in ordinary] == [a, b, a, b]
    assert [view.run.vehicle_id for view in special] == [a, c, a, b]


def test_a_run_somebody_changed_by_hand_is_left_to_a_person(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    found_site(writer)
    loop_id = publish_loop(writer)
    van = add_vehicle(writer)
    materialise(reads, writer, NOON)
    day = MONDAY + timedelta(days=3)
    [[view]] = days_of(reads, day, 1)
    writer.run(
        lambda s: running.assign(
            s, SUPERVISOR, RunId(view.run.id), vehicle_id=van, expected_version=1, now=NOON
        )
    )
    writer.run(
        lambda s: loops.put_exception(
            s, SUPERVISOR, loop_id, day, [{"op": "remove"}], jobs=NoJobs(), now=NOON
        )
    )

    made = materialise(reads, writer, NOON)

    [[left]] = days_of(reads, day, 1)
    assert made == (0, 0, 0)
    assert (left.run.plan_state, left.run.vehicle_id) == ("planned", van)
    assert [one.kind for one in reads.run(lambda s: feed.exceptions(s, SITE))] == ["review_due"]


def test_a_loop_that_cannot_be_made_does_not_stop_the_others(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    found_site(writer)
    broken = publish_loop(writer)
    publish_loop(writer, code="L2")
    atlantis = Calendar(name="Atlantis", country="ZZ")
    key = id_of("calendar")

    def break_it(session: Session) -> None:
        sites.put_calendar(session, SUPERVISOR, key, atlantis, now=NOON)
        change = {"calendar_id": key}
        loops.change_loop(session, SUPERVISOR, broken, change, jobs=NoJobs(), now=NOON)

    writer.run(break_it)

    assert materialise(reads, writer, NOON) == (13, 0, 0)
