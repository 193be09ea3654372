"""What can go wrong in a talk with the office, sorted by what the worker does about it.

SyncError                      nothing is lost: the outbox still holds every fact
├── Unreachable                no answer, or not our server (captive portal)
├── Refused                    the server answered with a problem body
└── Garbled                    an answer that does not parse
"""


class SyncError(Exception):
    """Nothing is lost: the outbox still holds every fact."""


class Unreachable(SyncError):
    """No answer, or not our server."""


class Garbled(Unreachable):
    """An answer that does not parse: not our server either."""


class ClearText(SyncError):
    """Neither https nor this very machine: nothing is sent."""


class Refused(SyncError):
    """The server answered with a problem body of its own."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        retry_after_s: float | None = None,
        offset: int | None = None,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.offset = offset
