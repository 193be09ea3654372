"""Half-filled sheets: kept per stop, adopted after a kill."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from driver_app import actions
from driver_app.store import drafts
from driver_app.store.drafts import DraftFolder
from tests.driver_app.actions.a_shift import Shift, begin_shift, visit_id
from tests.helpers.photos import jpeg

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shift(tmp_path: Path) -> AsyncIterator[Shift]:
    """A driver with three stops."""
    made = await begin_shift(tmp_path / "phone")
    yield made
    await made.session.end()


async def restarted(shift: Shift) -> Shift:
    """The same phone after a kill."""
    return await begin_shift(shift.ctx.store.folder, clock=shift.clock, signed_in=False)


async def test_switching_stops_never_moves_a_signature(shift: Shift) -> None:
    bakery = await shift.sheet("bakery")
    bakery.strokes = [[(1, 1), (2, 2)]]
    await actions.keep(shift.ctx, bakery)

    dairy = await shift.sheet("dairy")
    again = await shift.sheet("bakery")

    assert list(dairy.strokes) == []
    assert [list(stroke) for stroke in again.strokes] == [[(1, 1), (2, 2)]]


async def test_a_photo_without_its_row_is_adopted_after_a_kill(shift: Shift) -> None:
    draft = await shift.sheet()
    DraftFolder(shift.ctx.store.files, shift.ctx.store.drafts).keep(draft.key, jpeg("lone"))

    again = await restarted(shift)
    found = await again.sheet()

    assert (len(found.files), found.recovered) == (1, 1)
    await again.session.end()


async def test_a_half_written_photo_is_deleted_at_the_start(shift: Shift) -> None:
    folder = shift.ctx.store.drafts / drafts.folder_name(f"proof:{visit_id('bakery')}")
    folder.mkdir()
    (folder / "abc.part").write_bytes(b"half")

    again = await restarted(shift)

    assert list(folder.iterdir()) == []
    await again.session.end()


async def test_a_photo_taken_out_is_gone(shift: Shift) -> None:
    draft = await shift.sheet()
    kept = await actions.attach(shift.ctx, draft, jpeg("one"), "photo")
    assert isinstance(kept, actions.Kept)

    await actions.detach(shift.ctx, draft, kept.file.sha)

    assert shift.ctx.store.files.size(Path(kept.file.path)) is None
    assert list((await shift.sheet()).files) == []


async def test_a_sheet_thrown_away_is_gone(shift: Shift) -> None:
    draft = await shift.sheet()
    await actions.attach(shift.ctx, draft, jpeg("one"), "photo")

    await actions.drop_draft(shift.ctx, draft)

    assert not (await shift.sheet()).restored


async def test_the_same_photo_twice_is_one_file(shift: Shift) -> None:
    draft = await shift.sheet()

    for _ in range(2):
        await actions.attach(shift.ctx, draft, jpeg("one"), "photo")

    assert len(draft.files) == 1


async def test_files_nobody_refers_to_are_swept_at_the_start(shift: Shift) -> None:
    (shift.ctx.store.blobs / ("ab" * 32)).write_bytes(b"orphan")
    (shift.ctx.store.blobs / "cd.tmp").write_bytes(b"half")

    again = await restarted(shift)

    assert list(again.ctx.store.blobs.iterdir()) == []
    await again.session.end()
