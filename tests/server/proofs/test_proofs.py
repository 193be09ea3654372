"""Evidence of a stop is there to be looked at, as the server has drawn it."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlmodel import select

from server.blobs import service as blobs
from server.core.access import Principal
from server.core.audit import AuditEntry
from server.core.http import Parts
from server.core.jobs import Job
from server.sync.service import files
from shared.events import ProofAdded, StopCompleted, VisitGeotagged
from shared.ids import Sha256, SiteId
from tests.helpers.builders import completed, fact
from tests.server.blobs.pictures import picture
from tests.server.sync.a_device import (
    Circle,
    Device,
    found_site,
    open_circle,
    pair_device,
    photo_of,
    sha_of,
)

pytestmark = pytest.mark.anyio
PHOTO = picture(size=(300, 200))
LATER = picture(size=(30, 20))
STROKES = b"[[[0,0],[1000,1000]]]"
SIGNED = {"kind": "delivery", "method": "signature", "signer": "J. Müller"}


@pytest.fixture
async def van(client: AsyncClient, app: FastAPI, parts: Parts, supervisor: Principal) -> Device:
    """A device in the van, in a site with two places."""
    del client
    found_site(parts, supervisor, "bakery", "dairy")
    return await pair_device(app, supervisor)


@pytest.fixture
async def circle(van: Device, parts: Parts, supervisor: Principal) -> Circle:
    """A dispatched run past bakery and dairy, known to the device."""
    circle = open_circle(parts, supervisor, "bakery", "dairy")
    await van.exchange()
    return circle


def signed(circle: Circle, **other: Any) -> Any:
    """A stop completed with a photo and a signature."""
    body = StopCompleted.model_validate({"proof": SIGNED, "lines": [], "note": "Tür 3"})
    given = [photo_of(PHOTO), photo_of(STROKES, "signature", "application/json")]
    visit = circle.visits["bakery"]
    return fact(body, run=circle.run, visit=visit, blobs=given, **other)


def arrive(parts: Parts, site: SiteId, *contents: bytes) -> None:
    """Let files arrive, and have them looked at."""
    for content in contents:
        sha = Sha256(sha_of(content))
        blobs.add(files(parts), site, sha, 0, content)
        blobs.tidy(files(parts), Job(blobs.TIDY, site, sha, {"sha": sha}))


async def proofs(board: AsyncClient, **asked: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await board.get("/api/v1/proofs", params=asked)).json()["items"]
    return items


async def test_a_result_with_evidence_is_a_proof(
    van: Device, circle: Circle, board: AsyncClient
) -> None:
    done = signed(circle, fix={"lat_e7": 481371540, "lon_e7": 115761240, "acc_m": 9})

    await van.record(done).exchange()

    [proof] = await proofs(board)
    assert (proof["id"], proof["visit_id"]) == (done.id, circle.visits["bakery"])
    assert (proof["outcome"], proof["signer"], proof["note"]) == ("done", "J. Müller", "Tür 3")
    assert (proof["lat_e7"], proof["acc_m"]) == (481371540, 9)
    assert [(part["role"], part["arrived"]) for part in proof["parts"]] == [
        ("photo", False),
        ("signature", False),
    ]


async def test_the_same_fact_again_makes_no_second_proof(
    van: Device, circle: Circle, board: AsyncClient
) -> None:
    van.record(signed(circle))
    await van.post()

    await van.exchange()

    [proof] = await proofs(board)
    assert len(proof["parts"]) == 2


async def test_later_evidence_belongs_to_its_result(
    van: Device, circle: Circle, board: AsyncClient
) -> None:
    done = signed(circle)
    added = fact(
        ProofAdded(result=done.id, note="the other side"),
        run=circle.run,
        visit=circle.visits["bakery"],
        blobs=[photo_of(LATER)],
    )

    await van.record(done, added).exchange()

    [proof] = await proofs(board)
    found = [(part["role"], part["sha"], part["text"]) for part in proof["parts"][2:]]
    assert found == [("photo", sha_of(LATER), None), ("note", None, "the other side")]


@pytest.mark.parametrize("first", ["done", "late"])
async def test_a_late_position_is_added_to_the_proof(
    van: Device, circle: Circle, board: AsyncClient, first: str
) -> None:
    done = signed(circle)
    late = fact(
        VisitGeotagged.model_validate({"for": done.id}),
        run=circle.run,
        visit=circle.visits["bakery"],
        fix={"lat_e7": 5, "lon_e7": 6},
    )

    for event in (done, late) if first == "done" else (late, done):
        await van.record(event).exchange()

    [proof] = await proofs(board)
    assert (proof["lat_e7"], proof["lon_e7"]) == (5, 6)


async def test_proofs_are_found_by_run_visit_and_day(
    van: Device, circle: Circle, board: AsyncClient
) -> None:
    await van.record(signed(circle)).exchange()
    day = van.parts.clock.now().date().isoformat()

    assert len(await proofs(board, run=circle.run, visit=circle.visits["bakery"], day=day)) == 1
    assert await proofs(board, visit=circle.visits["dairy"]) == []
    assert await proofs(board, day="2020-01-01") == []


async def test_a_photo_is_shown_as_the_server_has_drawn_it(
    van: Device, circle: Circle, board: AsyncClient, parts: Parts, site: SiteId
) -> None:
    await van.record(signed(circle)).exchange()
    address = f"/api/v1/photos/{sha_of(PHOTO)}"
    assert (await board.get(address)).status_code == 404

    arrive(parts, site, PHOTO)

    answer = await board.get(address, params={"form": "thumb"})
    assert answer.content[:3] == b"\xff\xd8\xff"
    assert answer.content != PHOTO
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_signature_is_drawn_by_the_server(
    van: Device, circle: Circle, board: AsyncClient, parts: Parts, site: SiteId
) -> None:
    await van.record(signed(circle)).exchange()
    arrive(parts, site, STROKES)

    answer = await board.get(f"/api/v1/photos/{sha_of(STROKES)}")

    assert answer.headers["content-type"] == "image/svg+xml"
    assert "M0 0L1000 500" in answer.text


async def test_a_photo_that_cannot_be_shown_says_why(
    van: Device, circle: Circle, board: AsyncClient, parts: Parts, site: SiteId
) -> None:
    lie = b"<svg onload='alert(1)'/>"
    done = completed(run=circle.run, visit=circle.visits["bakery"], blobs=[photo_of(lie)])
    await van.record(done).exchange()

    arrive(parts, site, lie)

    [proof] = await proofs(board)
    assert (proof["parts"][0]["arrived"], proof["parts"][0]["unreadable"]) == (True, "format")
    assert (await board.get(f"/api/v1/photos/{sha_of(lie)}")).status_code == 404


async def test_looking_at_a_proof_is_written_down(
    van: Device, circle: Circle, board: AsyncClient, parts: Parts
) -> None:
    done = signed(circle)
    await van.record(done).exchange()

    answer = await board.get(f"/api/v1/proofs/{done.id}")

    looked = select(AuditEntry.subject_id).where(AuditEntry.what == "proof.view")
    assert answer.json()["id"] == done.id
    assert parts.reads.run(lambda s: list(s.exec(looked))) == [done.id]


async def test_the_office_comments_a_proof(van: Device, circle: Circle, board: AsyncClient) -> None:
    done = signed(circle)
    await van.record(done).exchange()

    answer = await board.post(f"/api/v1/proofs/{done.id}/comment", json={"text": "looks fine"})

    assert answer.json()["parts"][-1]["text"] == "looks fine"


async def test_a_proof_that_is_not_there_is_not_found(board: AsyncClient) -> None:
    answer = await board.get(f"/api/v1/proofs/{SITE_LIKE}")

    assert answer.status_code == 404


SITE_LIKE = "01900000-0000-7000-8000-0000000000ff"
