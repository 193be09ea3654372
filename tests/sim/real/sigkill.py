"""SIGKILL under load: a real server and real phones, both killed at random and started again."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from uuid import UUID

from sqlmodel import Session

from server.app import build_parts
from server.core.access import Principal, Role
from server.core.settings import Settings
from server.migrations.steps import migrate
from server.people import devices
from shared.ids import PersonId, SiteId
from tests.helpers.builders import id_of
from tests.helpers.processes import Process, free_port, server_process
from tests.server.sync.a_device import VAN, found_site, open_circle
from tests.sim.real import books
from tests.sim.real.shares import Share

SITE = SiteId(UUID("01900000-0000-7000-8000-000000000001"))
BOSS = Principal(
    kind="person",
    site_id=SITE,
    person_id=PersonId(id_of("sam")),
    roles=frozenset({Role.SUPERVISOR}),
    name="Sam",
)
PLACES = ("bakery", "dairy", "mill", "cafe", "hotel", "school", "kiosk", "butcher")
DRAIN_S = 120.0
ALIVE_S = (0.15, 0.9)
KILLS_A_LOOP = 20
GOAL = 1_000
Kill = Callable[[Random], None]


@dataclass
class PhoneProcess:
    """One device: its folder, its log of promises, and the process while it lives."""

    folder: Path
    url: str
    code: str
    seed: int
    running: subprocess.Popen[bytes] | None = None
    kills: int = 0

    @property
    def log(self) -> Path:
        """Where it writes down what it promised."""
        return self.folder.with_suffix(".log")

    def start(self, *more: str) -> None:
        """Start, or go on."""
        command = [sys.executable, "-m", "tests.sim.real.restless"]
        command += ["--dir", str(self.folder), "--url", self.url, "--code", self.code]
        command += ["--log", str(self.log), "--seed", str(self.seed), *more]
        with self.folder.with_suffix(".out").open("ab") as out:
            self.running = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)

    def kill(self) -> None:
        """Pull the plug; a phone that ended by itself is a failure."""
        assert self.running is not None, "it was started"
        assert self.running.poll() is None, self.words()
        os.kill(self.running.pid, signal.SIGKILL)
        self.running.wait(10)
        self.kills += 1

    def drain(self) -> None:
        """A last life without recording, until the office has everything."""
        self.start("--drain")
        assert self.running is not None
        try:
            code = self.running.wait(DRAIN_S)
        except subprocess.TimeoutExpired:
            self.running.kill()
            raise AssertionError(f"it does not drain:\n{self.words()}") from None
        assert code == 0, self.words()

    def promised(self) -> list[str]:
        """Ids the screen has shown as saved."""
        lines = self.log.read_text("ascii").splitlines() if self.log.exists() else []
        told = [line[6:] for line in lines if line.startswith("SAVED ")]
        return [one for one in told if books.is_id(one)]

    def words(self) -> str:
        """The end of what it printed."""
        return self.folder.with_suffix(".out").read_text("utf-8", "replace")[-3000:]


@dataclass
class Figures:
    """What a loop saw."""

    server_kills: int = 0
    device_kills: int = 0
    promised: int = 0
    facts: int = 0
    files: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Figures", seed: int) -> None:
        """Count another loop as well."""
        self.server_kills += other.server_kills
        self.device_kills += other.device_kills
        self.promised += other.promised
        self.facts += other.facts
        self.files += other.files
        self.seconds += other.seconds
        self.wrong += [f"seed {seed}: {why}" for why in other.wrong]

    def line(self) -> str:
        """One line for a report."""
        return (
            f"{self.server_kills} server kills, {self.device_kills} device kills, "
            f"{self.promised} promises, {self.facts} facts, {self.files} files, "
            f"{self.seconds:.0f} s, {len(self.wrong)} violations"
        )


def set_up(data: Path, count: int, template: Path | None = None) -> list[str]:
    """A site with a run for the van; one pairing code for each of its devices."""
    data.mkdir(parents=True)
    settings = Settings.read(data=data)
    if template is None:
        migrate(settings)
    else:
        (data / "milkrun.db").write_bytes(template.read_bytes())
    parts = build_parts(settings)
    found_site(parts, BOSS, *PLACES)

    def code(session: Session, name: str) -> str:
        now = parts.clock.now()
        return devices.issue_code(session, BOSS, name=name, vehicle_id=VAN, now=now).code

    open_circle(parts, BOSS, *PLACES)
    codes = [parts.writer.run(lambda s, n=n: code(s, f"Van {n}")) for n in range(count)]  # type: ignore[misc]
    parts.close()
    return codes


def kill_loops(folder: Path, kills: int, seed: int, *, until_s: float = 0.0) -> Figures:
    """Loops on fresh folders until both sides were killed so often and so much time has passed."""
    whole, turn = Figures(), 0
    while min(whole.server_kills, whole.device_kills) < kills or whole.seconds < until_s:
        one = kill_loop(folder / f"loop-{turn}", KILLS_A_LOOP, seed + turn, phones=1 + turn % 2)
        whole.add(one, seed + turn)
        turn += 1
    return whole


def kill_loop(
    folder: Path,
    kills: int,
    seed: int,
    *,
    phones: int = 1,
    template: Path | None = None,
    alive_s: tuple[float, float] = ALIVE_S,
) -> Figures:
    """Kill the server and each phone so often, then let all drain and compare the books."""
    began, chance = time.monotonic(), Random(seed)
    port = free_port()
    codes = set_up(folder / "data", phones, template)
    server = server_process(folder / "data", port, MILKRUN_DRIVER_APP="", MILKRUN_DURABILITY="none")
    url = f"http://127.0.0.1:{port}"
    crowd = [
        PhoneProcess(folder / f"phone-{n}", url, code, seed + n) for n, code in enumerate(codes)
    ]
    figures = Figures()
    server.start()
    try:
        for phone in crowd:
            phone.start()
            _wait_for(lambda p=phone: len(p.promised()) >= 3, phone)  # type: ignore[misc]
        figures.server_kills = _shoot(server, crowd, kills, chance, alive_s)
        for phone in (*crowd, *crowd):  # the second time everybody has seen everything
            phone.drain()
        server.stop()
    finally:
        _end(server, crowd)
    _compare(folder / "data", crowd, figures)
    figures.wrong += ["the server broke"] if "Traceback" in server.text() else []
    figures.seconds = time.monotonic() - began
    return figures


def _shoot(
    server: Process,
    crowd: Sequence[PhoneProcess],
    kills: int,
    chance: Random,
    alive_s: tuple[float, float],
) -> int:
    """Both sides at once, each in its own rhythm."""
    failures: list[BaseException] = []

    def shoot(kill: Kill, own: Random) -> None:
        try:
            for _ in range(kills):
                time.sleep(own.uniform(*alive_s))
                kill(own)
        except BaseException as error:  # noqa: BLE001  told below
            failures.append(error)

    works = [partial(_kill_server, server), *(partial(_kill_phone, phone) for phone in crowd)]
    threads = [
        threading.Thread(target=shoot, args=(work, Random(chance.getrandbits(64))))
        for work in works
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for phone in crowd:
        phone.kill()
    if failures:
        raise failures[0]
    return kills


def _kill_server(server: Process, _own: Random) -> None:
    server.kill()
    server.start()


def _kill_phone(phone: PhoneProcess, own: Random) -> None:
    before = len(phone.promised())
    phone.kill()
    phone.start()
    if own.random() < 0.8:  # the others die while they start
        _wait_for(lambda: len(phone.promised()) > before, phone)


def _wait_for(condition: Callable[[], bool], phone: PhoneProcess) -> None:
    until = time.monotonic() + DRAIN_S
    while not condition():
        assert phone.running is not None
        assert phone.running.poll() is None, phone.words()
        assert time.monotonic() < until, f"it records nothing:\n{phone.words()}"
        time.sleep(0.02)


def _end(server: Process, crowd: Sequence[PhoneProcess]) -> None:
    server.kill()
    for phone in crowd:
        if phone.running is not None and phone.running.poll() is None:
            phone.running.kill()
            phone.running.wait(10)


def _compare(data: Path, crowd: Sequence[PhoneProcess], figures: Figures) -> None:
    office = books.read_office(Settings.read(data=data))
    recorded: dict[str, bytes] = {}
    for phone in crowd:
        promised, there = phone.promised(), books.read_phone(phone.folder)
        recorded |= there.docs
        figures.device_kills += phone.kills
        figures.promised += len(promised)
        figures.files += len(there.files)
        figures.wrong += [
            *books.wrong_with_phone(there, promised),
            *books.rows_that_differ(office, there),
            *books.files_that_differ(office, there, data / "blobs"),
            *([f"{there.digest_misses} digests missed"] if there.digest_misses else []),
        ]
        if len(set(promised)) != len(promised):
            figures.wrong.append("an id was promised twice")
    figures.wrong += books.wrong_at_office(office, recorded)
    figures.facts = len(office.docs)
    if (said := books.integrity(data / "milkrun.db")) != "ok":
        figures.wrong.append(f"integrity of the server's database: {said}")


def soak(minutes: float, seed: int) -> Share:
    """Loops of kills until the time is over; the goal is a thousand of both sides."""
    with tempfile.TemporaryDirectory(prefix="milkrun-") as folder:
        figures = kill_loops(Path(folder), 1, seed, until_s=minutes * 60)
    done = figures.server_kills + figures.device_kills
    return Share("SIGKILL", done, GOAL, "kills", figures.wrong, [figures.line()])
