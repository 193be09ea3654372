"""Every released version: its database opens, its requests are served, its answers understood.

The fixtures are made by `python -m tests.helpers.release VERSION`.
"""

import gzip
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from driver_app.store import outbox, schema
from driver_app.store.db import DATABASE
from server.app import build_parts, create_app
from server.core.access import system
from server.core.settings import Settings
from server.migrations.steps import migrate
from server.runs import queries as runs
from shared.ids import Sha256
from tests.helpers.clock import ManualClock
from tests.helpers.release import AFTER, BEFORE, NAMES, RELEASES, TOLD, Said, undumped
from tests.helpers.world import ORIGIN, SITE, Phone, World
from tests.sim.planted.on_the_disk import BUGS

pytestmark = pytest.mark.anyio
VERSIONS = sorted(path.name for path in RELEASES.iterdir())


@dataclass
class Release:
    """What a version left, unpacked."""

    folder: Path
    device: dict[str, Any]
    said: list[Said]

    def unpack(self, target: Path) -> Path:
        """The app's folder as it was."""
        target.mkdir()
        packed = (self.folder / "driver.db.gz").read_bytes()
        (target / DATABASE).write_bytes(gzip.decompress(packed))
        shutil.copytree(self.folder / "blobs", target / "blobs")
        (target / "token").write_text(self.device["token"])
        return target

    def content(self, one: Said) -> bytes:
        """The bytes a request carried."""
        if one.method != "PATCH":
            return json.dumps(one.request).encode() if one.request else b""
        whole = (self.folder / "blobs" / one.path.rpartition("/")[2]).read_bytes()
        return whole[int(one.offset or 0) :]


@pytest.fixture(params=VERSIONS)
def release(request: pytest.FixtureRequest) -> Release:
    folder = RELEASES / request.param
    lines = gzip.decompress((folder / "exchanges.jsonl.gz").read_bytes()).splitlines()
    device = json.loads((folder / "device.json").read_text())
    return Release(folder, device, [Said(**json.loads(line)) for line in lines])


@asynccontextmanager
async def served(release: Release, folder: Path) -> AsyncIterator[World]:
    """The server of the release, brought to the newest step and run by the current code."""
    data = folder / "server"
    data.mkdir()
    undumped(gzip.decompress((release.folder / "server.sql.gz").read_bytes()), data / "milkrun.db")
    settings = Settings.read(data=data)
    migrate(settings)
    clock = ManualClock(datetime.fromtimestamp(release.device["server_ms"] / 1000, UTC))
    parts = build_parts(settings, clock)
    app = create_app(settings, parts, background=False)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        yield World(folder, app, parts, clock, system(SITE), stack)


async def phone_of(release: Release, made: World, folder: Path) -> Phone:
    """The current app on the folder of the release."""
    phone = await made.start(release.unpack(folder / "phone"), seed=60)
    phone.clock.mono_ms = release.device["mono_ms"]
    assert phone.clock.read().boot == release.device["boot"]
    return phone


