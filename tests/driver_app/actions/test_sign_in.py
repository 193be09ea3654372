"""Who drives: badge, PIN, or a typed name; nobody loses a day to a login."""

import hashlib
from pathlib import Path
from uuid import UUID

import pytest

from driver_app import actions
from driver_app.actions import NotKnown, SignedIn, WrongPin
from driver_app.actions.people import PIN_ROUNDS, wrong_try
from shared.ids import DriverId
from tests.driver_app.actions.a_shift import Shift, begin_shift
from tests.helpers.builders import text_id
from tests.helpers.device_rows import driver_row

pytestmark = pytest.mark.anyio
KAYA = DriverId(UUID(text_id("kaya")))
SALT = "00112233445566778899aabbccddeeff"
PIN_ROW = driver_row(
    "kaya",
    lang="de",
    pin_salt=SALT,
    pin_verifier=hashlib.pbkdf2_hmac("sha256", b"2468", bytes.fromhex(SALT), PIN_ROUNDS).hex(),
    badge_hash=hashlib.sha256(b"BADGE-7").hexdigest(),
)


@pytest.fixture
async def nobody(tmp_path: Path) -> Shift:
    """A phone that nobody has signed in on."""
    return await begin_shift(tmp_path, rows=[PIN_ROW], signed_in=False)


async def test_the_right_pin_signs_in_and_names_the_driver_in_facts(nobody: Shift) -> None:
    answer = await actions.sign_in_pin(nobody.ctx, KAYA, "2468")

    assert answer == SignedIn("kaya", "de")
    assert nobody.ctx.state.session.driver == KAYA
    assert f'"by":"driver:{KAYA}"' in (await nobody.recorded())[0][1]


async def test_a_badge_signs_in(nobody: Shift) -> None:
    assert await actions.sign_in_badge(nobody.ctx, " BADGE-7 ") == SignedIn("kaya", "de")
    assert await actions.sign_in_badge(nobody.ctx, "BADGE-8") == NotKnown()


async def test_five_wrong_pins_wait_a_minute_then_longer(nobody: Shift) -> None:
    tries = [await actions.sign_in_pin(nobody.ctx, KAYA, "0000") for _ in range(5)]
    now_ms = nobody.ctx.now_ms()

    locked = await actions.sign_in_pin(nobody.ctx, KAYA, "2468")

    assert [one.tries_left for one in tries if isinstance(one, WrongPin)] == [4, 3, 2, 1, 1]
    assert locked == WrongPin(1, now_ms + 60_000)


async def test_waiting_survives_a_restart(nobody: Shift) -> None:
    for _ in range(5):
        await actions.sign_in_pin(nobody.ctx, KAYA, "0000")
    folder, clock = nobody.ctx.store.folder, nobody.clock
    await nobody.session.end()

    again = await begin_shift(folder, rows=[PIN_ROW], clock=clock, signed_in=False)

    assert again.ctx.state.session.pin_locked_until_ms > again.ctx.now_ms()
    assert isinstance(await actions.sign_in_pin(again.ctx, KAYA, "2468"), WrongPin)


async def test_after_the_wait_the_right_pin_signs_in(nobody: Shift) -> None:
    for _ in range(5):
        await actions.sign_in_pin(nobody.ctx, KAYA, "0000")
    nobody.clock.step(60_001)

    assert isinstance(await actions.sign_in_pin(nobody.ctx, KAYA, "2468"), SignedIn)
    assert nobody.ctx.state.session.pin_tries_left == 5


def test_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    tries: dict[str, int] = {}
    waits = []
    for _ in range(12):
        tries = wrong_try(tries, 0)
        if tries["until_ms"]:
            waits.append(tries["until_ms"] // 1000)

    assert waits == [60, 120, 240, 480, 900, 900, 900, 900]


async def test_a_typed_name_drives_and_the_device_answers_for_it(nobody: Shift) -> None:
    await actions.sign_in_unlisted(nobody.ctx, "  Somebody  ")

    session = nobody.ctx.state.session
    assert (session.driver, session.driver_name, session.unlisted) == (None, "Somebody", True)
    assert f'"by":"device:{text_id("device")}"' in (await nobody.recorded())[0][1]


async def test_the_driver_stays_over_a_restart_and_leaves_by_signing_out(nobody: Shift) -> None:
    await actions.sign_in_pin(nobody.ctx, KAYA, "2468")
    folder, clock = nobody.ctx.store.folder, nobody.clock
    await nobody.session.end()
    again = await begin_shift(folder, clock=clock, signed_in=False)
    stayed = again.ctx.state.session.driver

    await actions.sign_out(again.ctx)

    assert stayed == KAYA
    assert not again.ctx.state.session.signed_in
