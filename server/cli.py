"""The command line: every verb of `milkrun`, its settings, its exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from server import app as composition
from server.backup import command as backups
from server.backup.kit import Tools
from server.core import db, hosting, logs
from server.core.bench import bench
from server.core.clock import SystemClock
from server.core.hosting import BAD_USE, DONE, FINDINGS, INTERNAL, MISSING, Stop
from server.core.settings import Settings
from server.core.writer import AnyWriter, SnapshotReads, open_writer
from server.demo import clock as demo_clock
from server.demo import command as demo_room
from server.demo.keys import DEMO_SEED
from server.dispatch import verbs
from server.dispatch.service import gate
from server.imports import command as imports
from server.migrations import steps
from server.people import command as people
from server.people import queries as people_queries
from server.people.rules import new_token
from server.schedule import command as scheduling
from server.sites import queries as sites
from server.sync import command as outboxes
from server.sync import scrub_command as scrubbing
from server.travel.adapters.greatcircle import GreatCircle
from shared.ids import SiteId
from shared.refusals import Refusal

cli = typer.Typer(
    name="milkrun",
    help="Runs milk runs: one vehicle on a fixed, recurring circle with many stops.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
user = typer.Typer(help="People who sign in.", no_args_is_help=True)
device = typer.Typer(help="Devices of drivers.", no_args_is_help=True)
schedule = typer.Typer(help="Timetables without a database.", no_args_is_help=True)
cli.add_typer(schedule, name="schedule")
cli.add_typer(user, name="user")
cli.add_typer(device, name="device")

CLOCK = SystemClock()

Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on.")]
Where = Annotated[str | None, typer.Option("--site", help="Site, if there are several.")]


def main() -> None:
    """Run the verb; whatever goes wrong is one sentence and an exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the verb and give its exit code."""
    try:
        found = typer.main.get_command(cli)(arguments, prog_name="milkrun", standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - the last door: people get a sentence
        return _explain(error)
    return found if isinstance(found, int) else DONE


def _explain(error: Exception) -> int:
    code, sentence = _sentence(error)
    if sentence:
        typer.echo(sentence, err=True)
    return code


def _sentence(error: Exception) -> tuple[int, str]:
    if isinstance(error, Stop):
        return error.code, error.sentence
    if isinstance(error, typer.Exit):
        return error.exit_code, ""
    if isinstance(error, typer.Abort):
        return BAD_USE, "Stopped."
    if isinstance(error, Refusal):
        return BAD_USE, error.sentence()
    return _other(error)


def _other(error: Exception) -> tuple[int, str]:
    show = getattr(error, "format_message", None)
    if show is not None:  # wrong usage, found by the command line's own parser
        return BAD_USE, f"{show()} (`--help` tells more)"
    if isinstance(error, ModuleNotFoundError) and error.name in ("psycopg", "psycopg2"):
        return MISSING, "PostgreSQL needs one more library: pip install 'milk-run[postgres]'"
    if isinstance(error, DBAPIError):
        return MISSING, f"The database cannot be used: {error.orig}"
    if isinstance(error, ValidationError):
        found = "; ".join(f"{item['loc'][0]}: {item['msg']}" for item in error.errors())
        return BAD_USE, f"A setting is wrong ({found})."
    place = logs.where(error)
    return INTERNAL, f"Something broke inside: {type(error).__name__} at {place}: {error}"


@dataclass(frozen=True)
class Desk:
    """An opened database, for a verb that works beside the server."""

    settings: Settings
    writer: AnyWriter
    reads: SnapshotReads


@contextmanager
def opened() -> Iterator[Desk]:
    """Open the database of the settings, brought to the newest step."""
    settings = Settings.read()
    hosting.prepare_data(settings)
    steps.migrate(settings)
    writer, reads = open_writer(db.write_engine(settings)), SnapshotReads(db.read_engine(settings))
    try:
        yield Desk(settings, writer, reads)
    finally:
        writer.close()
        reads.close()


def site_of(desk: Desk, given: str | None = None) -> SiteId:
    """The site that is meant: the one given, else the only one there is."""
    known = desk.reads.run(sites.all_sites)
    if given is not None:
        with suppress(ValueError):
            if SiteId(UUID(given)) in known:
                return SiteId(UUID(given))
        raise Stop(BAD_USE, f"There is no site {given}.")
    if not known:
        raise Stop(MISSING, f"There is no site yet. Start the server and open {_setup(desk)}.")
    if len(known) > 1:
        raise Stop(BAD_USE, "There are several sites; name one with --site.")
    return known[0]


def _setup(desk: Desk) -> str:
    return f"{desk.settings.origin}/setup"


@cli.command()
def serve(host: Host = None, port: Port = None) -> None:
    """Run the server; the first start prints the set-up token."""
    settings = Settings.read(host=host, port=port)
    logs.set_up()
    with running(settings) as (settings, address):
        parts = composition.build_parts(settings)
        app = composition.create_app(settings, parts)
        typer.echo(f"Milk Run answers at {settings.origin}")
        if not parts.reads.run(people_queries.anybody):
            parts.setup_token = new_token("")
            typer.echo(f"Set it up at {settings.origin}/setup with the token {parts.setup_token}")
        sys.stdout.flush()
        hosting.serve(app, settings, address)


@contextmanager
def running(settings: Settings) -> Iterator[tuple[Settings, hosting.Address]]:
    """Have folder, lock, address and newest database for a server; names the port really taken."""
    hosting.prepare_data(settings)
    hosting.check_address(settings)
    with hosting.only_one(settings.data):
        address = hosting.bind(settings.host, settings.port)
        try:
            steps.migrate(settings)
            yield settings.model_copy(update={"port": address.getsockname()[1]}), address
        finally:
            address.close()


Speed = Annotated[int, typer.Option(help="1, 10 or 60 times as fast.")]


@cli.command()
def demo(
    day: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Play this date.")
    ] = None,
    speed: Speed = 10,
    port: Port = None,
) -> None:
    """Fill a demo site, serve it on loopback and let simulated vehicles drive it."""
    settings = Settings.read(host="127.0.0.1", port=port)
    logs.set_up()
    with running(settings) as (settings, address):
        clock = demo_clock.on(day.date() if day else None, CLOCK)
        parts = composition.build_parts(settings, clock)
        app = composition.create_app(settings, parts)
        demo_room.show(
            parts, gate, speed=speed, out=_say,
            serve=lambda: hosting.serve(app, settings, address),
        )  # fmt: skip


def _say(line: str) -> None:
    typer.echo(line)
    sys.stdout.flush()


@cli.command()
def simulate(
    url: Annotated[str | None, typer.Option(help="Address of the running server.")] = None,
    vehicles: Annotated[int | None, typer.Option(help="How many vehicles.")] = None,
    speed: Speed = 10,
    seed: Annotated[int, typer.Option(help="Chance of the drivers.")] = DEMO_SEED,
) -> None:
    """Let simulated vehicles drive the demo's loops on a running server."""
    settings = Settings.read()
    hosting.prepare_data(settings)
    steps.migrate(settings)
    parts = composition.build_parts(settings)
    where = url or settings.origin
    demo_room.simulate(parts, url=where, count=vehicles, speed=speed, seed=seed)


