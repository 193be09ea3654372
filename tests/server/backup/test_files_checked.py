"""At the start and after a restore, table and store of files are compared both ways (S13)."""

import os

import pytest

from server.blobs import queries as blob_queries
from server.blobs import service as blob_service
from server.core.http import Parts
from server.core.jobs import Job
from server.sync.service import files
from tests.helpers.builders import completed
from tests.helpers.databases import SITE
from tests.server.blobs.pictures import picture
from tests.server.sync.a_device import Circle, Device, photo_of, sha_of
from tests.server.sync.test_files import patch

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("settings", ["sqlite"], indirect=True),
]
PHOTO = picture(size=(300, 200))
SHA = sha_of(PHOTO)


@pytest.fixture
async def arrived(van: Device, circle: Circle, parts: Parts) -> Device:
    """A photo has arrived, and its copy for display was made."""
    declared = completed(run=circle.run, visit=circle.visits["bakery"], blobs=[photo_of(PHOTO)])
    await van.record(declared).exchange()
    await patch(van, PHOTO, 0)
    blob_service.tidy(files(parts), Job(blob_service.TIDY, SITE, SHA, {"sha": SHA}))
    return van


def looked_at(parts: Parts) -> bool:
    found = parts.reads.run(lambda session: blob_queries.blob(session, SITE, SHA))
    return found is not None and found.look == "ready"


async def test_a_lost_photo_is_asked_for_again_although_it_was_shown(
    arrived: Device, parts: Parts
) -> None:
    shown = looked_at(parts)
    parts.blobs.path(SHA).unlink()

    blob_service.check(files(parts))

    assert shown
    assert (await arrived.exchange())["need"] == [SHA]


async def test_a_cut_file_is_set_aside_and_asked_for_again(arrived: Device, parts: Parts) -> None:
    os.truncate(parts.blobs.path(SHA), 10)

    blob_service.check(files(parts))
    needed = (await arrived.exchange())["need"]
    await patch(arrived, PHOTO, 0)

    assert needed == [SHA]
    assert (await arrived.exchange())["need"] == []
    with parts.blobs.read(SHA) as file:
        assert file.read() == PHOTO


async def test_a_whole_store_changes_nothing(arrived: Device, parts: Parts) -> None:
    blob_service.check(files(parts))

    assert looked_at(parts)
    assert (await arrived.exchange())["need"] == []
