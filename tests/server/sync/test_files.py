"""Files of facts arrive piece by piece, whole or not at all (sync.md §9)."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from server.blobs import queries as blobs
from server.blobs import service as blob_service
from server.core.access import Principal
from server.core.http import Parts
from server.core.jobs import Job
from server.sync.service import files
from shared.ids import SiteId
from tests.helpers.builders import completed
from tests.server.blobs.pictures import picture
from tests.server.sync.a_device import Circle, Device, pair_device, photo_of, sha_of

pytestmark = pytest.mark.anyio
PHOTO = picture(size=(300, 200))
UPLOAD = "application/offset+octet-stream"


def done(circle: Circle, *contents: bytes, **other: Any) -> Any:
    """A completed stop with these photos."""
    blobs = [photo_of(content, **other) for content in contents]
    return completed(run=circle.run, visit=circle.visits["bakery"], blobs=blobs)


async def patch(device: Device, content: bytes, offset: int, upto: int | None = None) -> Response:
    headers = {"Content-Type": UPLOAD, "Upload-Offset": str(offset)}
    piece = content[offset:upto]
    return await device.client.patch(
        f"/api/v1/blobs/{sha_of(content)}", content=piece, headers=headers
    )


async def head(device: Device, content: bytes) -> Response:
    return await device.client.head(f"/api/v1/blobs/{sha_of(content)}")


def told(answer: Response) -> tuple[int, str | None, str | None]:
    found = answer.headers
    return answer.status_code, found.get("upload-offset"), found.get("upload-complete")


async def test_a_declared_file_is_needed_until_it_has_arrived(van: Device, circle: Circle) -> None:
    van.record(done(circle, PHOTO))

    before = (await van.exchange())["need"]
    await patch(van, PHOTO, 0)
    after = (await van.exchange())["need"]

    assert (before, after) == ([sha_of(PHOTO)], [])


async def test_an_upload_goes_on_where_it_was_cut(
    van: Device, circle: Circle, parts: Parts
) -> None:
    await van.record(done(circle, PHOTO)).exchange()

    assert told(await head(van, PHOTO)) == (200, "0", "?0")
    assert told(await patch(van, PHOTO, 0, 100)) == (204, "100", "?0")
    assert told(await head(van, PHOTO)) == (200, "100", "?0")
    assert told(await patch(van, PHOTO, 100)) == (204, str(len(PHOTO)), "?1")

    with parts.blobs.read(sha_of(PHOTO)) as file:
        assert file.read() == PHOTO


async def test_a_file_nobody_declared_is_told_so(van: Device) -> None:
    answer = await head(van, b"unknown")

    assert (answer.status_code, answer.headers["upload-declared"]) == (404, "?0")


async def test_a_file_of_another_device_looks_undeclared(
    van: Device, circle: Circle, app: FastAPI, supervisor: Principal
) -> None:
    await van.record(done(circle, PHOTO)).exchange()
    other = await pair_device(app, supervisor, "Van 5", van=False)

    answer = await patch(other, PHOTO, 0)

    assert (answer.status_code, answer.json()["code"]) == (404, "blob_not_declared")


async def test_a_wrong_offset_is_answered_with_the_right_one(van: Device, circle: Circle) -> None:
    await van.record(done(circle, PHOTO)).exchange()
    await patch(van, PHOTO, 0, 100)

    answer = await patch(van, PHOTO, 50)

    assert told(answer) == (409, "100", None)
    assert answer.json()["code"] == "offset_conflict"


async def test_more_than_declared_is_too_large(van: Device, circle: Circle) -> None:
    await van.record(done(circle, PHOTO)).exchange()
    headers = {"Content-Type": UPLOAD, "Upload-Offset": "0"}

    answer = await van.client.patch(
        f"/api/v1/blobs/{sha_of(PHOTO)}", content=PHOTO + b"x", headers=headers
    )

    assert told(answer) == (413, "0", None)


async def test_other_bytes_begin_again(van: Device, circle: Circle) -> None:
    await van.record(done(circle, PHOTO)).exchange()
    headers = {"Content-Type": UPLOAD, "Upload-Offset": "0"}

    answer = await van.client.patch(
        f"/api/v1/blobs/{sha_of(PHOTO)}", content=b"x" * len(PHOTO), headers=headers
    )

    assert told(answer) == (460, "0", None)
    assert told(await head(van, PHOTO)) == (200, "0", "?0")


async def test_an_upload_without_its_media_type_is_refused(van: Device, circle: Circle) -> None:
    await van.record(done(circle, PHOTO)).exchange()

    answer = await van.client.patch(f"/api/v1/blobs/{sha_of(PHOTO)}", content=PHOTO)

    assert answer.status_code == 415


async def test_a_file_sent_again_is_simply_complete(van: Device, circle: Circle) -> None:
    await van.record(done(circle, PHOTO)).exchange()
    await patch(van, PHOTO, 0)

    assert told(await head(van, PHOTO)) == (200, str(len(PHOTO)), "?1")


async def test_an_empty_file_is_complete_at_once(van: Device, circle: Circle) -> None:
    await van.record(done(circle, b"")).exchange()

    assert told(await head(van, b"")) == (200, "0", "?1")


async def test_what_a_stopped_server_left_is_finished_at_the_next_question(
    van: Device, circle: Circle, parts: Parts
) -> None:
    await van.record(done(circle, PHOTO)).exchange()
    parts.blobs.append(sha_of(PHOTO), 0, PHOTO)

    assert told(await head(van, PHOTO)) == (200, str(len(PHOTO)), "?1")


async def test_the_newer_size_counts_while_a_file_is_unfinished(
    van: Device, circle: Circle
) -> None:
    short = done(circle, PHOTO)
    short.envelope.blobs[0] = (sha_of(PHOTO), 200, "image/jpeg", "photo")
    await van.record(short).exchange()
    await patch(van, PHOTO, 0, 150)

    await van.record(done(circle, PHOTO)).exchange()

    answer = await head(van, PHOTO)
    assert told(answer) == (200, "0", "?0")
    assert answer.headers["upload-length"] == str(len(PHOTO))


async def test_a_lost_store_is_asked_for_again(van: Device, circle: Circle, parts: Parts) -> None:
    """A server restored without its files notices at the start and needs them again."""
    await van.record(done(circle, PHOTO)).exchange()
    await patch(van, PHOTO, 0)
    parts.blobs.path(sha_of(PHOTO)).unlink()

    blob_service.check(files(parts))

    assert (await van.exchange())["need"] == [sha_of(PHOTO)]


async def test_files_that_are_here_already_are_recognised_at_the_start(
    van: Device, circle: Circle, parts: Parts
) -> None:
    await van.record(done(circle, PHOTO)).exchange()
    parts.blobs.append(sha_of(PHOTO), 0, PHOTO)
    parts.blobs.seal(sha_of(PHOTO), len(PHOTO))

    blob_service.check(files(parts))

    assert (await van.exchange())["need"] == []


async def test_only_a_supervisor_gets_the_original_and_it_is_written_down(
    van: Device, circle: Circle, board: AsyncClient
) -> None:
    await van.record(done(circle, PHOTO)).exchange()
    await patch(van, PHOTO, 0)
    address = f"/api/v1/blobs/{sha_of(PHOTO)}"

    answer = await board.get(address)

    assert (answer.content, answer.headers["content-type"]) == (PHOTO, "application/octet-stream")
    assert (await van.client.get(address)).status_code in (403, 404)


async def test_a_photo_is_looked_at_after_it_arrived(
    van: Device, circle: Circle, parts: Parts, site: SiteId
) -> None:
    await van.record(done(circle, PHOTO)).exchange()
    await patch(van, PHOTO, 0)

    blob_service.tidy(files(parts), Job("blobs.tidy", site, "x", {"sha": sha_of(PHOTO)}))

    found = parts.reads.run(lambda s: blobs.blob(s, site, sha_of(PHOTO)))
    assert found is not None
    assert found.look == "ready"


async def test_files_of_other_bytes_under_a_known_id_are_kept_as_evidence(
    van: Device, circle: Circle
) -> None:
    first = done(circle)
    van.record(first)
    await van.exchange()
    blobs = [photo_of(PHOTO)]
    van.record(completed(id=first.id, run=circle.run, visit=circle.visits["bakery"], blobs=blobs))

    need = (await van.exchange())["need"]
    answer = await patch(van, PHOTO, 0)

    assert need == [sha_of(PHOTO)]
    assert told(answer) == (204, str(len(PHOTO)), "?1")
    assert (await van.exchange())["need"] == []
