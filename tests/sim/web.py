"""The same office behind its whole HTTP stack: guard, authentication, caps, strict parsing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

from server.app import create_app
from tests.sim import world
from tests.sim.campaign import Outcome, run_one
from tests.sim.office import Answer, Headers, Office

PEER = ("192.0.2.7", 1234)
OFFICE = "Office"


@dataclass
class Web:
    """The app of one office and the loop it lives in."""

    portal: BlockingPortal
    app: FastAPI | None = None


class WebOffice(Office):
    """An office that is asked over ASGI; in its threads nothing dies, messages are enough."""

    web: Web

    def start(self) -> None:
        """Start the process; the app stays and is given the new parts."""
        super().start()
        if self.web.app is None:
            self.web.app = create_app(self.parts.settings, self.parts, background=False)
        self.web.app.state.parts = self.parts

    def answer(self, method: str, path: str, headers: Headers, content: bytes) -> Answer:
        """Send the request through the app."""
        return self.web.portal.call(self._ask, method, path, dict(headers), content)

    async def _ask(self, method: str, path: str, headers: dict[str, str], content: bytes) -> Answer:
        assert self.web.app is not None, "start() comes first"
        transport = httpx.ASGITransport(self.web.app, client=PEER, raise_app_exceptions=False)
        plain = {key: value for key, value in headers.items() if key != "Content-Length"}
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as ask:
            answer = await ask.request(method, path, headers=plain, content=content)
        told = {key.title(): value for key, value in answer.headers.items()}
        for name in ("Content-Encoding", "Content-Length"):
            told.pop(name, None)  # the body is unpacked already
        return Answer(answer.status_code, told, answer.content)


@contextmanager
def behind_http() -> Iterator[None]:
    """Let every world of this process have its office behind HTTP."""
    kept: dict[str, Any] = {name: getattr(world, name) for name in (OFFICE, *RATES)}
    with start_blocking_portal() as portal:
        WebOffice.web = Web(portal)
        setattr(world, OFFICE, WebOffice)
        for name in RATES:
            setattr(world, name, 0.0)
        try:
            yield
        finally:
            for name, value in kept.items():
                setattr(world, name, value)


RATES = ("OFFICE_KILL", "OFFICE_TROUBLE")


def run_over_http(seed: int) -> Outcome:
    """One schedule through the whole stack."""
    with behind_http():
        return run_one(seed)
