"""A device as it stands after pairing and the first exchange: a folder the real app opens.

Headless tests and browser tests share it: the rows are real, the acts are real, only the office
is not there.
"""

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import flet as ft

from driver_app.actions import join
from driver_app.actions.people import PIN_ROUNDS
from driver_app.app import Main, make_main
from driver_app.device.clock import SystemClock, SystemIds
from driver_app.device.fakes import SteppedClock, fake_ports
from driver_app.device.ports import Ports
from driver_app.store import meta
from driver_app.store.db import Store
from driver_app.store.rows import Row
from driver_app.sync.errors import Unreachable
from driver_app.sync.ports import PairedServer, SyncApi
from tests.helpers.builders import START_MS, text_id
from tests.helpers.device_rows import (
    RUN,
    driver_row,
    load_row,
    place_row,
    put_rows,
    reason_row,
    road_rows,
    stop_row,
)
from tests.helpers.flet_harness import HeadlessApp

PIN = "2468"
DRIVER = "Erika Mustermann"
ROAD = ("Bäckerei Huber", "Weber Metallbau GmbH & Co. KG", "Schmidt GmbH", "Café Lido", "Berger KG")
PLANT = ("Station 1 Axle", "Station 2 Gearbox", "Station 3 Frame", "Station 4 Cabin")
BROWSER = "0123456789abcdef0123456789abcdef"
FAR_MS = 10**12
TAKT_S = 600


def road() -> list[Row]:
    """A round with everything S5 to S9 can show: windows, notes, proof, appointment, empties."""
    gate = [["address", "warn", "The address of stop 4 is not certain."]]
    rows = road_rows(ROAD, gate=gate, name="Loop North 3", vehicle=text_id("van"))
    second = ROAD[1]
    return [
        *_with(
            rows,
            {
                ("stop", second): {
                    "proof": {"photo": "required", "signature": "warn", "recipient": "optional"},
                    "windows": [[START_MS + 600000, START_MS + 4200000]],
                },
                ("stop", ROAD[2]): {"proof": {"scan": "warn", "note": "optional"}},
                ("location", f"place {second}"): {
                    "side": "left",
                    "access": {"max_height_m": 3.4},
                    "contact": {"name": "Frau Müller", "phone": "0171 555"},
                    "note": {"text": "Ring at gate B", "by": "Kaya", "at": START_MS - 691200000},
                },
            },
        ),
        Row("vehicle", text_id("van"), "site", 1, {"name": "Van 4"}, {}),
        *_people(),
    ]


def plant() -> list[Row]:
    """A tugger's round in a plant, with calls, empties, a maximum and a task."""
    rows = road_rows(
        PLANT,
        kind="internal",
        name="Tugger loop B",
        takt_s=TAKT_S,
        cycle_no=7,
        decision={
            "policy": "hybrid",
            "go_at": START_MS + 240_000,
            "why": "2 urgent calls",
            "made": START_MS - 180_000,
        },
        vehicle=text_id("tugger"),
    )
    extra = load_row(PLANT[2], 1)
    brackets = {**extra.plan, "name": "Brackets left", "part_no": "P-377", "labels": []}
    more = extra._replace(id=text_id("load more"), plan=brackets)
    return [
        *_with(
            rows,
            {
                ("stop", PLANT[0]): {
                    "max": {"P-1": 4},
                    "checks": [["wipe", "Wipe the sensor (every 5 cycles)", False]],
                }
            },
        ),
        more,
        Row("vehicle", text_id("tugger"), "site", 1, {"name": "Tugger 1"}, {}),
        *_people(),
    ]


def changed(rows: list[Row]) -> list[Row]:
    """The same round in a newer plan: one stop more, one less, one moved."""
    order = [text_id(name) for name in (ROAD[0], ROAD[3], ROAD[1], "Lindner", ROAD[4])]
    by = {"by": "Office", "at": START_MS, "reason": "Road works", "version": 2}
    fresh = [stop_row("Lindner", 4), load_row("Lindner"), place_row("Lindner", 4)]
    return [
        *_with(
            rows,
            {
                ("run", "run"): {"order": order, "plan_version": 2, "change": by},
                ("stop", ROAD[2]): {"state": "cancelled"},
                ("stop", ROAD[3]): {"no": 2},
                ("stop", ROAD[1]): {"no": 3},
            },
        ),
        *fresh,
    ]


