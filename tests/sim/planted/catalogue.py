"""All planted bugs by their number in sync-proof.md §4."""

from tests.sim.planted import (
    at_the_office,
    in_the_feed,
    in_the_meaning,
    on_device,
    on_the_disk,
    on_the_way,
)
from tests.sim.planted.bug import SIMULATOR, Bug

BUGS: tuple[Bug, ...] = tuple(
    sorted(
        (
            *on_device.BUGS,
            *on_the_way.BUGS,
            *at_the_office.BUGS,
            *in_the_feed.BUGS,
            *in_the_meaning.BUGS,
            *on_the_disk.BUGS,
        ),
        key=lambda bug: (bug.number, bug.letter),
    )
)
SIMULATED = tuple(bug for bug in BUGS if bug.proof == SIMULATOR)


def planted(key: str) -> Bug:
    """The bug with this number (and letter)."""
    return next(bug for bug in BUGS if bug.key == key)
