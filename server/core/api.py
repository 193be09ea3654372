"""Routes of the server itself: its clock and identity, whether it lives, whether it is ready."""

import shutil
from typing import Any

from fastapi import Response

from server.core import http
from server.core.access import Role
from server.core.http import InParts, MaybeWho, Parts, needs
from shared.sync import API_OLDEST, API_VERSION

router = http.router("/api/v1", tags=["server"])
DISK_FREE_MIN = 0.05


@router.get("/time", openapi_extra=needs("public", "read"))
def time(parts: InParts) -> dict[str, Any]:
    """Tell the clock, who this server is, and the certificate to trust."""
    return {
        "now": parts.clock.ms(),
        "server_id": parts.server_id,
        "v": [API_OLDEST, API_VERSION],
        "ca_pem": parts.settings.ca_pem,
    }


@router.get("/health", openapi_extra=needs("public", "read"))
def health() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@router.get("/ready", openapi_extra=needs("public", "read"))
def ready(parts: InParts, who: MaybeWho, response: Response) -> dict[str, Any]:
    """Say whether the server can do its work; supervisors see what hinders it."""
    checks = readiness(parts)
    good = all(checks.values())
    response.status_code = 200 if good else 503
    told: dict[str, Any] = {"status": "ready" if good else "not ready"}
    if who is not None and Role.SUPERVISOR in who.roles:
        told["checks"] = checks
        told["worries"] = worries(parts)
    return told


def readiness(parts: Parts) -> dict[str, bool]:
    """Check what every request depends on."""
    usage = shutil.disk_usage(parts.settings.data)
    checks = {"disk": usage.free >= DISK_FREE_MIN * usage.total, "database": _writable(parts)}
    return checks | {name: bool(check()) for name, check in parts.checks.items()}


def worries(parts: Parts) -> dict[str, str]:
    """What does not hinder the server yet, or why something does: one sentence each."""
    told = {name: tell() for name, tell in parts.worries.items()}
    return {name: sentence for name, sentence in told.items() if sentence}


def _writable(parts: Parts) -> bool:
    try:
        parts.writer.run(lambda session: session.connection().exec_driver_sql("SELECT 1"))
    except Exception:  # noqa: BLE001 - whatever it is, the server is not ready
        return False
    return True