@cli.command(name="import")
def import_(
    kind: Annotated[str, typer.Argument(help="locations, stops or outbox.")],
    file: Annotated[Path, typer.Argument(help="CSV, XLSX or MRO.")],
    profile: Annotated[str, typer.Option(help="A saved way to read such files.")] = "",
    loop: Annotated[str, typer.Option(help="Code of the loop that gets the stops.")] = "",
    commit: Annotated[  # noqa: FBT002 - an option of the command line is named anyway
        bool, typer.Option("--commit", help="Take the good rows over.")
    ] = False,
) -> None:
    """Check a file row by row; without --commit nothing is written."""
    if kind == "outbox":
        build = partial(composition.build_parts, Settings.read())
        raise typer.Exit(outboxes.run(build, file, out=typer.echo))
    order = imports.Order(kind, file, profile=profile, loop=loop, commit=commit)
    err = partial(typer.echo, err=True)
    raise typer.Exit(imports.run(Settings.read(), order, out=typer.echo, err=err))


@cli.command()
def check() -> None:
    """Compare every fact and file with its digest, and a share of the folds with their facts."""
    build = partial(composition.build_parts, Settings.read())
    raise typer.Exit(scrubbing.run(build, out=typer.echo))


@cli.command()
def migrate() -> None:
    """Bring the database to the newest step."""
    settings = Settings.read()
    hosting.prepare_data(settings)
    typer.echo(f"The database is at step {steps.migrate(settings)}.")


