"""The feed on PostgreSQL: many writers, some of which roll back, and readers that miss no row."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from sqlmodel import Session

from server.core import db
from server.core.settings import Settings
from server.core.writer import AnyWriter, SnapshotReads, open_writer
from server.feed import queries, service
from shared.ids import DeviceId, SiteId
from tests.helpers.builders import id_of
from tests.helpers.clock import MONDAY_NOON
from tests.server.feed.conftest import row
from tests.sim.real.shares import Share
from tests.sim.real.wheel import postgres

SITE = SiteId(UUID("01900000-0000-7000-8000-000000000001"))
READER = DeviceId(id_of("reader"))
ROLLED_BACK = 0.05
SLOW = 0.3
PAGE = 50
GOAL = 1_000_000


class TakenBack(Exception):
    """A writer changed its mind."""


@dataclass
class Figures:
    """What a run saw."""

    commits: int = 0
    rolled_back: int = 0
    rows: int = 0
    pages: int = 0
    missed: int = 0
    seconds: float = 0.0
    broken: list[BaseException] = field(default_factory=list)

    def line(self) -> str:
        """One line for a report."""
        return (
            f"{self.commits} commits, {self.rolled_back} rolled back, {self.rows} rows, "
            f"{self.pages} pages read, {self.missed} rows missed, {self.seconds:.0f} s"
        )


@dataclass
class Run:
    """Writers and readers of one site, until they are told to stop."""

    writer: AnyWriter
    reads: SnapshotReads
    site_id: SiteId
    figures: Figures = field(default_factory=Figures)
    written: list[set[str]] = field(default_factory=list)
    seen: list[set[str]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    written_all: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, number: int, seed: int, commits: int | None) -> None:
        """Publish rows of its own; some works take long behind their revision, some roll back."""
        chance, mine = Random(f"{seed}:{number}"), self.written[number]
        turn = 0
        while not self.stop.is_set() and (commits is None or turn < commits):
            turn += 1
            names = [f"{number}-{turn}-{n}" for n in range(chance.randint(1, 3))]
            try:
                self.writer.run(self._work(names, chance))
            except TakenBack:
                with self.lock:
                    self.figures.rolled_back += 1
                continue
            mine.update(names)
            with self.lock:
                self.figures.commits += 1

    def _work(self, names: Sequence[str], chance: Random) -> Callable[[Session], None]:
        slow, back = chance.random() < SLOW, chance.random() < ROLLED_BACK

        def work(session: Session) -> None:
            service.publish(session, self.site_id, [row(name) for name in names], MONDAY_NOON)
            if slow:
                session.connection().exec_driver_sql("SELECT pg_sleep(0.004)")
            if back:
                raise TakenBack

        return work

    def read(self, number: int) -> None:
        """Pull page after page, as a device does, until all is written and nothing is left."""
        cursor: str | None = None
        last = False
        while not last:
            last = self.written_all.is_set()
            page = self.reads.run(
                lambda s, c=cursor: queries.pull(s, self.site_id, READER, c, page_rows=PAGE)  # type: ignore[misc]
            )
            cursor, last = page.cursor, last and not page.more
            self.seen[number].update(one.id for one in page.rows)
            with self.lock:
                self.figures.pages += 1


def feed_proof(
    url: str,
    *,
    seconds: float | None = None,
    commits: int | None = None,
    writers: int = 8,
    readers: int = 2,
    seed: int = 1,
    site_id: SiteId = SITE,
) -> Figures:
    """Write for so long or so much, and count what each reader has missed at the end."""
    began = time.monotonic()
    with _opened(url) as (writer, reads):
        run = Run(writer, reads, site_id)
        run.written = [set() for _ in range(writers)]
        run.seen = [set() for _ in range(readers)]
        share = None if commits is None else -(-commits // writers)
        hands = [_thread(run, run.write, n, seed, share) for n in range(writers)]
        eyes = [_thread(run, run.read, n) for n in range(readers)]
        if seconds is not None:
            time.sleep(seconds)
            run.stop.set()
        for hand in hands:
            hand.join()
        run.written_all.set()
        for eye in eyes:
            eye.join()
    figures, whole = run.figures, set[str]().union(*run.written)
    figures.rows = len(whole)
    figures.missed = sum(len(whole - seen) for seen in run.seen)
    figures.seconds = time.monotonic() - began
    if figures.broken:
        raise figures.broken[0]
    return figures


def _thread(run: Run, work: Callable[..., None], *given: object) -> threading.Thread:
    def safely() -> None:
        try:
            work(*given)
        except BaseException as error:  # noqa: BLE001 - told at the end
            run.figures.broken.append(error)
            run.stop.set()

    thread = threading.Thread(target=safely)
    thread.start()
    return thread


@contextmanager
def _opened(url: str) -> Iterator[tuple[AnyWriter, SnapshotReads]]:
    settings = Settings.read(database_url=url)
    writer, reads = open_writer(db.write_engine(settings)), SnapshotReads(db.read_engine(settings))
    try:
        yield writer, reads
    finally:
        writer.close()
        reads.close()


def soak(minutes: float, seed: int) -> Share:
    """Sixteen writers, one in twenty works rolled back, for so long; the goal is a million."""
    with postgres() as url:
        figures = feed_proof(url, seconds=minutes * 60, writers=16, seed=seed)
    wrong = [f"{figures.missed} rows missed"] if figures.missed else []
    return Share("PostgreSQL feed", figures.commits, GOAL, "commits", wrong, [figures.line()])
