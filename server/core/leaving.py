"""When the server ends, streams end first: whoever still listens is told that nobody is there.

Without this the web server waits for its open streams, then breaks them off with a traceback.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Leaving:
    """Wraps the app; after `leave` each request that only listens any more sees a disconnect."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._over = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def leave(self) -> None:
        """End the streams; may be called by a signal handler."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._over.set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; only its listening is shortened, never its body."""
        self._loop = asyncio.get_running_loop()
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        complete = False

        async def listen() -> Message:
            nonlocal complete
            if complete:
                return await self._until_left(receive)
            message = await receive()
            complete = not message.get("more_body", False)
            return message

        answering = False

        async def answer(message: Message) -> None:
            nonlocal answering
            answering = message["type"] == "http.response.start" or message.get("more_body", False)
            await send(message)

        await self._app(scope, listen, answer)
        if answering and self._over.is_set():
            # The broken-off stream gets the end that its app did not write.
            await send({"type": "http.response.body", "body": b""})

    async def _until_left(self, receive: Receive) -> Message:
        told = asyncio.ensure_future(receive())
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait({told, over}, return_when=asyncio.FIRST_COMPLETED)
            return told.result() if told.done() else {"type": "http.disconnect"}
        finally:
            told.cancel()
            over.cancel()
