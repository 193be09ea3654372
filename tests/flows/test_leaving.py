"""Leaving with something unsent is guarded; the export holds everything."""

import hashlib
import hmac
import json
import zipfile

import pytest

from driver_app import actions
from driver_app.actions import Exported, StillUnsent, Unpaired
from shared.chain import doc_bytes, next_chain
from tests.flows.a_day import on_the_road
from tests.helpers.photos import jpeg
from tests.helpers.world import World
from tests.server.sync.a_device import sha_of

pytestmark = pytest.mark.anyio


async def test_leaving_wants_the_export_and_the_number_first(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    phone.network.up = False
    await phone.complete(circle.visits["bakery"], jpeg())

    first = await actions.unpair(phone.ctx, 2)
    await actions.export_outbox(phone.ctx)
    second = await actions.unpair(phone.ctx, 1)
    third = await actions.unpair(phone.ctx, 2)

    assert first == StillUnsent(2, exported=False)
    assert second == StillUnsent(2, exported=True)
    assert third == Unpaired(2)
    assert phone.state.session.standing == "new"
    assert (await phone.standing()).unsent == 1


async def test_a_fact_after_the_export_makes_it_stale(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    phone.network.up = False
    await phone.complete(circle.visits["bakery"])
    await actions.export_outbox(phone.ctx)
    await phone.complete(circle.visits["dairy"])

    assert await actions.unpair(phone.ctx, 2) == StillUnsent(2, exported=False)


async def test_with_nothing_unsent_leaving_is_one_step(the_world: World) -> None:
    _circle, phone = await on_the_road(the_world, "bakery")
    await phone.sync()

    assert await actions.unpair(phone.ctx) == Unpaired(0)


async def test_the_export_holds_facts_photos_and_a_sound_signature(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    photo = jpeg("proof", 3_000)
    await phone.complete(circle.visits["bakery"], photo)
    token = await actions.pairing.read_token(phone.ctx)

    answer = await actions.export_outbox(phone.ctx)

    assert isinstance(answer, Exported)
    with zipfile.ZipFile(answer.path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        lines = archive.read("events.jsonl")
        places = [json.loads(line) for line in lines.splitlines()]
        assert archive.read(f"blobs/{sha_of(photo)}") == photo
        key = hashlib.sha256(str(token).encode()).digest()
        assert (
            archive.read("sig").decode()
            == hmac.new(key, archive.read("manifest.json"), "sha256").hexdigest()
        )
    assert manifest["events_sha"] == hashlib.sha256(lines).hexdigest()
    assert manifest["count"] == len(places) == 2
    chain = manifest["base"]["chain"]
    for place in places:
        chain = next_chain(chain, place["id"], doc_bytes(place["doc"]))
        assert chain == place["chain"]


async def test_check_all_asks_for_every_file_and_sends_a_missing_one_again(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    photo = jpeg("proof", 3_000)
    await phone.complete(circle.visits["bakery"], photo)
    await phone.sync()

    whole = await actions.check_all(phone.ctx)
    phone.network.up = False
    nobody = await actions.check_all(phone.ctx)

    assert whole is not None
    assert (whole.records, whole.files, whole.whole) == (2, 1, True)
    assert nobody is None
