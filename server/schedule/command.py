"""The verb `milkrun schedule preview` as the command line parses it."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from server.schedule import preview as previewing


def preview(
    file: Annotated[Path, typer.Argument(metavar="RULE.json", help="The rule.")],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First date.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last date.")],
    missing: Annotated[bool, typer.Option("--missing", help="Tell dates without too.")] = False,  # noqa: FBT002
) -> None:
    """Print the departures of a rule, one JSON object per line."""
    for line in previewing.lines(file, first.date(), last.date(), missing=missing):
        typer.echo(line)