def _with(rows: list[Row], plans: Mapping[tuple[str, str], Mapping[str, Any]]) -> list[Row]:
    wanted = {(kind, text_id(name)): plan for (kind, name), plan in plans.items()}
    return [row._replace(plan={**row.plan, **wanted.get((row.kind, row.id), {})}) for row in rows]


def _people() -> list[Row]:
    salt = bytes(16)
    verifier = hashlib.pbkdf2_hmac("sha256", PIN.encode(), salt, PIN_ROUNDS).hex()
    secret = {"pin_salt": salt.hex(), "pin_verifier": verifier}
    badge = hashlib.sha256(b"BADGE-1").hexdigest()
    return [
        driver_row(DRIVER, **secret, badge_hash=badge),
        driver_row("Jonas Weber", **secret),
        reason_row("closed", "fail"),
        reason_row("nobody_there", "fail", "no_proof"),
    ]


def fill(
    folder: Path,
    rows: list[Row],
    *,
    now_ms: int = START_MS,
    signed_in: bool = True,
    newer: list[Row] | None = None,
    look: Mapping[str, Any] | None = None,
) -> None:
    """Write a paired device into a folder; instants move along with `now_ms`.

    `newer` rows come after the driver has seen the first ones; `look` is what the driver chose.
    """

    def write(db: sqlite3.Connection) -> None:
        meta.put(db, "device_id", text_id("device"))
        meta.put(db, "server_id", text_id("server"))
        meta.put(db, "site_id", text_id("site"))
        meta.put(db, "url", "http://127.0.0.1:9")
        meta.put_ui(db, "standing", "active")
        meta.put_ui(db, "name", "Van 4")
        if look is not None:
            meta.put_ui(db, "look", look)
        if signed_in:
            who = {"id": text_id(DRIVER), "name": DRIVER, "lang": "en", "at_ms": now_ms}
            meta.put_ui(db, "driver", who)
        put_rows(db, moved(rows, now_ms))

    async def work() -> None:
        await _opened(folder, write)
        if newer is not None:
            seen = join(folder, fake_ports(clock=SteppedClock(now_ms)), app="0", make_api=no_office)
            await seen.start()
            await seen.end()
            await _opened(folder, lambda db: put_rows(db, moved(newer, now_ms)))

    # In a thread of its own: Playwright keeps a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(work())).result()


async def _opened(folder: Path, work: Callable[[sqlite3.Connection], None]) -> None:
    store = Store(folder, SystemIds().noise)
    await store.open(SystemClock().read())
    await store.run(work)
    await store.close()


def moved(rows: list[Row], now_ms: int) -> list[Row]:
    """The rows with every instant as far from `now_ms` as it was from START_MS."""
    return [row._replace(plan=_shift(row.plan, now_ms - START_MS)) for row in rows]


def _shift(value: Any, by_ms: int) -> Any:
    if isinstance(value, dict):
        return {key: _shift(inner, by_ms) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shift(inner, by_ms) for inner in value]
    return value + by_ms if type(value) is int and value > FAR_MS else value


class NoOffice:
    """An office that cannot be reached, whatever is asked."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def asked(*_args: Any, **_named: Any) -> None:
            raise Unreachable(name)

        return asked


def no_office(_server: PairedServer) -> SyncApi:
    """Talk to nobody."""
    office: Any = NoOffice()
    api: SyncApi = office
    return api


def main_of(folder: Path, ports: Ports | None = None) -> Main:
    """The app on this folder with fakes for every feature."""

    async def where(_page: ft.Page) -> Path:
        return folder

    return make_main(lambda _page: ports or fake_ports(), no_office, where)


def app_on(
    folder: Path,
    route: str = "/",
    *,
    ports: Ports | None = None,
    width: float = 412,
    height: float = 915,
) -> HeadlessApp:
    """A headless session of the app on a filled folder."""
    return HeadlessApp(main_of(folder, ports), route=route, width=width, height=height)


def at_the_clock(wall_ms: int = START_MS) -> Ports:
    """Fakes with a clock that stands."""
    return fake_ports(clock=SteppedClock(wall_ms=wall_ms))


def run_route(*rest: str) -> str:
    """The route of the run, or of something below it."""
    return "/".join(["", "runs", RUN, *rest])


def stop_route(name: str, *rest: str) -> str:
    """The route of a visit, or of something below it."""
    return run_route("stops", text_id(name), *rest)
