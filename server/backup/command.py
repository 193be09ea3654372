"""The verbs `milkrun backup` and `milkrun restore`."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer

from server.backup import restoring, service
from server.backup.folders import Backup
from server.backup.kit import Kit, Tools
from server.core.clock import from_ms
from server.core.hosting import BAD_USE, FINDINGS, Stop
from server.core.settings import Settings

AtDesk = Callable[[], AbstractContextManager[Kit]]
Folder = Annotated[Path | None, typer.Option("--to", help="Another folder than the server's.")]
Place = Annotated[Path | None, typer.Option("--to", help="A new, empty folder.")]
Source = Annotated[Path | None, typer.Argument(metavar="BACKUP", help="Folder of one backup.")]


def hang_up(cli: typer.Typer, at_desk: AtDesk, tools: Tools) -> None:
    """Give the command line both verbs; `at_desk` opens the database beside the server."""

    @cli.command()
    def backup(to: Folder = None) -> None:
        """Make a verified backup now, beside the running server."""
        with at_desk() as kit:
            made = service.back_up(kit, to)
        typer.echo(told(made))

    @cli.command()
    def restore(
        source: Source = None,
        to: Place = None,
        drill: Annotated[  # noqa: FBT002 - an option of the command line is named anyway
            bool, typer.Option("--drill", help="Only try the newest backup out.")
        ] = False,
    ) -> None:
        """Build a new data folder from a backup, or try the newest one out with --drill."""
        if drill and (source or to):
            raise Stop(BAD_USE, "A drill takes the newest backup of the server; name nothing else.")
        if drill:
            _drill(at_desk)
        elif source is None or to is None:
            raise Stop(BAD_USE, "Say which backup, and where to: milkrun restore BACKUP --to DIR")
        else:
            _restore(source, to, tools)


def told(backup: Backup) -> str:
    """One line about a backup."""
    manifest = backup.manifest
    rows = sum(manifest.tables.values())
    at = from_ms(manifest.made_ms).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{backup.path}: {rows} rows and {manifest.blobs} files of {at}, verified."


def _drill(at_desk: AtDesk) -> None:
    with at_desk() as kit:
        drilled = restoring.drill(kit, seed=kit.tools.clock.ms())
    typer.echo(told(drilled.backup))
    typer.echo(f"It was restored for trial; {drilled.runs} runs fold to what is stored.")


def _restore(source: Path, to: Path, tools: Tools) -> None:
    done = restoring.restore(source, Settings.read(data=to), tools)
    typer.echo(told(done.backup))
    typer.echo(f"It stands in {done.data}. Start the server with MILKRUN_DATA={done.data}")
    if done.missing:
        typer.echo(
            f"{len(done.missing)} files are missing in the backup or damaged; "
            "the server will ask the devices for them.",
            err=True,
        )
        raise typer.Exit(FINDINGS)
