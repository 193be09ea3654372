"""Complaints of today's users of driver apps, each as a test that it cannot be made of this one.

The letters are those of the acceptance list (sync-proof.md §8); (h) to (j) stand in
`test_complaints_long.py`.
"""

import json
import sqlite3
from contextlib import closing
from uuid import UUID

import httpx
import pytest

from driver_app import actions
from driver_app.actions import Saved, StillUnsent
from shared.ids import VisitId
from tests.flows.a_day import facts_at_the_office, on_the_road
from tests.flows.test_blobs import spoil, stored
from tests.helpers.photos import jpeg
from tests.helpers.world import Phone, World
from tests.server.sync.a_device import sha_of

pytestmark = pytest.mark.anyio
NAMES = ("bakery", "dairy", "school")


async def test_a_leaving_with_unsent_records_is_guarded_and_offers_the_export(
    the_world: World,
) -> None:
    """ "Do not uninstall if you have a red sync": the app says so itself, and helps."""
    circle, phone = await on_the_road(the_world, *NAMES)
    phone.network.up = False
    await phone.complete(circle.visits["bakery"], jpeg())

    at_once = await actions.unpair(phone.ctx, 2)
    file = await actions.export_outbox(phone.ctx)
    without_number = await actions.unpair(phone.ctx)
    signed_out = await actions.sign_out(phone.ctx)
    waiting = (await phone.standing()).unsent

    assert at_once == StillUnsent(2, exported=False)
    assert isinstance(file, actions.Exported)
    assert file.path.exists()
    assert without_number == StillUnsent(2, exported=True)
    assert isinstance(signed_out, Saved)
    assert waiting == 2  # the driver's own sign-out leaves everything where it is


async def test_b_one_corrupt_photo_blocks_nothing(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, *NAMES)
    broken, good = jpeg("broken", 9_000), jpeg("good", 9_000)
    await phone.complete(circle.visits["bakery"], broken)
    await phone.complete(circle.visits["dairy"], good, signed=True)
    await phone.complete(circle.visits["school"])
    spoil(phone, broken)

    for _ in range(3):
        await phone.sync()

    assert set(facts_at_the_office(the_world, circle).values()) == {"done"}
    assert stored(the_world, good) == good
    standing = await phone.standing()
    assert (standing.unsent, standing.unsent_blobs, standing.unreadable) == (0, 0, 1)


async def test_c_a_refused_token_never_needs_a_sign_out_and_loses_nothing(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, *NAMES)
    server = await actions.paired_server(phone.ctx)
    assert server is not None
    await phone.session.worker.paired(type(server)(server.url, server.server_id, "mrd_old"))

    for name in NAMES:
        assert isinstance(await phone.complete(circle.visits[name], jpeg(name)), Saved)
        await phone.sync()
    told = (phone.state.session.standing, phone.state.session.driver_name)
    await the_world.pair(phone, the_world.code())
    for _ in range(4):
        await phone.sync()

    assert told == ("pair_again", "A. Kaya")
    assert phone.state.session.driver_name == "A. Kaya"
    assert set(facts_at_the_office(the_world, circle).values()) == {"done"}
    assert all(stored(the_world, jpeg(name)) == jpeg(name) for name in NAMES)


def strangers() -> dict[str, httpx.Response]:
    """What a hotel, a proxy or an old cache may answer with: never with success."""
    page = {"Content-Type": "text/html"}
    old = {
        "rid": "00000000", "server_id": "another", "now": 1, "held": [], "need": [],
        "ack": {"seq": 99, "chain": "f" * 32, "durable": 99}, "min_app": "",
        "pull": {"scopes": [], "rows": [], "head": 1, "cursor": "x", "more": False},
    }  # fmt: skip
    return {
        "a page": httpx.Response(200, content=b"<h1>Welcome</h1>", headers=page),
        "an empty yes": httpx.Response(200, json={"status": "ok"}),
        "an old answer": httpx.Response(200, json=old),
        "a way elsewhere": httpx.Response(302, headers={"Location": "https://hotel.example"}),
        "a sign-in page": httpx.Response(401, json={"code": "bad_token"}),
        "a yes to a file": httpx.Response(204),
        "half an answer": httpx.Response(200, content=b'{"rid":"7f3a', headers={}),
    }


