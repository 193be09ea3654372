"""What the alarm clock does about backups: looks whether one, or a drill, is due."""

from contextlib import suppress
from datetime import datetime

from server.backup import queries, rules
from server.backup.restoring import CannotRestore, drill
from server.backup.rules import History
from server.backup.service import BackupFailed, Kit, back_up
from server.core.clock import to_ms
from server.core.logs import log

LOOK_EVERY_S = 60


def back_up_if_due(kit: Kit, now: datetime) -> None:
    """Make a backup when its time has come; a failure is written down and tried again later."""
    if rules.backup_due(_history(kit), to_ms(now)):
        with suppress(BackupFailed):
            back_up(kit)


def drill_if_due(kit: Kit, now: datetime) -> None:
    """Hold a drill when its time has come."""
    if rules.drill_due(_history(kit), to_ms(now)):
        try:
            drill(kit, seed=to_ms(now))
        except CannotRestore as found:
            log.error("drill", reason=found.sentence)


def _history(kit: Kit) -> History:
    every_s = queries.every_s(sqlite=kit.settings.sqlite)
    return kit.reads.run(lambda session: queries.history(session, every_s))
