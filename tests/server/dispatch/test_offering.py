"""Where a new stop fits best: the cheapest runs of the day first, a run of its own last."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from server.core.access import Principal, Role
from server.core.clock import to_ms
from server.core.http import Parts
from server.core.writer import AnyWriter, SnapshotReads
from server.dispatch import service
from server.dispatch.service import Seeking
from server.runs.queries import RunView
from server.runs.service import cancel
from shared.ids import PersonId, RunId
from shared.plan import Insert, read_ops
from shared.refusals import Refusal
from tests.helpers.a_site import MONDAY, SITE, SUPERVISOR
from tests.helpers.builders import id_of
from tests.server.dispatch.a_day import EVENING, price
from tests.server.dispatch.two_runs import both, two_runs

TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def pair(writer: AnyWriter, reads: SnapshotReads) -> tuple[RunView, RunView]:
    return two_runs(writer, reads)


def ask(
    reads: SnapshotReads,
    stop: Insert,
    between: tuple[time, time] | None = None,
    on: date = TUESDAY,
    who: Principal = SUPERVISOR,
) -> dict[str, Any]:
    asked = Seeking(on, stop, between)
    return reads.run(lambda s: service.offers(s, who, asked, now=EVENING))


def dairy(**more: Any) -> Insert:
    return Insert(location_id=id_of("dairy"), **more)


def test_the_run_that_passes_by_anyway_is_the_first_offer(
    reads: SnapshotReads, pair: tuple[RunView, RunView]
) -> None:
    a, b = pair

    found = ask(reads, dairy())

    first, second, own = found["offers"]
    assert [first["run_id"], second["run_id"]] == [str(a.run.id), str(b.run.id)]
    assert first["delta_s"] <= second["delta_s"]
    assert own["ad_hoc"]
    assert found["unfit_cause"] is None


def test_the_price_of_an_offer_is_the_price_of_the_insert(
    reads: SnapshotReads, pair: tuple[RunView, RunView]
) -> None:
    [first, *_] = (found := ask(reads, dairy()))["offers"]

    op = {**found["stop"], "after": first["after"]}
    priced = price(reads, pair[0], op)

    assert priced["delta_end_s"] == first["delta_end_s"]
    assert priced["delta_m"] == first["delta_m"]


def test_an_offer_that_is_taken_makes_the_next_plan(
    reads: SnapshotReads, writer: AnyWriter, pair: tuple[RunView, RunView]
) -> None:
    [first, *_] = (found := ask(reads, dairy()))["offers"]
    ops = read_ops([{**found["stop"], "after": first["after"]}])
    key, version = RunId(pair[0].run.id), first["plan_version"]

    writer.run(
        lambda s: service.edit(s, SUPERVISOR, key, ops, expected_version=version, now=EVENING)
    )

    after, _b = both(reads)
    assert after.visit(after.order[first["position"] - 1]).location_id == id_of("dairy")


def test_wall_times_become_a_window_of_that_day(
    reads: SnapshotReads, pair: tuple[RunView, RunView]
) -> None:
    leaves = pair[0].run.planned_departure_at

    found = ask(reads, dairy(), (time(8), time(9, 30)))

    assert found["stop"]["windows"] == [[to_ms(leaves), to_ms(leaves + timedelta(minutes=90))]]


def test_a_run_that_would_be_late_comes_after_one_that_is_not(
    reads: SnapshotReads, pair: tuple[RunView, RunView]
) -> None:
    found = ask(reads, dairy(), (time(5), time(6)))

    late = [offer["late_s"] for offer in found["offers"]]
    assert min(late[:2]) > 0
    assert found["unfit_cause"] == "only_late"
    assert found["offers"][0]["unfit"][0]["cause"] == "delay"
    assert pair


def test_a_run_of_its_own_leaves_in_time_for_its_window(
    reads: SnapshotReads, pair: tuple[RunView, RunView]
) -> None:
    opens = pair[0].run.planned_departure_at + timedelta(hours=4)

    *_, own = ask(reads, dairy(), (time(12), time(13)))["offers"]

    assert own["arrival"] == to_ms(opens)
    assert own["late_s"] == 0
    assert own["planned_departure"] < own["arrival"]


def test_a_run_that_was_called_off_is_no_offer(
    reads: SnapshotReads, writer: AnyWriter, pair: tuple[RunView, RunView]
) -> None:
    key = RunId(pair[0].run.id)
    writer.run(lambda s: cancel(s, SUPERVISOR, key, reason="no driver", now=EVENING))

    found = ask(reads, dairy())["offers"]

    assert [one.get("run_id") for one in found] == [str(pair[1].run.id), None]


def test_on_a_day_without_runs_only_a_run_of_its_own_is_offered(
    reads: SnapshotReads, pair: tuple[RunView, RunView]
) -> None:
    found = ask(reads, dairy(), on=TUESDAY + timedelta(days=90))

    assert [one.get("ad_hoc") for one in found["offers"]] == [True]
    assert found["unfit_cause"] is None
    assert pair


@pytest.mark.usefixtures("pair")
def test_who_may_not_change_plans_gets_no_offers(reads: SnapshotReads) -> None:
    planner = Principal(
        "person", SITE, person_id=PersonId(id_of("pia")), roles=frozenset({Role.PLANNER})
    )

    with pytest.raises(Refusal):
        ask(reads, dairy(), who=planner)


@pytest.mark.anyio
async def test_offers_are_asked_over_http(parts: Parts, board: AsyncClient) -> None:
    two_runs(parts.writer, parts.reads)
    body = {
        "service_date": TUESDAY.isoformat(),
        "stop": {"location_id": str(id_of("dairy")), "service_s": 300},
        "between": ["08:00", "17:00"],
    }

    answer = await board.post("/api/v1/offers", json=body)
    bad = await board.post("/api/v1/offers", json={**body, "between": ["08:00"]})

    assert answer.status_code == 200, answer.text
    assert len(answer.json()["offers"]) == 3
    assert bad.status_code == 422
