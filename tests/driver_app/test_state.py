"""Observables tell who looks at them, and cost nothing before."""

from uuid import UUID

from driver_app.state import AppState, Change, RunView, VisitView
from driver_app.state.views import LISTENERS
from shared.ids import RunId, VisitId
from tests.helpers.builders import text_id

RUN, VISIT = RunId(UUID(text_id("run"))), VisitId(UUID(text_id("visit")))


def test_a_listener_hears_a_changed_field_and_not_an_equal_one() -> None:
    view = VisitView(VISIT, RUN, name="bakery")
    heard: list[str | None] = []
    listener = lambda _sender, field: heard.append(field)  # noqa: E731  held by name: weak
    view.subscribe(listener)

    view.name = "bakery"
    view.name = "dairy"
    view.windows = ((1, 2),)

    assert heard == ["name", "windows"]


def test_lists_filled_before_anybody_looked_are_heard_later() -> None:
    run = RunView(RUN)
    heard: list[str | None] = []
    listener = lambda _sender, field: heard.append(field)  # noqa: E731  held by name: weak
    run.subscribe(listener)

    run.visits.append(VisitView(VISIT, RUN))

    assert heard == ["visits"]


def test_flet_still_keeps_its_listeners_where_we_look() -> None:
    view = VisitView(VISIT, RUN)
    before = LISTENERS in view.__dict__
    view.subscribe(print)

    assert not before
    assert LISTENERS in view.__dict__


def test_a_run_that_is_gone_leaves_the_screen_and_others_stay_the_same_objects() -> None:
    state = AppState()
    other = RunId(UUID(text_id("other")))
    state.project(Change(runs=[RunView(RUN, name="a"), RunView(other, name="b")]))
    kept = state.session.run(other)

    state.project(Change(runs=[RunView(other, name="c")], gone=[RUN]))

    assert [run.name for run in state.session.runs] == ["c"]
    assert state.session.run(other) is kept
