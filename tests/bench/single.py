"""One event in one exchange over real HTTP, beside the disk and a bare echo in the same run."""

import http.client
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from server.core.settings import Settings
from tests.bench import goals
from tests.bench.crew import BATCH, Van, make_crew
from tests.bench.goals import Figure
from tests.bench.twin import together
from tests.helpers import figures
from tests.helpers.processes import Process, free_port, server_process

TIMES_DISK, TIMES_FLOOR, SHARE_OF_ECHO = 25, 2, 0.35
PAGE = 4096
VANS = 16
JSON = "application/json"


@dataclass(frozen=True)
class Size:
    """How much is measured: parts in turn, so that all see the same machine."""

    vans: int = VANS
    parts: int = 10
    each: int = 200
    """Exchanges of a part by one client after the other."""
    at_once: int = 20
    """Exchanges of every client of a part with all clients."""

    @property
    def rounds(self) -> int:
        """Runs every van needs."""
        facts = self.parts * (self.each // self.vans + 1 + self.at_once)
        return facts // BATCH + 1


QUICK = Size(vans=2, parts=1, each=10, at_once=5)


class Client:
    """One connection that is kept."""

    def __init__(self, port: int, van: Van) -> None:
        self.van = van
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Authorization": f"Bearer {van.token}", "Content-Type": JSON}

    def post(self, content: bytes) -> float:
        """One exchange; returns its milliseconds."""
        began = perf_counter()
        self._http.request("POST", "/api/v1/sync", content, self._headers)
        answer = self._http.getresponse()
        answer.read()
        took_ms = (perf_counter() - began) * 1_000
        assert answer.status == 200, answer.status
        return took_ms

    def connect(self) -> None:
        """Begin a new connection: a web server gives up those that rest for some seconds."""
        self._http.close()
        self._http.connect()

    def close(self) -> None:
        """Hang up."""
        self._http.close()


def next_body(van: Van) -> bytes:
    """Its next event, on the wire."""
    return json.dumps(van.body(), separators=(",", ":")).encode()


@dataclass
class Found:
    """Milliseconds of everything, and exchanges per second of all clients at once."""

    product: list[float] = field(default_factory=list)
    echo: list[float] = field(default_factory=list)
    sync: list[float] = field(default_factory=list)
    commit: list[float] = field(default_factory=list)
    product_rate: list[float] = field(default_factory=list)
    echo_rate: list[float] = field(default_factory=list)
    crowd: list[float] = field(default_factory=list)


class Disk:
    """The floor: a page and `fdatasync`, and one FULL commit of a bare row."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / "page", os.O_RDWR | os.O_CREAT)
        self._db = sqlite3.connect(folder / "bare.db", isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("CREATE TABLE bare (doc TEXT)")

    def sync(self) -> float:
        """Milliseconds of one page on the disk."""
        os.pwrite(self._file, os.urandom(PAGE), 0)
        began = perf_counter()
        os.fdatasync(self._file)
        return (perf_counter() - began) * 1_000

    def commit(self) -> float:
        """Milliseconds of one row, committed."""
        began = perf_counter()
        self._db.execute("INSERT INTO bare VALUES (?)", ("x" * 400,))
        return (perf_counter() - began) * 1_000

    def close(self) -> None:
        """Give it back."""
        os.close(self._file)
        self._db.close()


def measure(size: Size, say: Callable[[str], Any]) -> list[Figure]:
    """Server and echo as processes of their own; this process is the clients."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="milkrun-bench-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        data = folder / "data"
        data.mkdir()
        crew = make_crew(Settings.read(data=data), size.vans, size.rounds)
        port, echo_port = free_port(), free_port()
        stack.enter_context(server_process(data, port, MILKRUN_DRIVER_APP=""))
        alive = f"http://127.0.0.1:{echo_port}/api/v1/time"
        stack.enter_context(
            Process(["tests.bench.echo", str(echo_port)], alive, folder / "echo.log")
        )
        say(f"Single events over HTTP, SQLite: {figures.load()}\n")
        products = [Client(port, van) for van in crew.vans]
        echoes = [Client(echo_port, van) for van in crew.vans]
        disk = Disk(folder)
        stack.callback(disk.close)
        for one in (*products, *echoes):
            stack.callback(one.close)
        found = Found()
        for number in range(size.parts):
            _part(found, products, echoes, disk, size, warm=number == 0)
    return told(found, size)


def _part(
    found: Found,
    products: list[Client],
    echoes: list[Client],
    disk: Disk,
    size: Size,
    *,
    warm: bool,
) -> None:
    """One after the other in turn, then all at once; the first exchanges warm up."""
    for one in (*products, *echoes):
        one.connect()
    if warm:
        for one, other in zip(products, echoes, strict=True):
            content = next_body(one.van)
            one.post(content)
            other.post(content)
    for number in range(size.each - size.vans * warm):
        at = number % size.vans
        content = next_body(products[at].van)
        found.product.append(products[at].post(content))
        found.echo.append(echoes[at].post(content))
        found.sync.append(disk.sync())
        found.commit.append(disk.commit())
    bodies = [[next_body(one.van) for _ in range(size.at_once)] for one in products]
    for clients, rate, kept in (
        (products, found.product_rate, found.crowd),
        (echoes, found.echo_rate, None),
    ):
        spent: list[float] = []
        for one in clients:
            one.connect()
        works = [partial(_all, one, some, spent) for one, some in zip(clients, bodies, strict=True)]
        rate.append(len(works) * size.at_once / together(works))
        if kept is not None:
            kept.extend(spent)


def _all(client: Client, bodies: list[bytes], spent: list[float]) -> None:
    spent.extend([client.post(content) for content in bodies])


def told(found: Found, size: Size) -> list[Figure]:
    """What was found, beside its floors."""
    return list(_told(found, size))


def _told(found: Found, size: Size) -> Iterator[Figure]:
    def at(values: list[float], percent: float) -> float:
        return figures.percentile(values, percent)

    disk, count = at(found.sync, 50), f" (n {len(found.product)})"
    spread = f" (p99 {at(found.product, 99):.1f} ms{count})"
    yield goals.at_most(
        "one event: p99 / fdatasync p50", at(found.product, 99) / disk, TIMES_DISK, "x", spread
    )
    floor = at(found.echo, 50) + at(found.commit, 50)
    yield goals.at_most(
        "one event: p50 / (echo + FULL commit)", at(found.product, 50) / floor, TIMES_FLOOR, "x"
    )
    for name, values in (
        ("one event, exchange", found.product),
        ("one event, bare echo", found.echo),
        ("fdatasync of a page", found.sync),
        ("FULL commit of a row", found.commit),
        (f"one event, {size.vans} clients at once", found.crowd),
    ):
        yield goals.beside(name, f"p50 {at(values, 50):.2f} ms, p99 {at(values, 99):.2f} ms")
    ratios = [a / b for a, b in zip(found.product_rate, found.echo_rate, strict=True)]
    more = f" ({at(found.product_rate, 50):.0f} of {at(found.echo_rate, 50):.0f} a second)"
    yield goals.at_least(
        f"{size.vans} clients: exchanges / echoes", at(ratios, 50), SHARE_OF_ECHO, "", more
    )
