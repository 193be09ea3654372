"""What an act answers, sorted by what the screen does with it."""

from dataclasses import dataclass
from pathlib import Path

from driver_app.state import DraftFile
from shared.ids import EventId


@dataclass(frozen=True)
class Saved:
    """On the disk: shown as "Saved" from now on."""

    ids: tuple[EventId, ...]


@dataclass(frozen=True)
class Missing:
    """Parts of the proof that are still missing; nothing was recorded.

    `required` parts need a reason (`draft.no_proof_reason`), `warn` parts one confirmation.
    """

    required: tuple[str, ...] = ()
    warn: tuple[str, ...] = ()


@dataclass(frozen=True)
class NotSaved:
    """Nothing was recorded and the form stays filled.

    `why`: `busy` (the first tap is still being saved), `full` (memory full), `store` (the disk
    failed; Try again), `gone` (not on this device any more), `state` (not possible now).
    """

    why: str


@dataclass(frozen=True)
class UnknownLabel:
    """The label belongs to no line here: red panel, "Add anyway"."""

    label: str
    elsewhere: str = ""
    """Name of the stop it belongs to, if it is on this run."""


@dataclass(frozen=True)
class SignedIn:
    """Somebody drives from here on."""

    name: str
    lang: str


@dataclass(frozen=True)
class WrongPin:
    """The PIN is wrong, or must wait: `wait_until_ms` is 0 while tries are left."""

    tries_left: int
    wait_until_ms: int


@dataclass(frozen=True)
class NotKnown:
    """No driver here has this badge."""


@dataclass(frozen=True)
class Kept:
    """The file is on the disk and in the sheet."""

    file: DraftFile


@dataclass(frozen=True)
class Refused:
    """The file cannot be taken: `too_large`, `not_a_picture`, `heic`, `full`, `too_many`."""

    why: str


@dataclass(frozen=True)
class Paired:
    """The device belongs to a site now; `kept` unsent facts go to it."""

    site: str
    kept: int


@dataclass(frozen=True)
class NotPaired:
    """Pairing failed: `unreachable`, `no_https`, `bad_code`, `slow_down`, `garbled`, `other`.

    `detail` is the server's sentence, where it sent one.
    """

    why: str
    detail: str = ""


@dataclass(frozen=True)
class Compare:
    """A private certificate: the driver compares these 16 hex digits with the office's page."""

    digits: str


@dataclass(frozen=True)
class Exported:
    """Everything unsent is in this file; `left_out` photos could not be read."""

    path: Path
    count: int
    left_out: int


@dataclass(frozen=True)
class Unpaired:
    """The device belongs to nobody; what it had not sent is still here."""

    kept: int


@dataclass(frozen=True)
class StillUnsent:
    """Leaving needs the export file first, then this number typed in."""

    unsent: int
    exported: bool


Outcome = Saved | NotSaved
