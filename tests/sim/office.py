"""The server of one schedule: real code and a real database, called without sockets and threads."""

import gzip
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import Queue
from typing import Any, TypeVar

from pydantic import ValidationError
from sqlalchemy.engine import Connection as EngineConnection
from sqlalchemy.engine import Engine
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from server.app import handlers, parts_of
from server.blobs.store import FolderBlobs
from server.core import db, http, once
from server.core import writer as writing
from server.core.access import Principal
from server.core.http import Parts
from server.core.jobs import RowJobs, Runner
from server.core.settings import Settings
from server.core.writer import SnapshotReads, SqliteWriter
from server.people import devices, door
from server.people import wire as people_wire
from server.sync import rules, service, wire
from server.sync.outbox import import_outbox
from shared.ids import DeviceId, Sha256, VehicleId
from shared.refusals import Refusal, refuse
from tests.helpers.builders import id_of
from tests.helpers.clock import ManualClock
from tests.sim.faults import TROUBLE, Connection, Fuse, connection_of
from tests.sim.ground import Ground

T = TypeVar("T")
Headers = Mapping[str, str]
DATABASE = "milkrun.db"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class HereWriter(SqliteWriter):
    """The real writer with its groups and savepoints, in the caller's thread."""

    def __init__(self, engine: Engine) -> None:
        self.committed = db.nobody_to_tell
        self._engine = engine
        self._queue = Queue()
        self._connection: EngineConnection | None = None

    def run(self, work: Callable[[Session], T]) -> T:
        """Carry out `work` at once."""
        waiting = writing._Waiting(once.claiming(work))
        try:
            self._connection = self._connection or self._engine.connect()
            self._group(self._connection, waiting)
        except Exception as error:  # noqa: BLE001 - as the writer's loop does
            writing._fail(waiting, error)
            writing._drop(self._connection)
            self._connection = None
        answer: T = waiting.answer.result()
        return answer

    def depth(self) -> int:
        """Nobody waits."""
        return 0

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()


class DyingBlobs(FolderBlobs):
    """The real store of files, whose every change is a boundary."""

    def __init__(self, folder: Path, fuse: Fuse) -> None:
        super().__init__(folder)
        self._fuse = fuse

    def append(self, digest: Sha256, offset: int, chunk: bytes) -> int:
        self._before("append")
        if (arm := self._fuse.torn()) is not None:
            super().append(digest, offset, chunk[: int(len(chunk) * arm.share)])
            self._fuse.die("append", "inside")
        reached = super().append(digest, offset, chunk)
        self._fuse.passes("append", "after")
        return reached

    def seal(self, digest: Sha256, size: int) -> None:
        self._before("seal")
        super().seal(digest, size)
        self._fuse.passes("seal", "after")

    def drop_part(self, digest: Sha256) -> None:
        self._before("drop part")
        super().drop_part(digest)
        self._fuse.passes("drop part", "after")

    def _before(self, point: str) -> None:
        self._fuse.passes(point, "before")
        if (arm := self._fuse.trouble(point)) is not None:
            text, _, code = TROUBLE[arm.kind]
            raise OSError(code, text)


@dataclass
class Engines:
    """Engines of one place, kept from schedule to schedule with all they have compiled."""

    settings: Settings
    fuse: Fuse
    opened: list[Connection]
    write: Engine
    read: Engine

    @classmethod
    def at(cls, folder: Path) -> "Engines":
        """Make them once."""
        fuse = Fuse("server")
        opened: list[Connection] = []
        settings = Settings.read(data=folder, durability="backup")
        kept = db.SQLITE_CONNECT
        db.SQLITE_CONNECT = {**kept, "factory": connection_of(fuse, opened)}
        try:
            return cls(settings, fuse, opened, db.write_engine(settings), db.read_engine(settings))
        finally:
            db.SQLITE_CONNECT = kept

    def drop(self) -> None:
        """Close every connection the way a dead process does."""
        with self.fuse.silent():
            for one in self.opened:
                one.close()
            self.write.dispose()
            self.read.dispose()
        self.opened.clear()


