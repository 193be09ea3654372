"""The cheapest place for one more stop."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from shared.insertion import cheapest_insertion
from shared.task import Task
from shared.walk import prepare
from tests.helpers.naive_run import NEW, naive_faults, naive_travel, stops, tasks


@given(tasks(), st.data())
def test_the_place_equals_the_best_of_all_places(task: Task, data: st.DataObject) -> None:
    new = data.draw(stops(NEW, len(task.run.durations)))
    run = replace(task.run, stops={**task.run.stops, NEW: new})
    everywhere = [(*task.order[:n], NEW, *task.order[n:]) for n in range(len(task.order) + 1)]

    found = cheapest_insertion(prepare(run, task.at), task.order, NEW)

    best = min(
        (naive_faults(run, order, task.at), naive_travel(run, order, task.at), place, order)
        for place, order in enumerate(everywhere)
    )
    assert (found.faults, found.order) == (best[0], best[3])


@given(tasks(), st.data())
def test_nothing_comes_between_stops_that_a_person_put_together(
    task: Task, data: st.DataObject
) -> None:
    new = data.draw(stops(NEW, len(task.run.durations)))
    run = replace(task.run, stops={**task.run.stops, NEW: new})
    glued = set(zip(task.order, task.order[1:], strict=False))

    found = cheapest_insertion(prepare(run, task.at), task.order, NEW, glued=glued)

    assert found.order in {(NEW, *task.order), (*task.order, NEW)}
