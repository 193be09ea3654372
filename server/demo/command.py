"""`milkrun demo` and `milkrun simulate`: what the console prints and starts."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from server.core.access import system
from server.core.hosting import BAD_USE, MISSING, Stop
from server.core.http import Parts
from server.core.settings import Settings
from server.demo import fill, fleet
from server.demo.keys import DEMO_SEED, SITE_ID
from server.demo.live import Stage, play
from server.demo.places import SITE
from server.demo.vehicles import Crew, Tour, crew, driving
from server.people import devices
from server.people.rules import PASSWORD_MAX, PASSWORD_MIN, new_token
from server.schedule.service import Gate
from server.sites import queries as sites
from shared.ids import VehicleId
from shared.local_time import local_day, zone

SPEEDS = (1, 10, 60)
FOLDER = "demo"
PASSWORD_FILE = "password"  # noqa: S105 - the name of a file
PHOTOS = Path(__file__).parents[2] / "assets" / "photos"
PASSWORD_LETTERS = 16
WRONG_LENGTH = f"MILKRUN_DEMO_PASSWORD must have {PASSWORD_MIN} to {PASSWORD_MAX} characters."
Say = Callable[[str], None]


def set_up(parts: Parts, gate: Gate) -> str:
    """Fill the site unless it is there, see that something drives; gives the password."""
    now = parts.clock.now()
    today = local_day(now, zone(SITE.tz))
    password = password_of(parts.settings)
    known = parts.reads.run(sites.all_sites)
    if known and SITE_ID not in known:
        raise Stop(BAD_USE, _occupied(parts.settings))
    if known:
        parts.writer.run(lambda s: fill.keep_password(s, parts.passwords, password, now=now))
    else:
        secrets = fill.hashed(parts.passwords, password)
        parts.writer.run(lambda s: fill.fill(s, secrets, today=today, now=now))
    play(Stage(parts.reads, parts.writer, parts.jobs, gate), now=now)
    return password


def _occupied(settings: Settings) -> str:
    folder = settings.data.resolve()
    return f"{folder} holds a site of your own. Set MILKRUN_DATA to an empty folder for the demo."


def password_of(settings: Settings) -> str:
    """The password that was set, else the one of the last start, else a new one that is kept."""
    wanted = settings.demo_password.get_secret_value() if settings.demo_password else ""
    if wanted:
        if not PASSWORD_MIN <= len(wanted) <= PASSWORD_MAX:
            raise Stop(BAD_USE, WRONG_LENGTH)
        return wanted
    file = settings.data / FOLDER / PASSWORD_FILE
    if file.exists():
        return file.read_text("utf-8").strip()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    password = new_token("")[:PASSWORD_LETTERS]
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(password)
    return password


def show(parts: Parts, gate: Gate, *, speed: int, out: Say, serve: Callable[[], None]) -> None:
    """Set the demo up, say where it is, and serve it while vehicles drive."""
    way = tour(parts.settings, speed=speed)
    # The vehicles' process starts while the site is filled; it waits for its crews.
    with driving(way) as process:
        password = set_up(parts, gate)
        for line in greeting(parts, password):
            out(line)
        crew(process, crews(parts))
        serve()


def simulate(parts: Parts, *, url: str, count: int | None, speed: int, seed: int) -> None:
    """Drive vehicles of the demo's site on a running server until somebody ends it."""
    way = tour(parts.settings, speed=speed, url=url, seed=seed)
    found = crews(parts, count=count)
    with driving(way) as process, suppress(KeyboardInterrupt):
        crew(process, found)
        process.wait()


def greeting(parts: Parts, password: str) -> Iterator[str]:
    """What a person needs to look at the demo: addresses, sign-in, one pairing code."""
    origin = parts.settings.origin
    code = _code(parts, "Your device", VehicleId(fleet.SPARE.id), parts.clock.now())
    yield "Milk Run shows its demo: furniture, groceries and a plant, all invented."
    yield ""
    yield f"  Board         {origin}/"
    yield f"  Driver app    {origin}/driver/"
    yield f"  Sign in as    {fill.USER}   password {password}"
    yield f"  Pairing code  {code[:4]} {code[4:]}   (ten minutes, once; server {origin})"
    yield f"  Drive as      {fleet.VISITOR.name}   PIN {fleet.DEMO_PIN}"
    yield ""
    yield "Ctrl-C ends it. The data stays in " + str(parts.settings.data.resolve())


def _code(parts: Parts, name: str, vehicle_id: VehicleId | None, now: datetime) -> str:
    who = system(SITE_ID)
    made = parts.writer.run(
        lambda s: devices.issue_code(s, who, name=name, vehicle_id=vehicle_id, now=now)
    )
    return made.code


def crews(parts: Parts, *, count: int | None = None) -> list[Crew]:
    """The vehicles that have a driver, each with a fresh pairing code for its device."""
    if SITE_ID not in parts.reads.run(sites.all_sites):
        raise Stop(MISSING, "Simulated vehicles drive the demo's loops. Run `milkrun demo` first.")
    now = parts.clock.now()
    return [
        Crew(
            name=str(machine.given["name"]),
            code=_code(parts, str(machine.given["name"]), VehicleId(machine.id), now),
            driver=str(machine.driver),
            pin=fleet.DEMO_PIN,
        )
        for machine in fleet.DRIVEN[:count]
    ]


def tour(settings: Settings, *, speed: int, url: str = "", seed: int = DEMO_SEED) -> Tour:
    """Where the vehicles keep their stores and how fast they are."""
    if speed not in SPEEDS:
        raise Stop(BAD_USE, f"The speed is one of {', '.join(map(str, SPEEDS))}.")
    folder = settings.data / FOLDER / ("simulate" if url else "vehicles")
    return Tour(url or settings.origin, folder.resolve(), speed, seed, PHOTOS)