@dataclass
class Office:
    """The server process: it may die, be restored, and answers one request at a time."""

    folder: Path
    engines: Engines
    ground: Ground
    clock: ManualClock
    parts: Parts = field(init=False)
    crashes: list[str] = field(default_factory=list)
    starts: int = 0

    @property
    def fuse(self) -> Fuse:
        """What its faults hang on."""
        return self.engines.fuse

    def found(self) -> None:
        """Begin with the founded database."""
        self.engines.drop()
        self.fuse.born()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        shutil.copy(self.ground.database, self.folder / DATABASE)
        self.start()

    def start(self) -> None:
        """Start the process."""
        self.fuse.born()
        self.starts += 1
        settings = self.engines.settings
        writer, reads = HereWriter(self.engines.write), SnapshotReads(self.engines.read)
        self.parts = parts_of(settings, writer, reads, self.clock)
        self.parts.blobs = DyingBlobs(settings.data / "blobs", self.fuse)
        if self.starts > 1:
            service.after_start(self.parts)

    def die(self) -> None:
        """The process is gone with everything it held."""
        self.engines.drop()

    def restart(self) -> None:
        """Gone and there again."""
        self.die()
        self.start()

    def run(self, work: Callable[[Session], T]) -> T:
        """Do something the office does; faults may strike."""
        return self.parts.writer.run(work)

    def look(self, work: Callable[[Session], T]) -> T:
        """Look without disturbing."""
        with self.fuse.silent():
            return self.parts.reads.run(work)

    def do_jobs(self) -> int:
        """Carry out the jobs that are due."""
        jobs = self.parts.jobs
        assert isinstance(jobs, RowJobs), "jobs are rows"
        return Runner(jobs, self.parts.writer, self.clock, handlers(self.parts)).run_due()

    # the doors

    def answer(self, method: str, path: str, headers: Headers, content: bytes) -> Answer:
        """Answer a request as guard and routes do."""
        try:
            return self._answer(method, path, headers, content)
        except Refusal as refusal:
            members = {"server_id": self.parts.server_id}
            return _told(http.problem(refusal, "en", members=members))
        except Exception as error:  # noqa: BLE001 - as the guard does: answered and outlived
            self.crashes.append(f"{method} {path}: {type(error).__name__}: {error}")
            return _told(http.plain_problem(500, "internal", "Internal Server Error"))

    def _answer(self, method: str, path: str, headers: Headers, content: bytes) -> Answer:
        if path == "/api/v1/time":
            now = {
                "now": self.clock.ms(),
                "server_id": self.parts.server_id,
                "v": [1, 1],
                "ca_pem": None,
            }
            return Answer(200, {"Content-Type": "application/json"}, json.dumps(now).encode())
        if path == "/api/v1/pair":
            return self._pair(content)
        who = self._who(headers)
        if path == "/api/v1/sync":
            plain = gzip.decompress(content) if "Content-Encoding" in headers else content
            told = service.exchange(self.parts, who, rules.open_envelope(plain))
            text = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
            return Answer(200, {"Content-Type": "application/json"}, text)
        sha = path.rpartition("/")[2]
        if method == "HEAD":
            return self._moved(200, lambda: service.progress(self.parts, who, sha))
        offset = int(headers["Upload-Offset"])
        return self._moved(204, lambda: service.add(self.parts, who, sha, offset, content))

    def _who(self, headers: Headers) -> Principal:
        token = headers.get("Authorization", "").partition(" ")[2]
        now = self.clock.now()
        who = self.parts.reads.run(lambda s: door.by_bearer(s, token, now))
        if who.unseen:
            self.parts.writer.run(lambda s: door.note_use(s, who, now))
        return who

    def _pair(self, content: bytes) -> Answer:
        try:
            said = people_wire.PairAsk.model_validate_json(content)
        except ValidationError as error:
            raise refuse("bad_envelope", why=str(error)) from error
        ask, now = devices.Ask(**said.model_dump()), self.clock.now()
        found = self.parts.writer.run(lambda s: devices.pair(s, ask, now=now))
        if found is None:
            raise refuse("bad_code")
        told = {
            "device_id": str(found.device_id),
            "site_id": str(found.site_id),
            "server_id": self.parts.server_id,
            "token": found.token,
            "now": self.clock.ms(),
        }
        return Answer(200, {"Content-Type": "application/json"}, json.dumps(told).encode())

    def _moved(self, status: int, work: Callable[[], Any]) -> Answer:
        try:
            at = work()
        except Refusal as refusal:
            return _told(wire._refused(_NOBODY, self.parts, refusal))
        headers = {
            "Upload-Offset": str(at.offset),
            "Upload-Length": str(at.size),
            "Upload-Complete": "?1" if at.complete else "?0",
        }
        return Answer(status, headers)

    # what people do

    def code(self, name: str, vehicle: str) -> str:
        """A pairing code."""
        make = partial(
            devices.issue_code,
            who=self.ground.boss,
            name=name,
            vehicle_id=VehicleId(id_of(vehicle)),
            now=self.clock.now(),
        )
        return self.run(make).code

    def take_file(self, path: Path) -> dict[str, Any]:
        """Hand in the outbox file of a phone."""
        with path.open("rb") as file:
            return import_outbox(self.parts, self.ground.boss, file)

    def lock(self, device: DeviceId, state: str) -> None:
        """Retire a device or lock it as stolen."""
        self.run(
            lambda s: devices.set_state(
                s, self.ground.boss, device, state=state, reason="sim", now=self.clock.now()
            )
        )


_NOBODY = Request({"type": "http", "headers": []})


def _told(response: Response) -> Answer:
    headers = {key.title(): value for key, value in response.headers.items()}
    return Answer(response.status_code, headers, bytes(response.body))
