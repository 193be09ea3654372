"""Log lines: one JSON object each, and only fields of the allow-list."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

FIELDS = (
    "ts", "level", "event", "request_id", "route", "status", "duration_ms", "site", "actor_kind",
    "object_kind", "object_id", "reason", "count", "error_type", "error_where",
)  # fmt: skip
_KNOWN = frozenset(FIELDS)


def only_allowed(
    _logger: object, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drop every field that is not on the list, and tell errors by type and place alone."""
    error = line.pop("exc_info", None)
    if isinstance(error, BaseException):
        line["error_type"] = type(error).__name__
        line["error_where"] = where(error)
    return {name: line[name] for name in FIELDS if name in line and name in _KNOWN}


def where(error: BaseException) -> str:
    """The place an error came from: file and line of the innermost frame."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    last = frames[-1]
    return f"{'/'.join(last.filename.split('/')[-3:])}:{last.lineno}"


def set_up(*, level: int = logging.INFO) -> None:
    """Write log lines to standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Looked up late: whoever replaces standard error gets the lines.
        logger_factory=lambda *_names: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


set_up()
log = structlog.get_logger()
