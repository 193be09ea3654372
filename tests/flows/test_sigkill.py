"""Real processes, really killed: every promise on the console is on the disk, files included."""

import random
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from driver_app.store.blobs import BlobFolder
from driver_app.store.db import Store
from driver_app.store.files import DiskFiles
from tests.driver_app.store.a_store import places, reopened, scalar

STOPS = 80
KILLS = 3
SILENCE_S = 25


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def promises(folder: Path, after: int) -> Iterator[str]:
    """What the recorder says before it is killed, after so many promises."""
    command = [sys.executable, "-m", "tests.helpers.record", "--dir", str(folder)]
    command += ["--n", str(STOPS), "--photo-bytes", "20000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        heard = 0
        while select.select([process.stdout], [], [], SILENCE_S)[0]:
            line = process.stdout.readline().decode()
            if not line.startswith("SAVED "):
                break
            yield line.split()[1]
            heard += 1
            if heard == after:
                process.kill()
        process.kill()


@pytest.mark.anyio
@pytest.mark.timeout(180)
async def test_no_promise_is_broken_by_a_kill(tmp_path: Path) -> None:
    chance = random.Random(5)
    promised: list[str] = []

    for _ in range(KILLS):
        promised += promises(tmp_path, chance.randint(3, 25))

    store = await reopened(tmp_path)
    kept = [place.id for place in await places(store)]
    assert len(promised) >= 3 * KILLS
    assert set(promised) <= set(kept)
    assert len(set(kept)) == len(kept)
    assert await store.read(scalar("PRAGMA integrity_check")) == "ok"
    assert await broken_files(store) == []
    await store.close()


async def broken_files(store: Store) -> list[str]:
    """Declared files that are missing or differ from their digest."""
    shas = await store.read(
        lambda db: [row[0] for row in db.execute("SELECT DISTINCT sha FROM outbox_blob")]
    )
    folder = BlobFolder(DiskFiles(), store.blobs)
    return [sha for sha in shas if folder.intact(sha)]
