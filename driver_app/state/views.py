"""The observable objects that screens look at."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import flet as ft

from driver_app.state.plant_views import CallView, CardView, HandoverView
from shared.ids import DriverId, EventId, LineId, LocationId, RunId, SiteId, VisitId

Level = Literal["required", "warn", "optional", "off"]
Sent = Literal["", "phone", "office", "safe"]
Standing = Literal["new", "active", "pair_again", "retired", "stolen"]
# Where flet.Observable keeps its listeners, from the first subscription on.
LISTENERS = "_Observable__listeners_storage"
SyncWord = Literal["all", "sending", "waiting", "look"]


class DriverTile(NamedTuple):
    """Somebody who may sign in on this device (S2)."""

    id: DriverId
    name: str
    lang: str
    has_pin: bool
    has_badge: bool


class Reason(NamedTuple):
    """A tile of S8 and of the proof sheet: key of the site's `reason` row and its own words."""

    key: str
    text: str
    about: str
    """What it explains: `fail`, `skip`, `short`, `no_proof`, `miss`, `gate`."""


class Remark(NamedTuple):
    """A line somebody wrote, with its author and instant."""

    text: str
    by: str
    at_ms: int


class GateItem(NamedTuple):
    """Something that speaks against leaving, in the server's words."""

    item: str
    severity: Literal["block", "warn"]
    sentence: str


class Task(NamedTuple):
    """One line of a station's checklist that is due this cycle."""

    id: str
    text: str
    required: bool


class DiffLine(NamedTuple):
    """One line of S9: what the newer plan did to one stop."""

    kind: Literal["added", "removed", "up", "down", "time", "window", "kept_off_plan"]
    visit: VisitId
    no: int
    name: str
    old_no: int
    old_ms: int
    new_ms: int


class SyncItem(NamedTuple):
    """One recorded fact in the sync centre (S14)."""

    id: EventId
    at_ms: int
    type: str
    subject: str
    """Name of the stop or run it belongs to."""
    sent: Sent
    blobs_done: int
    blobs: int
    attention: str
    """Why somebody must look: `held:<why>`, `unreadable`, or empty."""


