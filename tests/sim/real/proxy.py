"""A bad network on purpose: a TCP proxy that loses, cuts, delays, stalls, throttles and repeats."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from random import Random

PIECE = 16_384
FATES: Sequence[tuple[str, int]] = (
    ("fine", 40), ("lost", 10), ("cut up", 10), ("cut down", 14), ("delayed", 8),
    ("stalled", 2), ("throttled", 6), ("twice", 10),
)  # fmt: skip
"""What becomes of a connection, with weights."""
STALL_S = 11.0
LIFE_S = (0.5, 4.0)
RECORD_MAX = 2_000_000


class Proxy:
    """One bad way to a server; the same seed gives the same fates to the same connections."""

    def __init__(self, target: int, seed: int) -> None:
        self.seen: Counter[str] = Counter()
        self.good = True
        self.down = False
        self._target = target
        self._chance = Random(seed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen on a port of this machine and give it."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def misbehave(self) -> None:
        """From now on a bad network."""
        self.good = False
        await self._cut_all()

    async def outage(self, seconds: float) -> None:
        """Nothing gets through for so long; what is under way is cut."""
        self.seen["outage"] += 1
        self.down = True
        await self._cut_all()
        await asyncio.sleep(seconds)
        self.down = False

    async def heal(self) -> None:
        """From now on a good network; old connections are cut once more."""
        self.good, self.down = True, False
        await self._cut_all()

    async def close(self) -> None:
        """End."""
        assert self._server is not None, "it was started"
        self._server.close()
        await self._cut_all()
        await self._server.wait_closed()

    async def _cut_all(self) -> None:
        tasks, writers = list(self._tasks), list(self._writers)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:  # also of a connection whose task never began
            await self._drop(writer)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the server, known to us even if we are cut while it is made."""
        making = asyncio.ensure_future(asyncio.open_connection("127.0.0.1", self._target))
        try:
            reader, writer = await asyncio.shield(making)
        except asyncio.CancelledError:
            _, writer = await making
            await self._drop(writer)
            raise
        self._writers.add(writer)
        return reader, writer

    async def _drop(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._carry(reader, writer)
        except (OSError, EOFError):
            self.seen["broken pipe"] += 1
        except asyncio.CancelledError:
            self.seen["cut under way"] += 1
        finally:
            await self._drop(writer)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            return
        fate = "fine" if self.good else self._fate()
        self.seen[fate] += 1
        if fate == "lost":
            await asyncio.wait_for(reader.read(PIECE), 5)
            await asyncio.sleep(self._chance.uniform(0.1, 1.0))
            return
        up_reader, up_writer = await self._connect()
        said = bytearray()
        up = _Way(fate, "up", self._chance.getrandbits(32), said)
        down = _Way(fate, "down", self._chance.getrandbits(32), bytearray())
        ways = [
            asyncio.ensure_future(up.carry(reader, up_writer)),
            asyncio.ensure_future(down.carry(up_reader, writer)),
        ]
        try:
            life_s = None if self.good else self._chance.uniform(*LIFE_S)
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED, timeout=life_s)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            await self._drop(up_writer)
        if fate == "twice" and not self.good:
            await self._again(bytes(said))

    def _fate(self) -> str:
        [fate] = self._chance.choices([name for name, _ in FATES], [much for _, much in FATES])
        return fate

    async def _again(self, said: bytes) -> None:
        """Everything the client said arrives a second time, later; nobody hears the answers."""
        await asyncio.sleep(self._chance.uniform(0.0, 1.0))
        reader, writer = await self._connect()
        try:
            writer.write(said)
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                while await asyncio.wait_for(reader.read(PIECE), 2):
                    pass
        finally:
            await self._drop(writer)


class _Way:
    """One direction of one connection."""

    def __init__(self, fate: str, name: str, seed: int, said: bytearray) -> None:
        self._chance = Random(seed)
        self._fate = fate
        self._said = said
        self._left = -1
        if fate == f"cut {name}":
            self._left = self._chance.choice((50, 300, 900, 3_000, 20_000, 70_000))

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass bytes on until the end, or until this way is cut."""
        while piece := await reader.read(PIECE):
            if self._left >= 0:
                piece = piece[: self._left]
                self._left -= len(piece)
            if len(self._said) < RECORD_MAX:
                self._said += piece
            await self._pass(piece, writer)
            if self._left == 0:
                return

    async def _pass(self, piece: bytes, writer: asyncio.StreamWriter) -> None:
        if self._fate == "delayed":
            await asyncio.sleep(self._chance.uniform(0.05, 1.0))
        if self._fate == "stalled" and self._chance.random() < 0.3:
            await asyncio.sleep(STALL_S)
        step = 400 if self._fate == "throttled" else len(piece)
        for start in range(0, len(piece), max(1, step)):
            writer.write(piece[start : start + step])
            await writer.drain()
            if self._fate == "throttled":
                await asyncio.sleep(0.005)
