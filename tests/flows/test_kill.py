"""The process dies at any point; what was promised is there, and nothing is doubled."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from driver_app import actions
from driver_app.store.files import DiskFiles
from shared.ids import VisitId
from tests.flows.a_day import facts_at_the_office, on_the_road
from tests.helpers.photos import jpeg
from tests.helpers.world import World

pytestmark = pytest.mark.anyio


class Killed(BaseException):
    """The process is gone at this point."""


class DyingFiles(DiskFiles):
    """Files that die at the n-th operation, before or in the middle of it."""

    def __init__(self, at: int) -> None:
        self.left = at

    def _count(self) -> bool:
        self.left -= 1
        return self.left == 0

    def write(self, path: Path, content: bytes) -> None:
        if self._count():
            path.write_bytes(content[: len(content) // 2])
            raise Killed
        super().write(path, content)

    def rename(self, old: Path, new: Path) -> None:
        if self._count():
            raise Killed
        super().rename(old, new)
        if self._count():
            raise Killed

    def sync_folder(self, path: Path) -> None:
        if self._count():
            raise Killed
        super().sync_folder(path)


async def killed(act: Callable[[], Any]) -> bool:
    """Whether the process died in the act."""
    try:
        await act()
    except Killed:
        return True
    return False


@pytest.mark.parametrize("at", range(1, 12))
async def test_a_kill_at_any_file_operation_loses_no_photo(the_world: World, at: int) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    visit = VisitId(UUID(circle.visits["bakery"]))
    phone.ctx.store.files = DyingFiles(at)
    draft = await actions.open_draft(phone.ctx, visit)
    attached = not await killed(lambda: actions.attach(phone.ctx, draft, jpeg("one"), "photo"))
    if attached:
        await killed(lambda: actions.complete_stop(phone.ctx, visit, draft))

    again = await the_world.kill_and_reopen(phone)
    if not again.visit(str(visit)).final:
        kept = await actions.open_draft(again.ctx, visit)
        assert len(kept.files) == 1 or not attached
        await actions.complete_stop(again.ctx, visit, kept)
    await again.sync()

    assert facts_at_the_office(the_world, circle) == {"bakery": "done"}
    assert (await again.standing()).unsent_blobs == 0


@pytest.mark.parametrize("at", range(1, 25, 3))
async def test_a_kill_at_any_statement_of_an_exchange_loses_nothing(
    the_world: World, at: int
) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    await phone.complete(circle.visits["bakery"], jpeg())
    left = [at]

    def count(_statement: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    def armed(db: sqlite3.Connection) -> None:
        db.set_trace_callback(count)

    await phone.ctx.store.run(armed)
    await killed(phone.sync)

    again = await the_world.kill_and_reopen(phone)
    await again.sync()

    assert facts_at_the_office(the_world, circle)["bakery"] == "done"
    assert again.visit(circle.visits["bakery"]).state == "done"
    assert (await again.standing()).unsent == 0


async def test_forty_scans_survive_kill_at_each(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    visit = VisitId(UUID(circle.visits["bakery"]))
    phone.network.up = False

    for number in range(40):
        await actions.scan_load(phone.ctx, visit, f"P-{number}", "scan", anyway=True)
        phone = await the_world.kill_and_reopen(phone)

    assert (await phone.standing()).unsent == 40


async def test_a_half_filled_sheet_survives_a_kill(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    visit = VisitId(UUID(circle.visits["bakery"]))
    draft = await actions.open_draft(phone.ctx, visit)
    await actions.attach(phone.ctx, draft, jpeg("one"), "photo")
    draft.signer, draft.note, draft.strokes = "M. Huber", "left side", [[(1, 2), (3, 4)]]
    await actions.keep(phone.ctx, draft)

    again = await the_world.kill_and_reopen(phone)
    kept = await actions.open_draft(again.ctx, visit)

    assert (kept.signer, kept.note, kept.restored) == ("M. Huber", "left side", True)
    assert [list(stroke) for stroke in kept.strokes] == [[(1, 2), (3, 4)]]
    assert len(kept.files) == 1
