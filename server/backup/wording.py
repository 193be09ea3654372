"""What people are told about the server's backups, in their language."""

from server.backup.rules import Health
from server.core.words import _


def sentence(health: Health) -> str:
    """One sentence for anything but a green light, with the reason as it was written down."""
    told = {
        "fresh": "",
        "none_yet": _("There is no backup yet: what devices send is stored on this server only."),
        "failed": _("The last backup failed; devices keep what is not safe. Reason: {why}"),
        "old": _("The newest backup is too old; devices keep what is not safe."),
        "drill_failed": _("The last restore drill found something wrong: {why}"),
        "drill_old": _("No backup was restored for trial in the last 8 days."),
    }
    return told[health.reason].format(why=health.detail)