@cli.command()
def cert(
    host: Annotated[str, typer.Option(help="Name or address devices use to reach the server.")],
) -> None:
    """Make the site's CA and a certificate for the server."""
    settings = Settings.read()
    hosting.prepare_data(settings)
    try:
        from server.core import certificates  # noqa: PLC0415 - the library is an extra
    except ImportError as error:
        raise Stop(
            MISSING, "Certificates need one more library: pip install 'milk-run[oidc]'"
        ) from error
    for path in certificates.make(settings.data / "tls", host, CLOCK.now()):
        typer.echo(str(path))


@cli.command()
def service() -> None:
    """Print a systemd unit for this installation."""
    milkrun, settings = Path(sys.argv[0]).resolve(), Settings.read()
    data, backups_at = settings.data.resolve(), settings.backups.resolve()
    typer.echo(hosting.UNIT.format(milkrun=milkrun, data=data, backups=backups_at))


@cli.command()
def doctor() -> None:
    """Report whether everything the server needs is there."""
    with opened() as desk:
        found = [
            ("data folder", True, str(desk.settings.data.resolve())),
            ("database", True, f"step {steps.head()}"),
            ("site", bool(desk.reads.run(sites.all_sites)), _setup(desk)),
            ("certificate", desk.settings.tls is not None, "only needed beyond this machine"),
        ]
    for name, good, detail in found:
        typer.echo(f"{'ok     ' if good else 'missing'}  {name}: {detail}")
    if not all(good for name, good, _ in found if name != "certificate"):
        raise typer.Exit(FINDINGS)


verbs.hang_up(cli, GreatCircle)
cli.command()(bench)
schedule.command()(scheduling.preview)


backups.hang_up(cli, composition.backup_desk, Tools(CLOCK, steps.bring))


@device.command()
def code(
    name: Annotated[str, typer.Option(help="What the device shall be called.")] = "Device",
    site: Where = None,
) -> None:
    """Make a pairing code, as text and QR."""
    with opened() as desk:
        where = site_of(desk, site)
        for line in people.code(desk.writer, desk.settings, where, name=name, now=CLOCK.now()):
            typer.echo(line)


Name = Annotated[str, typer.Argument(help="The name somebody signs in with.")]


def _password() -> str:
    """Ask twice at a terminal; else read one line, so that scripts never put it in a command."""
    if sys.stdin.isatty():
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return sys.stdin.readline().rstrip("\n")


@user.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="supervisor, planner or dispatcher.")] = "supervisor",
    mail: Annotated[str | None, typer.Option(help="Mail address.")] = None,
    site: Where = None,
) -> None:
    """Add somebody; the password is asked for, or read from standard input."""
    if role not in ("supervisor", "planner", "dispatcher"):
        raise Stop(BAD_USE, "The role is supervisor, planner or dispatcher.")
    with opened() as desk:
        where = site_of(desk, site)
        said = people.add(
            desk.writer, where, name=name, mail=mail, role=role, password=_password(),
            now=CLOCK.now(),
        )  # fmt: skip
    typer.echo(said)


@user.command()
def password(name: Name) -> None:
    """Give somebody a new password."""
    with opened() as desk:
        typer.echo(people.set_password(desk.writer, name, _password(), CLOCK.now()))


@user.command()
def disable(name: Name) -> None:
    """Keep somebody from signing in."""
    with opened() as desk:
        typer.echo(people.disable(desk.writer, name, CLOCK.now()))


@user.command(name="list")
def list_(
    site: Where = None,
) -> None:
    """List who may sign in: name, mail, roles."""
    with opened() as desk:
        for line in people.everybody(desk.reads, site_of(desk, site)):
            typer.echo(line)
