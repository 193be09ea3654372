"""S8: a problem at a stop or with the run: first the reason, then what happens now."""

from collections.abc import Callable

import flet as ft

from driver_app import actions, theme
from driver_app.actions import Missing, NotSaved, Saved
from driver_app.actions.runs import Disruption
from driver_app.i18n import _, minutes
from driver_app.screens.desk import Desk, run_route, stop_route, use_desk, use_params
from driver_app.screens.frame import frame
from driver_app.screens.lost import lost
from driver_app.screens.photos import photo_part
from driver_app.screens.proof import lacking_panel
from driver_app.screens.proof_levels import part_name
from driver_app.screens.proof_parts import note_part
from driver_app.state import DraftView, RunView, VisitView
from driver_app.theme import Tone
from driver_app.widgets import text
from driver_app.widgets.buttons import big_button, choice, side_button
from driver_app.widgets.hooks import maybe, state
from driver_app.widgets.panels import card, section, strip
from driver_app.widgets.press import Act

DELAYS_S = (900, 1800, 2700, 3600)
Choose = Callable[[str], object]


@ft.component
def problem() -> ft.View:
    """The problem sheet of the visit a route names."""
    desk = use_desk()
    params = use_params()
    run = desk.run(params.get("run", ""))
    visit = desk.visit(params.get("run", ""), params.get("visit", ""))
    draft, set_draft = maybe(DraftView)

    async def load() -> None:
        if visit is not None:
            set_draft(await actions.open_draft(desk.ctx, visit.id, "problem"))

    ft.use_effect(load, [None if visit is None else visit.id])
    if run is None or visit is None:
        return lost(desk, "/problem/")
    here = stop_route(run.id, visit.id)
    if draft is None or draft.visit != visit.id:
        return frame(desk, f"{here}/problem", _("Problem"), [], back=here)
    return frame(
        desk,
        f"{here}/problem",
        _("Problem at {stop}").format(stop=visit.name),
        [_reason(draft, desk)],
        side=[_evidence(draft, visit, desk)],
        footer=[_foot(draft, visit, run, desk)],
        back=here,
    )


@ft.component
def _reason(draft: DraftView, desk: Desk) -> ft.Control:
    """Tiles from the site's own list."""

    def because(key: str) -> Act:
        async def chosen() -> None:
            draft.reason = key
            await actions.keep(desk.ctx, draft)

        return chosen

    tiles = [
        choice(words, f"problem.reason.{key}", because(key), chosen=draft.reason == key)
        for key, words in fail_reasons(desk)
    ]
    return card(
        [
            text.card_title(_("What is the matter?")),
            ft.Row(tiles, wrap=True, spacing=theme.GAP, run_spacing=theme.GAP),
        ]
    )


def fail_reasons(desk: Desk) -> list[tuple[str, str]]:
    """The site's reasons why a stop failed, else ours."""
    own = [(r.key, r.text) for r in desk.session.reasons if r.about == "fail"]
    return own or [
        ("nobody_there", _("Nobody there")),
        ("closed", _("Closed")),
        ("refused", _("Refused")),
        ("damaged", _("Damaged")),
        ("wrong_address", _("Wrong address")),
        ("no_access", _("No access")),
        ("not_ready", _("Goods not ready")),
        ("vehicle_full", _("Vehicle full")),
        ("safety", _("Not safe")),
    ]


