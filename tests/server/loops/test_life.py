"""The life of a loop: candidate, trial, stable, retired; what changes makes runs anew."""

from datetime import timedelta

import pytest

from server.core.writer import AnyWriter, SnapshotReads
from server.loops import queries as loops
from server.loops import service
from server.loops.rules import legs_by_offsets, version_on
from server.runs import queries as runs
from server.schedule.service import materialise
from shared.ids import LoopId
from shared.loop import LifeState, Loop, Stop
from shared.refusals import Refusal
from tests.helpers.a_site import (
    MONDAY,
    NOON,
    SITE,
    SUPERVISOR,
    NoJobs,
    found_site,
    publish_loop,
    version,
)
from tests.helpers.builders import id_of


def move(writer: AnyWriter, loop_id: LoopId, to: LifeState) -> None:
    """Move a loop in its life."""
    writer.run(
        lambda s: service.set_state(
            s, SUPERVISOR, loop_id, to, reason="because", jobs=NoJobs(), now=NOON
        )
    )


def test_publishing_a_candidate_starts_its_trial(writer: AnyWriter, reads: SnapshotReads) -> None:
    found_site(writer)
    loop_id = publish_loop(writer)

    row = reads.run(lambda s: loops.loop(s, SITE, loop_id))

    assert (row.life_state, row.trial_since, row.current_version) == ("trial", MONDAY, 1)


def test_a_person_confirms_stable_and_a_step_that_does_not_exist_is_refused(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    found_site(writer)
    loop_id = publish_loop(writer)

    move(writer, loop_id, "stable")
    with pytest.raises(Refusal) as refused:
        move(writer, loop_id, "candidate")

    assert refused.value.code == "bad_state"
    assert reads.run(lambda s: loops.loop(s, SITE, loop_id)).stable_since == MONDAY


def test_a_retired_loop_makes_no_run_and_its_open_ones_are_cancelled(
    writer: AnyWriter, reads: SnapshotReads
) -> None:
    found_site(writer)
    loop_id = publish_loop(writer)
    materialise(reads, writer, NOON)

    move(writer, loop_id, "retired")
    made = materialise(reads, writer, NOON)

    assert made == (0, 0, 13)
    left = reads.run(lambda s: runs.of_loop(s, SITE, loop_id, MONDAY, MONDAY + timedelta(days=20)))
    assert {row.plan_state for row in left} == {"cancelled"}


def test_what_changes_a_loop_submits_the_work_that_follows(writer: AnyWriter) -> None:
    found_site(writer)
    loop_id = publish_loop(writer)
    jobs = NoJobs()

    writer.run(
        lambda s: service.put_exception(
            s, SUPERVISOR, loop_id, MONDAY, [{"op": "remove"}], jobs=jobs, now=NOON
        )
    )
    writer.run(
        lambda s: service.change_loop(
            s, SUPERVISOR, loop_id, {"name": "Evening round"}, jobs=jobs, now=NOON
        )
    )

    assert [job.kind for job in jobs.submitted] == [service.MATERIALISE] * 2
    assert {job.key for job in jobs.submitted} == {str(loop_id)}


def test_the_newest_version_valid_on_a_date_holds(writer: AnyWriter, reads: SnapshotReads) -> None:
    found_site(writer)
    loop_id = publish_loop(writer)
    publish_loop(writer, version(stops=("mill",)), valid_from=MONDAY + timedelta(days=7))

    found = reads.run(lambda s: loops.templates(s, SITE, loop_id))

    held = [version_on(found, MONDAY + timedelta(days=n)) for n in (-1, 0, 6, 7, 30)]
    assert [one.version_no if one else None for one in held] == [None, 1, 1, 2, 2]


def test_a_version_in_the_past_is_refused(writer: AnyWriter) -> None:
    found_site(writer)

    with pytest.raises(Refusal) as refused:
        publish_loop(writer, valid_from=MONDAY - timedelta(days=1))

    assert refused.value.errors[0][0] == "/valid_from"


def test_a_code_is_used_once(writer: AnyWriter) -> None:
    found_site(writer)
    publish_loop(writer)
    about = Loop(code="L1", name="Another", kind="outbound")

    with pytest.raises(Refusal) as refused:
        writer.run(lambda s: service.create_loop(s, SUPERVISOR, about, now=NOON))

    assert refused.value.code == "exists"


def test_a_stale_change_of_a_loop_is_refused(writer: AnyWriter, reads: SnapshotReads) -> None:
    found_site(writer)
    loop_id = publish_loop(writer)
    rev = reads.run(lambda s: loops.loop(s, SITE, loop_id)).rev
    stale = {"name": "X", "expected_rev": rev - 1}

    with pytest.raises(Refusal) as refused:
        writer.run(
            lambda s: service.change_loop(s, SUPERVISOR, loop_id, stale, jobs=NoJobs(), now=NOON)
        )

    assert refused.value.code == "rev"


def test_legs_of_a_plant_loop_follow_from_the_offsets_of_its_stops() -> None:
    stops = [
        Stop(location_id=id_of("bakery"), offset_s=120, service_s=60, leg_m=180),
        Stop(location_id=id_of("mill"), offset_s=300, service_s=60),
    ]

    found = legs_by_offsets(version(own_stops=stops, end_offset_s=420, end_leg_m=90))

    assert found == [(120, 180), (120, 180), (60, 90)]
    assert legs_by_offsets(version(own_stops=stops)) is None


@pytest.mark.parametrize("rrule", ["FREQ=HOURLY", "FREQ=DAILY;BYHOUR=8", "every monday"])
def test_a_rule_that_is_none_is_named_before_it_is_published(writer: AnyWriter, rrule: str) -> None:
    found_site(writer)

    with pytest.raises(Refusal) as refused:
        publish_loop(writer, version(rrule=rrule))

    assert refused.value.errors == (("/rrule", "bad_rrule"),)