class View(ft.Observable):
    """An observable that costs little while nobody looks at it yet.

    Flet tells its listeners on every assignment, even when there are none; building the objects of
    a long run would take ten times as long.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if LISTENERS in self.__dict__:
            super().__setattr__(name, value)
        elif isinstance(value, list | dict):
            object.__setattr__(self, name, self._wrap_if_collection(name, value))
        else:
            object.__setattr__(self, name, value)


@dataclass(eq=False)
class LineView(View):
    """One LoadLine at one visit."""

    id: LineId
    visit: VisitId
    name: str = ""
    part_no: str = ""
    unit: str = ""
    labels: tuple[str, ...] = ()
    scanned: tuple[str, ...] = ()
    planned: int = 0
    done: int | None = None
    """Quantity by the facts; None as long as nothing was counted."""
    drop: bool = True
    """True: goods are left here. False: goods are taken here."""
    private: bool = False
    order_ref: str = ""
    consignee: str = ""


@dataclass(eq=False)
class VisitView(View):
    """One StopVisit: its plan, what was recorded, and when it is expected."""

    id: VisitId
    run: RunId
    no: int = 0
    name: str = ""
    kind: str = ""
    location_kind: str = ""
    location: LocationId | None = None
    attempt: int = 1
    address: str = ""
    access: str = ""
    side: str = ""
    hours: str = ""
    contact: str = ""
    note: Remark | None = None
    lat: float | None = None
    lon: float | None = None
    floor_plan: str = ""
    x_m: float | None = None
    y_m: float | None = None
    geofence_m: int = 80
    windows: tuple[tuple[int, int], ...] = ()
    planned_arrival_ms: int = 0
    planned_departure_ms: int = 0
    service_s: int = 0
    locked: str = ""
    appointment_ms: int | None = None
    proof: dict[str, Level] = field(default_factory=dict)
    """Part → level: photo, signature, recipient, scan, quantity, note."""
    has_code: bool = False
    tasks: tuple[Task, ...] = ()
    max_boxes: dict[str, int] = field(default_factory=dict)
    shelf: dict[str, int] = field(default_factory=dict)
    empties_plan: dict[str, int] = field(default_factory=dict)
    empties_taken: dict[str, int] = field(default_factory=dict)
    last_service_s: tuple[int, ...] = ()
    state: str = "pending"
    """pending, en_route, arrived, in_service, done, partly, failed, skipped, cancelled, hidden."""
    off_plan: bool = False
    result: EventId | None = None
    reason: str = ""
    checking: bool = False
    """An undo of a result not in hand: shown as "open, checking"."""
    arrived_ms: int | None = None
    service_started_ms: int | None = None
    completed_ms: int | None = None
    departed_ms: int | None = None
    expected_ms: int | None = None
    expected_low_ms: int | None = None
    expected_high_ms: int | None = None
    expected_made_ms: int | None = None
    late_s: int = 0
    sent: Sent = ""
    here: bool = False
    """A fix lies inside the geofence: suggest arriving, never do it."""
    undo_until_ms: int = 0
    lines: list[LineView] = field(default_factory=list)

    @property
    def final(self) -> bool:
        """Whether a result is recorded."""
        return self.state in ("done", "partly", "failed", "skipped")

    @property
    def open(self) -> bool:
        """Whether the driver still has to do something here."""
        return self.state in ("pending", "en_route", "arrived", "in_service")


@dataclass(eq=False)
class TaktView(View):
    """The countdown of a tugger round; `tick` moves it once a second."""

    leave_at_ms: int = 0
    """Departure, or planned time at the next station."""
    takt_s: int = 0
    cycle_no: int = 0
    left_s: int = 0
    """Seconds left; negative when late."""
    word: Literal["on_takt", "hurry", "late"] = "on_takt"
    policy: str = "timetable"
    why: str = ""
    why_made_ms: int = 0


@dataclass(eq=False)
class RunView(View):
    """One run on this device, with its visits in plan order."""

    id: RunId
    name: str = ""
    kind: str = ""
    loop: str = ""
    service_date: str = ""
    departure_no: int | None = None
    state: str = "dispatched"
    """dispatched, acknowledged, loading, underway, completed, closed, cancelled, off_plan."""
    plan_version: int = 0
    acked_version: int = 0
    planned_departure_ms: int = 0
    planned_return_ms: int = 0
    expected_return_ms: int | None = None
    utc_offset_s: int = 0
    utc_change: tuple[int, int] | None = None
    """Instant and offset after it, if the offset changes during the run."""
    vehicle: str = ""
    vehicle_name: str = ""
    driver: str = ""
    driver_name: str = ""
    driver_order: str = "ask"
    mine: bool = True
    """This device holds the run; False: open, or to be taken over (S3)."""
    claimed: bool = False
    gate: tuple[GateItem, ...] = ()
    note: Remark | None = None
    change_by: str = ""
    change_reason: str = ""
    change_at_ms: int = 0
    diff: tuple[DiffLine, ...] = ()
    """Differences between the plan last acknowledged and this one; empty when nothing is new."""
    diff_return_ms: tuple[int, int] = (0, 0)
    started_ms: int | None = None
    departed_ms: int | None = None
    finished_ms: int | None = None
    break_started: EventId | None = None
    break_started_ms: int | None = None
    delay_s: int = 0
    """Minutes behind (positive) or ahead of the plan, in seconds."""
    done: int = 0
    total: int = 0
    next_visit: VisitId | None = None
    start_visit: VisitId | None = None
    """The visit at the depot where the run begins; not among `visits`."""
    end_visit: VisitId | None = None
    loaded: bool = False
    """Goods were loaded already: a changed order may need reloading."""
    position_on: bool = False
    sent: Sent = ""
    andons: tuple[tuple[str, str, int, bool], ...] = ()
    """Open andons raised here: id, category, raised instant, acknowledged."""
    takt: TaktView | None = None
    calls: tuple[CallView, ...] = ()
    cards: tuple[CardView, ...] = ()
    handovers: tuple[HandoverView, ...] = ()
    visits: list[VisitView] = field(default_factory=list)

    @property
    def tugger(self) -> bool:
        """Whether S16 shows it instead of S5."""
        return self.kind == "internal"

    @property
    def open(self) -> bool:
        """Whether the driver is in the middle of it."""
        return self.started_ms is not None and self.finished_ms is None

    def visit(self, visit: VisitId) -> VisitView | None:
        """Find one visit."""
        return next((view for view in self.visits if view.id == visit), None)


class DraftFile(NamedTuple):
    """A photo or signature already on the disk, not yet part of a fact."""

    sha: str
    role: Literal["photo", "signature", "document", "voice"]
    path: str
    size: int
    media: str
    gallery: bool


@dataclass(eq=False)
class DraftView(View):
    """The half-filled proof or problem sheet of one visit; every change is stored at once."""

    key: str
    visit: VisitId
    run: RunId
    files: list[DraftFile] = field(default_factory=list)
    qty: dict[str, int] = field(default_factory=dict)
    """LoadLine → actual quantity; only lines that differ from the plan."""
    short: dict[str, str] = field(default_factory=dict)
    """LoadLine → reason for less."""
    given: dict[str, int] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    strokes: list[list[tuple[int, int]]] = field(default_factory=list)
    """Signature, coordinates 0–1000."""
    signer: str = ""
    signer_role: str = ""
    pin_ok: bool | None = None
    drop_point: str = ""
    compartment: str = ""
    no_proof_reason: str = ""
    reason: str = ""
    note: str = ""
    text: str = ""
    ticked: dict[str, str] = field(default_factory=dict)
    """Checklist item → "" when done, else the reason why not."""
    saved_ms: int = 0
    restored: bool = False
    recovered: int = 0
    """Photos adopted after a kill."""
    missing: tuple[str, ...] = ()
    """Required parts still missing at the last try."""


@dataclass(eq=False)
class SessionView(View):
    """Who uses this device, and whether the office still knows it."""

    standing: Standing = "new"
    device_id: str = ""
    device_name: str = ""
    site: SiteId | None = None
    server_url: str = ""
    driver: DriverId | None = None
    driver_name: str = ""
    unlisted: bool = False
    signed_in_ms: int | None = None
    lang: str = "en"
    drivers: list[DriverTile] = field(default_factory=list)
    reasons: tuple[Reason, ...] = ()
    pin_tries_left: int = 5
    pin_locked_until_ms: int = 0
    storage_full: bool = False
    app_too_old: bool = False
    site_name: str = ""
    runs: list[RunView] = field(default_factory=list)
    salvaged: int = 0
    """Facts saved from a damaged store at the start."""

    @property
    def signed_in(self) -> bool:
        """Whether somebody, listed or not, has signed in."""
        return self.signed_in_ms is not None

    def run(self, run: RunId) -> RunView | None:
        """Find one run."""
        return next((view for view in self.runs if view.id == run), None)

    def visit(self, visit: VisitId) -> VisitView | None:
        """Find one visit of any run on this device."""
        found = (run.visit(visit) for run in self.runs)
        return next((view for view in found if view is not None), None)


@dataclass(eq=False)
class SyncView(View):
    """What is still on this phone only, and how the talk with the office goes."""

    word: SyncWord = "all"
    unsent: int = 0
    unsent_blobs: int = 0
    unsent_bytes: int = 0
    unsafe: int = 0
    """Sent, but not yet in a verified backup."""
    attention: int = 0
    sending: bool = False
    oldest_ms: int | None = None
    last_contact_ms: int | None = None
    next_try_ms: int | None = None
    error: str = ""
    """Machine word of the last failure: `unreachable`, `garbled`, or a refusal's code."""
    error_detail: str = ""
    clock_off_ms: int = 0
    held: int = 0
    forks: int = 0
    plan_rev: int = 0
    items: list[SyncItem] = field(default_factory=list)