@ft.component
def _evidence(draft: DraftView, visit: VisitView, desk: Desk) -> ft.Control:
    """A photo and a note help the office; neither is in the way."""
    return ft.Column(
        [
            card([section(part_name("photo")), photo_part(draft, visit, desk)]),
            card([section(part_name("note")), note_part(draft, visit, desk)]),
        ],
        spacing=theme.GAP,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


@ft.component
def _foot(draft: DraftView, visit: VisitView, run: RunView, desk: Desk) -> ft.Control:
    """Not done now: for another day, or again later today."""
    unsaid, set_unsaid = state(start=False)
    missing, set_missing = maybe(Missing)

    async def failed(*, confirmed: bool = False) -> None:
        set_unsaid(not draft.reason)
        if draft.reason:
            found = await actions.fail_stop(desk.ctx, visit.id, draft, confirmed=confirmed)
            set_missing(_settled(found, run, desk))

    async def later() -> None:
        set_unsaid(not draft.reason)
        if draft.reason:
            _settled(
                await actions.skip_stop(desk.ctx, visit.id, draft.reason, return_later=True),
                run,
                desk,
            )

    async def cannot(reason: str) -> None:
        draft.no_proof_reason = reason
        await actions.keep(desk.ctx, draft)
        await failed()

    rows: list[ft.Control] = []
    if unsaid and not draft.reason:
        words = _("First choose a reason.")
        rows.append(strip(words, ft.Icons.ERROR, Tone.BAD, identifier="problem.missing"))
    if missing is not None:
        rows.append(lacking_panel(missing, desk, cannot, lambda: failed(confirmed=True)))
    rows.extend(_ways_out(failed, later))
    return ft.Column(rows, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


def _ways_out(failed: Act, later: Act) -> list[ft.Control]:
    words = _("Could not be done")
    quiet = side_button(_("Come back later today"), "problem.later", later, icon=ft.Icons.REPLAY)
    return [
        big_button(words, "problem.save", failed, icon=ft.Icons.CANCEL, tone=Tone.BAD),
        ft.Container(height=0),
        ft.Row([quiet]),
    ]


def _settled(found: Saved | Missing | NotSaved, run: RunView, desk: Desk) -> Missing | None:
    """Back to the run when it was saved; else what is missing, or the red panel."""
    if isinstance(found, Missing):
        return found
    if desk.told(found):
        desk.go(run_route(run.id))
    return None


@ft.component
def run_problem() -> ft.View:
    """What is wrong with the run as a whole: two taps, and the office knows."""
    desk = use_desk()
    run = desk.run(use_params().get("run", ""))
    if run is None:
        return lost(desk, "/runs/problem")
    return frame(
        desk,
        f"{run_route(run.id)}/problem",
        _("Problem on the way"),
        [_disruptions(run, desk)],
        back=run_route(run.id),
    )


@ft.component
def _disruptions(run: RunView, desk: Desk) -> ft.Control:
    """Delay by so many minutes, or one of three other things."""

    def teller(kind: Disruption, delay_s: int = 0) -> Act:
        return lambda: tell(kind, delay_s)

    async def tell(kind: Disruption, delay_s: int = 0) -> None:
        visit = None if kind in ("delay", "extra_stop") else run.next_visit
        done = await actions.disrupt(desk.ctx, run.id, kind, visit=visit, delay_s=delay_s)
        if desk.told(done):
            desk.go(run_route(run.id))

    delays = [choice(minutes(s), f"problem.delay.{s // 60}", teller("delay", s)) for s in DELAYS_S]
    others: list[tuple[Disruption, str]] = [
        ("window_missed", _("Window missed")),
        ("customer_cancelled", _("Customer cancelled")),
        ("extra_stop", _("Extra stop")),
    ]
    tiles = [choice(words, f"problem.{kind}", teller(kind)) for kind, words in others]
    nxt = run.visit(run.next_visit) if run.next_visit is not None else None
    stop = (
        side_button(
            _("Problem at {stop}").format(stop=nxt.name),
            "problem.stop",
            icon=ft.Icons.PLACE,
            act=lambda: desk.go(f"{stop_route(run.id, nxt.id)}/problem"),
        )
        if nxt is not None
        else ft.Container(visible=False)
    )
    return ft.Column(
        [
            card(
                [
                    text.card_title(_("Delay")),
                    ft.Row(delays, wrap=True, spacing=theme.GAP, run_spacing=theme.GAP),
                ]
            ),
            card(
                [
                    text.card_title(_("Something else")),
                    ft.Row(tiles, wrap=True, spacing=theme.GAP, run_spacing=theme.GAP),
                    stop,
                ]
            ),
        ],
        spacing=theme.GAP,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