async def say_again(release: Release, made: World, part: str) -> list[httpx.Response]:
    """Send what the released app sent, byte for byte, and collect what is answered now."""
    headers = {"Authorization": f"Bearer {release.device['token']}"}
    answers = []
    transport = httpx.ASGITransport(made.app, client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
        for one in release.said:
            if one.part != part:
                continue
            media = (
                "application/offset+octet-stream" if one.method == "PATCH" else "application/json"
            )
            sent = {"Content-Type": media, **({"Upload-Offset": one.offset} if one.offset else {})}
            answers.append(
                await client.request(
                    one.method, one.path, content=release.content(one), headers=sent
                )
            )
    return answers


def outcomes(made: World) -> dict[str, str]:
    """What the board says of every stop, by name."""
    found: dict[str, str] = {}

    def read(session: Any) -> None:
        for row in runs.open_runs(session, SITE):
            view = runs.load(session, SITE, row.id)
            for visit in view.visits:
                found[view.places[visit.location_id].name] = visit.fact_state

    made.parts.reads.run(read)
    return {name: found[name] for name in NAMES}


WANTED = {**dict.fromkeys(NAMES, "done"), "school": "failed"}


def outbox_of(path: Path) -> tuple[str, list[Any]]:
    with closing(sqlite3.connect(path)) as db:
        sql = db.execute("SELECT sql FROM sqlite_master WHERE name = 'outbox'").fetchone()[0]
        return " ".join(sql.split()), db.execute("PRAGMA table_info(outbox)").fetchall()


def changed_by_opening(release: Release, folder: Path) -> list[str]:
    """What the steps of the current app change of the outbox a release left."""
    path = release.unpack(folder) / DATABASE
    with closing(sqlite3.connect(path)) as db:
        before = db.execute("SELECT * FROM outbox ORDER BY seq").fetchall()
        shape = outbox_of(path)
        schema.migrate(db)
        after = db.execute("SELECT * FROM outbox ORDER BY seq").fetchall()
    with closing(sqlite3.connect(folder / "new.db")) as db:
        schema.migrate(db)
    found = ["shape"] if {outbox_of(path)[0], outbox_of(folder / "new.db")[0]} != {shape[0]} else []
    found += ["columns"] if outbox_of(folder / "new.db")[1] != shape[1] else []
    return found + (["rows"] if before != after else [])


async def test_the_outbox_table_never_changes_shape(release: Release, tmp_path: Path) -> None:
    assert changed_by_opening(release, tmp_path / "phone") == []


async def test_a_step_that_rewrites_the_outbox_is_found(release: Release, tmp_path: Path) -> None:
    (planted,) = [bug for bug in BUGS if bug.number == 38]

    with planted():
        found = changed_by_opening(release, tmp_path / "phone")

    assert "rows" in found


async def test_a_current_app_opens_the_database_of_a_release_with_everything_in_it(
    release: Release, tmp_path: Path
) -> None:
    folder = release.unpack(tmp_path / "before")
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        before = db.execute("SELECT seq, id, doc, chain FROM outbox ORDER BY seq").fetchall()
    async with served(release, tmp_path) as made:
        phone = await phone_of(release, made, tmp_path)

        now = await phone.ctx.store.read(lambda db: outbox.batch(db, 0, 10_000, 10**9))

        assert [tuple(place) for place in now] == before
        assert (await phone.standing()).unsent >= 5
        assert (await phone.standing()).unsent_blobs >= 3
        (run,) = phone.state.session.runs
        assert {visit.name: visit.state for visit in run.visits} == WANTED


async def test_the_current_server_answers_a_released_app_as_its_own_server_did(
    release: Release, tmp_path: Path
) -> None:
    async with served(release, tmp_path) as made:
        answers = [
            *await say_again(release, made, BEFORE),
            *await say_again(release, made, AFTER),
        ]

        for one, now in zip(release.said, answers, strict=True):
            where = f"{one.method} {one.path}"
            assert now.status_code == one.status, where
            told = {key: now.headers[key] for key in TOLD if key in now.headers}
            assert told == one.headers, where
            if one.answer is not None:
                as_before(one.answer, now.json(), where)
        assert outcomes(made) == WANTED


def as_before(then: dict[str, Any], now: dict[str, Any], where: str) -> None:
    """An answer may say more than before, and must say what it said."""
    assert set(now) >= set(then), where
    assert set(now["pull"]) >= set(then["pull"]) - {"digest"}, where
    for key in ("rid", "server_id", "held", "need"):
        assert now[key] == then[key], f"{where} {key}"
    for key in ("seq", "chain"):
        assert now["ack"][key] == then["ack"][key], f"{where} ack"
    shown = {(row[0], row[1]): row for row in now["pull"]["rows"] if not row[4]}
    for kind, id_, _scope, _rev, deleted, *halves in then["pull"]["rows"]:
        if not deleted:
            for old, new in zip(halves, shown[kind, id_][5:], strict=True):
                assert set(new or {}) >= set(old or {}), f"{where} {kind}"


async def test_a_released_device_drains_to_the_current_server_and_both_show_the_same(
    release: Release, tmp_path: Path
) -> None:
    async with served(release, tmp_path) as made:
        await say_again(release, made, BEFORE)
        phone = await phone_of(release, made, tmp_path)

        for _ in range(4):
            await phone.sync()

        standing = await phone.standing()
        assert (standing.unsent, standing.unsent_blobs) == (0, 0)
        assert standing.counters.get("forks", 0) == 0
        assert outcomes(made) == WANTED
        (run,) = phone.state.session.runs
        assert {visit.name: visit.state for visit in run.visits} == WANTED
        for path in (phone.folder / "blobs").iterdir():
            with made.parts.blobs.read(Sha256(path.name)) as stored:
                assert stored.read() == path.read_bytes()


@dataclass
class OldServer(httpx.AsyncBaseTransport):
    """Answers as the released server did, word for word; only the question's name is put in."""

    said: list[Said]
    unknown: list[str] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer that was given to the same request."""
        body = await request.aread()
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        asked = json.loads(body) if request.method == "POST" else None
        for one in self.said:
            if self._same(one, request, asked):
                answer = {**one.answer, "rid": asked["rid"]} if one.answer and asked else None
                content = json.dumps(answer).encode() if answer else b""
                return httpx.Response(one.status, headers=one.headers, content=content)
        self.unknown.append(f"{request.method} {request.url.path}")
        return httpx.Response(404, json={"code": "not_found"})

    @staticmethod
    def _same(one: Said, request: httpx.Request, asked: dict[str, Any] | None) -> bool:
        if (one.method, one.path) != (request.method, request.url.path):
            return False
        if asked is None or one.request is None:
            return bool(one.offset == request.headers.get("upload-offset"))
        return bool(
            one.request["base"] == asked["base"] and one.request["events"] == asked["events"]
        )


async def test_a_current_app_drains_to_a_server_that_answers_like_the_release(
    release: Release, tmp_path: Path
) -> None:
    async with served(release, tmp_path) as made:
        phone = await phone_of(release, made, tmp_path)
        old = OldServer([one for one in release.said if one.part == AFTER])
        phone.network.inner = old

        for _ in range(3):
            await phone.sync()

        standing = await phone.standing()
        assert old.unknown == []
        assert (standing.unsent, standing.unsent_blobs) == (0, 0)
        assert standing.counters.get("digest_misses", 0) == 0
        (run,) = phone.state.session.runs
        assert {visit.name: visit.state for visit in run.visits} == WANTED
