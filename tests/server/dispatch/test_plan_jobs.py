"""A long search for a plan is answered with a link at once, and found there when it is done."""

import threading
from uuid import UUID

import pytest
from anyio import to_thread
from httpx import AsyncClient

from server.core.http import Parts
from server.dispatch.plan_jobs import KEPT_MAX, KEPT_S, OPEN_MAX, Answer, PlanJobs
from shared.ids import SiteId
from shared.refusals import Refusal
from tests.helpers.clock import ManualClock
from tests.server.planner.plan_simulator import recheck_plan
from tests.server.planner.problems import a_problem

HERE, ELSEWHERE = SiteId(UUID(int=1)), SiteId(UUID(int=2))
LONG = {"budget_s": 11}


@pytest.fixture
def jobs(clock: ManualClock) -> PlanJobs:
    return PlanJobs(clock)


def small() -> Answer:
    """What a search finds here."""
    return {"code": 0}


@pytest.mark.anyio
async def test_a_long_plan_is_begun_at_once_and_fetched_later(
    board: AsyncClient, parts: Parts
) -> None:
    problem = a_problem(4)

    begun = await board.post("/api/v1/plan", json=problem, params=LONG)
    await to_thread.run_sync(parts.plans.settle)
    found = await board.get(begun.headers["Location"])

    assert begun.status_code == 202, begun.text
    assert begun.json()["job"]["href"] == begun.headers["Location"]
    assert found.status_code == 200, found.text
    assert (found.status_code, found.json()["state"]) == (200, "done")
    recheck_plan(problem, found.json()["answer"])


@pytest.mark.anyio
async def test_what_cannot_be_read_is_refused_before_anything_is_begun(board: AsyncClient) -> None:
    bad = await board.post("/api/v1/plan", json=a_problem(4) | {"vehicles": []}, params=LONG)
    endless = await board.post("/api/v1/plan", json=a_problem(4), params={"budget_s": 301})

    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/vehicles")
    assert endless.status_code == 422


@pytest.mark.anyio
async def test_a_check_is_never_put_off(board: AsyncClient) -> None:
    answer = await board.post("/api/v1/plan", json=a_problem(4), params={"check": True, **LONG})

    assert answer.status_code == 200


@pytest.mark.anyio
async def test_nobody_but_the_people_of_the_site_sees_a_job(
    board: AsyncClient, client: AsyncClient, parts: Parts
) -> None:
    foreign = parts.plans.begin(ELSEWHERE, small)

    assert (await board.get(foreign.link)).status_code == 404
    assert (await board.get(f"/api/v1/jobs/{UUID(int=7)}")).status_code == 404
    client.cookies.clear()
    assert (await client.get(foreign.link)).status_code == 401


def test_jobs_are_done_one_after_the_other_in_their_order(jobs: PlanJobs) -> None:
    begun, go, done = threading.Event(), threading.Event(), list[str]()

    def first() -> Answer:
        begun.set()
        go.wait(30)
        done.append("first")
        return small()

    def second() -> Answer:
        done.append("second")
        return small()

    made = [jobs.begin(HERE, first), jobs.begin(HERE, second)]
    begun.wait(30)

    assert [jobs.look(HERE, job.id)["state"] for job in made] == ["running", "waiting"]
    go.set()
    jobs.settle()
    assert done == ["first", "second"]
    assert jobs.look(HERE, made[1].id)["answer"] == small()


def test_a_site_that_waits_for_many_is_asked_to_wait_and_others_are_not(jobs: PlanJobs) -> None:
    go = threading.Event()

    def slow() -> Answer:
        go.wait(30)
        return small()

    for _ in range(OPEN_MAX):
        jobs.begin(HERE, slow)

    with pytest.raises(Refusal, match="slow_down") as refused:
        jobs.begin(HERE, slow)
    assert refused.value.retry_after_s
    jobs.begin(ELSEWHERE, slow)
    go.set()
    jobs.settle()
    jobs.begin(HERE, slow)


def test_an_answer_is_kept_for_a_while_and_then_forgotten(
    jobs: PlanJobs, clock: ManualClock
) -> None:
    job = jobs.begin(HERE, small)
    jobs.settle()

    clock.pass_time(s=KEPT_S - 1)
    assert jobs.look(HERE, job.id)["state"] == "done"
    clock.pass_time(s=1)
    with pytest.raises(Refusal, match="not_found"):
        jobs.look(HERE, job.id)


def test_only_so_many_answers_are_kept_the_newest_ones(jobs: PlanJobs) -> None:
    made = []
    for _ in range(KEPT_MAX + 1):
        made.append(jobs.begin(HERE, small))
        jobs.settle()

    with pytest.raises(Refusal, match="not_found"):
        jobs.look(HERE, made[0].id)
    assert jobs.look(HERE, made[1].id)["state"] == "done"


def test_a_search_that_breaks_is_told_and_the_next_one_is_done(jobs: PlanJobs) -> None:
    def broken() -> Answer:
        raise MemoryError

    made = [jobs.begin(HERE, broken), jobs.begin(HERE, small)]
    jobs.settle()

    assert [jobs.look(HERE, job.id)["state"] for job in made] == ["failed", "done"]


def test_a_restart_forgets_what_waited_and_begins_nothing_more(jobs: PlanJobs) -> None:
    begun, go, done = threading.Event(), threading.Event(), list[str]()

    def slow() -> Answer:
        begun.set()
        go.wait(30)
        return small()

    def never() -> Answer:
        done.append("begun")
        return small()

    jobs.begin(HERE, slow)
    waiting = jobs.begin(HERE, never)
    begun.wait(30)

    jobs.close()
    go.set()
    jobs.settle()

    assert done == []
    with pytest.raises(Refusal, match="not_found"):
        jobs.look(HERE, waiting.id)
    with pytest.raises(Refusal, match="slow_down"):
        jobs.begin(HERE, small)
