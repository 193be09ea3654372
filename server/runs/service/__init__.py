"""Use cases of runs: open, plan, dispatch, fold what happened, keep where they were."""

from server.runs.rules import NewLine, NewRun, NewVisit
from server.runs.service.adhoc import NewAdHoc, open_ad_hoc
from server.runs.service.estimates import Estimate, set_estimates
from server.runs.service.folding import refold
from server.runs.service.marking import mark_runs, marks_of, unmarked
from server.runs.service.moving import Wish, hang_over, homes_of
from server.runs.service.opening import (
    drop_by_calendar,
    open_run,
    open_runs,
    rewrite,
    untouched,
)
from server.runs.service.plans import (
    UNCHANGED,
    AddedVisit,
    PlanDraft,
    VisitEdit,
    change_plan,
    check_version,
    locked_run,
    locked_view,
    undo_draft,
    write_plan,
)
from server.runs.service.positions import keep_positions
from server.runs.service.refolded import cancel, dispatch, tell_run
from server.runs.service.rows import run_rows, run_scope
from server.runs.service.scoping import assigned, devices_of, rescope, rescope_runs
from server.runs.service.states import (
    Overrides,
    any_to_close,
    assign,
    close_done,
    decide_claim,
    grant_claim,
    recall,
    refuse_claim,
)

__all__ = [
    "UNCHANGED",
    "AddedVisit",
    "Estimate",
    "NewAdHoc",
    "NewLine",
    "NewRun",
    "NewVisit",
    "Overrides",
    "PlanDraft",
    "VisitEdit",
    "Wish",
    "any_to_close",
    "assign",
    "assigned",
    "cancel",
    "change_plan",
    "check_version",
    "close_done",
    "decide_claim",
    "devices_of",
    "dispatch",
    "drop_by_calendar",
    "grant_claim",
    "hang_over",
    "homes_of",
    "keep_positions",
    "locked_run",
    "locked_view",
    "mark_runs",
    "marks_of",
    "open_ad_hoc",
    "open_run",
    "open_runs",
    "recall",
    "refold",
    "refuse_claim",
    "rescope",
    "rescope_runs",
    "rewrite",
    "run_rows",
    "run_scope",
    "set_estimates",
    "tell_run",
    "undo_draft",
    "unmarked",
    "untouched",
    "write_plan",
]
