"""Counts what goes over one connection after the other: every byte, headers included."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import httpx

PIECE = 1 << 16


@dataclass
class Meter:
    """Bytes since the last reset: up to the server, down to the device."""

    port: int = 0
    up: int = 0
    down: int = 0

    def reset(self) -> None:
        """Begin at nothing."""
        self.up = self.down = 0


@asynccontextmanager
async def metered(server_port: int) -> AsyncIterator[Meter]:
    """A door of its own in front of the server, which counts."""
    meter, tasks = Meter(), set[asyncio.Task[None]]()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", server_port)
        for way in (_pass(reader, ours, meter, up=True), _pass(theirs, writer, meter, up=False)):
            task = asyncio.create_task(way)
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    door = await asyncio.start_server(meet, "127.0.0.1", 0)
    meter.port = door.sockets[0].getsockname()[1]
    try:
        yield meter
    finally:
        door.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # closed sockets are let go in the loop's next turn


async def _pass(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, meter: Meter, *, up: bool
) -> None:
    try:
        with suppress(ConnectionError):
            while piece := await reader.read(PIECE):
                if up:
                    meter.up += len(piece)
                else:
                    meter.down += len(piece)
                writer.write(piece)
                await writer.drain()
    finally:
        writer.close()


class Noting(httpx.AsyncHTTPTransport):
    """A real connection that notes each request."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Note it and send it."""
        self.requests.append(f"{request.method} {request.url.path}")
        return await super().handle_async_request(request)
