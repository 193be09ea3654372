"""What the store holds about runs, read in one snapshot for the screens."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from driver_app.actions.calls import PlantRead, read_plant
from driver_app.store import meta, outbox, rows
from driver_app.store.meta import Db
from driver_app.store.rows import RUN_SCOPE, Row
from shared.events import Event
from shared.run import live

REFERENCES = ("location", "driver", "vehicle", "checklist", "policy", "reason")


@dataclass(frozen=True)
class Mark:
    """How far the facts of one visit or run have come: last place of the stream."""

    last_seq: int
    blobs_open: bool = False


@dataclass
class RunRead:
    """One run's rows and what this device recorded about it."""

    row: Row
    stops: list[Row] = field(default_factory=list)
    loads: list[Row] = field(default_factory=list)
    own: list[Event] = field(default_factory=list)
    """Facts the rows do not show yet."""
    recorded: list[Event] = field(default_factory=list)
    """Scans, delays, breaks and andons still in the outbox, shown or not."""
    andons: list[Row] = field(default_factory=list)
    """Open andons of this run, as the office knows them."""
    seen: dict[str, Any] | None = None
    """The plan the driver last understood."""

    @cached_property
    def _own(self) -> dict[str | None, list[Event]]:
        return by_visit(self.own)

    @cached_property
    def _scans(self) -> dict[str | None, list[Event]]:
        return by_visit(live(self.recorded))

    @cached_property
    def _loads(self) -> dict[str | None, list[Row]]:
        found: dict[str | None, list[Row]] = {}
        for load in self.loads:
            for visit in {load.plan.get("drop"), load.plan.get("pickup")}:
                found.setdefault(visit, []).append(load)
        return found

    def own_of(self, visit: str) -> list[Event]:
        """Facts of one visit that the rows do not show yet."""
        return self._own.get(visit, [])

    def scans_of(self, visit: str) -> list[Event]:
        """Living facts of one visit that are still in the outbox."""
        return self._scans.get(visit, [])

    def loads_of(self, visit: str) -> list[Row]:
        """Goods left or taken at one visit."""
        return self._loads.get(visit, [])


def by_visit(facts: Sequence[Event]) -> dict[str | None, list[Event]]:
    """The facts of each visit, in their order."""
    found: dict[str | None, list[Event]] = {}
    for fact in facts:
        found.setdefault(fact.envelope.visit, []).append(fact)
    return found


@dataclass
class Read:
    """Everything a projection needs."""

    runs: list[RunRead]
    references: dict[tuple[str, str], dict[str, Any]]
    marks: dict[str, Mark]
    acked: int
    durable: int
    device: str
    by: str = ""
    """Who acts on this device now, as facts name them."""
    signed_in_ms: int = 0
    plant: PlantRead = field(default_factory=PlantRead)
    shown: set[str] = field(default_factory=set)
    """Ids of all runs on this device, also those not read."""

    def reference(self, kind: str, id_: object) -> dict[str, Any]:
        """Plan half of a row that others refer to; empty if it is not here."""
        return self.references.get((kind, str(id_)), {})


REMEMBERED = (
    "load.scanned", "run.disrupted", "break.started", "andon.raised", "andon.acknowledged",
    "andon.cleared", "fact.voided", "empties.taken",
)  # fmt: skip


def read_runs(db: Db, only: Collection[str] | None = None) -> Read:
    """Read some runs, or all."""
    found = rows.of_kind(db, "run")
    own = outbox.own_facts(db)
    remembered = _remembered(db)
    wanted = [row for row in found if only is None or row.id in only]
    driver, device = meta.ui(db, "driver") or {}, str(meta.get(db, "device_id"))
    return Read(
        runs=[_one_run(db, row, own, remembered) for row in wanted],
        references={(r.kind, r.id): r.plan for r in rows.of_kind(db, *REFERENCES)},
        marks=_marks(db),
        acked=int(meta.get(db, "acked")),
        durable=int(meta.get(db, "durable")),
        device=device,
        by=f"driver:{driver['id']}" if driver.get("id") else f"device:{device}",
        signed_in_ms=int(driver.get("at_ms", 0)),
        plant=read_plant(db, own),
        shown={row.id for row in found},
    )


def _one_run(db: Db, row: Row, own: list[Event], remembered: list[Event]) -> RunRead:
    read = RunRead(row, seen=meta.ui(db, seen_key(row.id)))
    read.andons = [one for one in rows.of_kind(db, "andon") if one.plan.get("run") == row.id]
    for each in rows.in_scope(db, RUN_SCOPE + row.id):
        target = {"stop": read.stops, "load": read.loads}.get(each.kind)
        if target is not None:
            target.append(each)
    read.own = [fact for fact in own if fact.envelope.run == row.id]
    read.recorded = [fact for fact in remembered if fact.envelope.run == row.id]
    return read


def seen_key(run: str) -> str:
    """Where the plan that the driver last understood is kept."""
    return f"seen:{run}"


def _remembered(db: Db) -> list[Event]:
    marks = ", ".join("?" * len(REMEMBERED))
    found = db.execute(
        f"SELECT id, doc FROM outbox WHERE {_part('doc', 'type')} IN ({marks}) ORDER BY seq",  # noqa: S608  marks only
        REMEMBERED,
    ).fetchall()
    return outbox.readable(found)


def _part(doc: str, key: str) -> str:
    """SQL for a part of a doc; nothing of a doc that is spoilt, which hides no other."""
    return f"CASE WHEN json_valid({doc}) THEN json_extract({doc}, '$.{key}') END"


def _marks(db: Db) -> dict[str, Mark]:
    """Last place per visit and per run."""
    marks: dict[str, Mark] = {}
    for key in ("visit", "run"):
        for id_, seq, waiting in db.execute(
            f"SELECT {_part('o.doc', key)}, max(o.seq), "  # noqa: S608  constants only
            "max(coalesce(b.state, 1) = 0) FROM outbox o LEFT JOIN outbox_blob ob USING (seq) "
            "LEFT JOIN blob b USING (sha) GROUP BY 1"
        ):
            if id_ is not None:
                marks[id_] = Mark(seq, bool(waiting))
    return marks
