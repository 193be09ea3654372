"""Streams end when the server ends."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from server.core.leaving import Leaving

pytestmark = pytest.mark.anyio


class Listener:
    """An app that reads its request and then listens until the other side is gone."""

    def __init__(self) -> None:
        self.heard: list[Message] = []

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not self.heard or self.heard[-1]["type"] != "http.disconnect":
            self.heard.append(await receive())


class Client:
    """Sends a body in parts, then stays silent for ever."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = list(parts)
        self.got: list[Message] = []
        self.silent = asyncio.Event()

    async def receive(self) -> Message:
        if self.parts:
            part = self.parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(self.parts)}
        self.silent.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: Message) -> None:
        self.got.append(message)


async def test_a_stream_ends_when_the_server_leaves_and_not_before() -> None:
    app, client = Listener(), Client(b"a", b"b")
    leaving = Leaving(app)
    scope: dict[str, Any] = {"type": "http"}
    stream = asyncio.ensure_future(leaving(scope, client.receive, client.send))
    await client.silent.wait()
    assert not stream.done()

    leaving.leave()
    await stream

    assert [one.get("body") for one in app.heard] == [b"a", b"b", None]
    assert client.got[-1] == {"type": "http.response.body", "body": b""}


async def test_leaving_before_anybody_came_is_fine() -> None:
    Leaving(Listener()).leave()