async def test_d_the_yes_of_a_portal_is_no_success(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, *NAMES)
    photo = jpeg("photo", 5_000)
    await phone.complete(circle.visits["bakery"], photo)

    for name, answer in strangers().items():
        phone.network.instead = lambda _request, answer=answer: answer
        await phone.sync()
        standing = await phone.standing()
        assert standing.unsent > 0, name
        assert standing.unsent_blobs == 1, name
        assert phone.state.session.standing == "active", name
    phone.network.instead = None
    await phone.sync()

    assert stored(the_world, photo) == photo
    assert facts_at_the_office(the_world, circle)["bakery"] == "done"


async def test_e_a_lost_answer_makes_no_duplicate(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, *NAMES)
    visit = VisitId(UUID(circle.visits["bakery"]))
    await actions.scan_load(phone.ctx, visit, "P-1", "scan", anyway=True)
    await phone.complete(str(visit), jpeg(), signed=True)
    phone.network.lose_answers = 5

    for _ in range(8):
        await phone.sync()

    rows = at_the_office(the_world)
    mine = await recorded(phone)
    assert sorted(rows) == sorted(mine)
    fact = await phone.ctx.store.read(
        lambda db: db.execute(
            "SELECT fact FROM ent WHERE kind = 'stop' AND id = ?", (str(visit),)
        ).fetchone()[0]
    )
    assert json.loads(fact)["n"] == 2


async def recorded(phone: Phone) -> dict[str, bytes]:
    """Every record on the phone, byte by byte."""
    rows = await phone.ctx.store.read(
        lambda db: db.execute("SELECT id, doc FROM outbox").fetchall()
    )
    return {id_: doc.encode() for id_, doc in rows}


def at_the_office(world: World) -> dict[str, bytes]:
    """Every record of devices at the server, byte by byte."""
    with closing(sqlite3.connect(world.parts.settings.data / "milkrun.db")) as db:
        rows = db.execute("SELECT id, doc FROM event WHERE device_id IS NOT NULL").fetchall()
    return {str(UUID(id_)): bytes(doc) for id_, doc in rows}


async def test_f_a_tick_means_on_the_phone_or_at_the_server_byte_by_byte(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, *NAMES)
    photos = {name: jpeg(name, 4_000) for name in NAMES}
    ticked: set[str] = set()

    for step, name in enumerate(NAMES):
        phone.network.up = step != 1
        saved = await phone.complete(circle.visits[name], photos[name])
        assert isinstance(saved, Saved)
        ticked |= {str(event) for event in saved.ids}
        if step == 2:
            phone = await the_world.kill_and_reopen(phone)
        on_phone, at_office = await recorded(phone), at_the_office(the_world)
        assert ticked <= set(on_phone)
        assert all(on_phone[id_] == doc for id_, doc in at_office.items() if id_ in on_phone)
        assert (phone.folder / "blobs" / sha_of(photos[name])).read_bytes() == photos[name]
        await phone.sync()
        for item in phone.state.sync.items:
            if item.sent != "phone":
                assert at_the_office(the_world)[str(item.id)] == on_phone[str(item.id)]

    phone.network.up = True
    await phone.sync()
    assert ticked <= set(at_the_office(the_world))


async def test_g_all_safe_is_said_only_of_digests_the_server_has_confirmed(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, *NAMES)
    photo = jpeg("proof", 5_000)
    await phone.complete(circle.visits["bakery"], photo)
    await phone.sync()
    asked = len(phone.network.requests)
    whole = await actions.check_all(phone.ctx)
    head = f"HEAD /api/v1/blobs/{sha_of(photo)}"
    place = the_world.parts.settings.data / "blobs" / sha_of(photo)[:2] / sha_of(photo)
    place.write_bytes(bytes(len(photo)))

    spoilt = await actions.check_all(phone.ctx)
    await phone.sync()
    healed = await actions.check_all(phone.ctx)

    assert whole is not None
    assert spoilt is not None
    assert healed is not None
    assert (whole.whole, spoilt.whole, healed.whole) == (True, False, True)
    assert head in phone.network.requests[asked:]
    assert stored(the_world, photo) == photo
