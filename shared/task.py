"""What resequencing is asked and what it answers: one run, its stops, its rules, its prices.

Seconds, metres and loads are integers. A time window restricts the start of service, both ends
inclusive. The ids are plain integers: the caller maps its visits onto them and back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Amount = tuple[int, ...]
Rows = Sequence[Sequence[int]]
Window = tuple[int, int]
Place = Literal["first", "any", "last"]
Rung = Literal["standing", "insert", "improve", "search", "proposal", "plan"]
Cause = Literal[
    "delay",
    "load",
    "goods",
    "precedence",
    "order",
    "locked",
    "missing_break",
    "max_load",
    "overtime",
    "template",
    "skills",
    "access",
    "zone",
    "max_tasks",
    "max_travel_time",
    "max_distance",
    "max_ride_time",
    "range",
]

STOPS_MAX = 1000
DIMENSIONS_MAX = 8
WINDOWS_MAX = 16
KEEP_S = 600
END = "end"


@dataclass(frozen=True, slots=True)
class TaskStop:
    """One place to serve: `service_s` always, `setup_s` when the place before was another one."""

    id: int
    index: int
    service_s: int = 0
    setup_s: int = 0
    windows: tuple[Window, ...] = ()
    delivery: Amount = ()
    pickup: Amount = ()
    priority: int = 0
    locked: bool = False
    position: Place = "any"
    before: tuple[int, ...] = ()
    template_arrival_s: int | None = None


@dataclass(frozen=True, slots=True)
class TaskBreak:
    """A rest of `service_s` that starts in one of its windows, at either end of some leg."""

    id: int
    windows: tuple[Window, ...]
    service_s: int
    taken: bool = False
    max_load: Amount | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Where the vehicle stands, when it can leave, what is on board."""

    index: int
    available_s: int
    load: Amount = ()


@dataclass(frozen=True, slots=True)
class RunView:
    """What the timeline sees of a run: places, travel, rules; the order comes separately.

    `standing` is the order that locked stops are measured against, inserted ones not in it.
    """

    stops: Mapping[int, TaskStop]
    durations: Rows
    end_index: int
    distances: Rows | None = None
    end_window: Window | None = None
    max_overtime_s: int = 0
    capacity: Amount = ()
    pairs: tuple[tuple[int, int], ...] = ()
    rest: TaskBreak | None = None
    committed: tuple[int, ...] = ()
    standing: tuple[int, ...] = ()
    template_l_s: int | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule the order breaks, at a stop, at the break or at the end; reported, never thrown."""

    cause: Cause
    id: int | str
    duration_s: int | None = None
    amount: Amount | None = None
    soft: bool = False


class TimelineStep(NamedTuple):
    """One entry of a timeline; `arrival_s` is before waiting, `load` after the step."""

    kind: Literal["stop", "break", "end"]
    id: int | None
    arrival_s: int
    start_s: int
    departure_s: int
    load: Amount
    violations: tuple[Violation, ...]

    @property
    def waiting_s(self) -> int:
        return self.start_s - self.arrival_s


@dataclass(frozen=True, slots=True)
class Timeline:
    """Times, loads and broken rules of one order."""

    steps: tuple[TimelineStep, ...]
    violations: tuple[Violation, ...]
    travel_s: int
    travel_m: int | None
    end_s: int

    @property
    def hard(self) -> tuple[int, int]:
        """How many hard rules are broken, and by how many seconds in all."""
        found = [violation for violation in self.violations if not violation.soft]
        return len(found), sum(violation.duration_s or 0 for violation in found)

    @property
    def late_s(self) -> int:
        return sum(v.duration_s or 0 for v in self.violations if v.cause == "delay")

    @property
    def feasible(self) -> bool:
        return self.hard == (0, 0)


@dataclass(frozen=True, slots=True)
class Insert:
    """A new stop, at its cheapest place, or where `after` says (None there: the first open one)."""

    stop: TaskStop
    cheapest: bool = True
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """The stop is not served; what was on board for it stays on board."""

    id: int


@dataclass(frozen=True, slots=True)
class Move:
    """The stop comes directly after another, or first of the open ones."""

    id: int
    after: int | None


@dataclass(frozen=True, slots=True)
class Rewindow:
    """The stop has other time windows from now on."""

    id: int
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Late:
    """The vehicle can leave only later."""

    delay_s: int


@dataclass(frozen=True, slots=True)
class Arrange:
    """The order of the open stops as a person has laid it; swaps and reversals come this way."""

    order: tuple[int, ...]


Change = Insert | Cancel | Move | Rewindow | Late | Arrange


@dataclass(frozen=True, slots=True)
class Policy:
    """How dear the standing order is: seconds to save per broken neighbourhood, moves allowed."""

    keep_s: int = KEEP_S
    max_moved_stops: int | None = None
    allow_drop: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A run in progress and what changed; `order` holds the open stops, the committed one first."""

    run: RunView
    order: tuple[int, ...]
    at: Start
    changes: tuple[Change, ...] = ()
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True)
class Answer:
    """The order to drive, its timeline, and what it costs against the order that stood."""

    order: tuple[int, ...]
    timeline: Timeline
    rung: Rung
    run: RunView
    at: Start
    moved_stops: int
    broken_adjacencies: int
    delta_s: int
    delta_m: int | None
    delta_end_s: int
    dropped: tuple[int, ...] = ()

    @property
    def feasible(self) -> bool:
        return self.timeline.feasible


@dataclass(frozen=True, slots=True)
class Price:
    """What a change costs before it is made."""

    order: tuple[int, ...]
    timeline: Timeline
    before: Timeline
    delta_s: int
    delta_m: int | None
    delta_end_s: int
    moved_stops: int
    new: tuple[Violation, ...]
    worse: tuple[Violation, ...]
    cleared: tuple[Violation, ...]
