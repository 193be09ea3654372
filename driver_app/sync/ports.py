"""What the worker needs of others: the store's ledger, the server, the clocks."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.receipt import Receipt

Clocks = tuple[str, int, int]
ReadClocks = Callable[[], Clocks]


@dataclass(frozen=True)
class PairedServer:
    """One server as this device knows it; `ca_pem` is its private certificate, if it has one."""

    url: str
    server_id: str
    token: str
    ca_pem: str | None = None


@dataclass(frozen=True)
class BlobAnswer:
    """Where an upload stands, by the server's word."""

    offset: int
    complete: bool = False


@dataclass(frozen=True)
class TimeAnswer:
    """Clock and identity of a server, asked without a token."""

    now: int
    server_id: str
    ca_pem: str | None


@dataclass(frozen=True)
class PairAnswer:
    """A redeemed code."""

    device_id: str
    site_id: str
    server_id: str
    token: str
    now: int


class SyncApi(Protocol):
    """The office over the network; every method raises SyncError and nothing else."""

    async def sync(self, body: Mapping[str, Any], *, plain: bool = False) -> Receipt:
        """One exchange."""
        ...

    async def blob_offset(self, sha: str) -> BlobAnswer:
        """Where the upload of a file stands."""
        ...

    async def blob_confirmed(self, sha: str) -> bool:
        """Whether the server has just read the whole file and found its digest."""
        ...

    async def blob_patch(self, sha: str, offset: int, chunk: bytes) -> BlobAnswer:
        """Send a part of a file."""
        ...

    def poke(self, since: int) -> AsyncIterator[int]:
        """Revisions as they come, until the connection ends."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class Item(Protocol):
    """One event as the store hands it out."""

    @property
    def seq(self) -> int: ...
    @property
    def id(self) -> str: ...
    @property
    def doc(self) -> str: ...


class Outgoing(Protocol):
    """What one exchange carries."""

    @property
    def stream(self) -> str: ...
    @property
    def base_seq(self) -> int: ...
    @property
    def base_chain(self) -> str: ...
    @property
    def events(self) -> Sequence[Item]: ...
    @property
    def cursor(self) -> str | None: ...
    @property
    def fork(self) -> dict[str, Any] | None: ...
    @property
    def unsent(self) -> dict[str, Any]: ...
    @property
    def positions(self) -> dict[str, Any] | None: ...
    @property
    def backlog(self) -> bool: ...


class Applied(Protocol):
    """What an answer changed."""

    @property
    def forked(self) -> bool: ...
    @property
    def more(self) -> bool: ...
    @property
    def swapped(self) -> bool: ...
    @property
    def refused(self) -> str: ...
    @property
    def runs(self) -> set[str]: ...
    @property
    def site(self) -> bool: ...


class OpenBlob(Protocol):
    """A file the office does not have yet."""

    @property
    def sha(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def role(self) -> str: ...


class Standing(Protocol):
    """How things stand, in numbers."""

    @property
    def unsent(self) -> int: ...
    @property
    def unsent_blobs(self) -> int: ...
    @property
    def unreadable(self) -> int: ...
    @property
    def open_run(self) -> bool: ...
    @property
    def plant(self) -> bool: ...
    @property
    def server_id(self) -> str: ...
    @property
    def view_rev(self) -> int: ...
    @property
    def counters(self) -> dict[str, int]: ...


class Ledger(Protocol):
    """The store, as far as the worker may touch it; every method is one transaction."""

    def est_now_ms(self, seen: Clocks) -> int: ...
    def clocks(self, seen: Clocks) -> Clocks: ...
    def free_mb(self) -> int: ...
    def ballast(self) -> bool: ...
    async def outgoing(
        self, now_ms: int, events_max: int, bytes_max: int, *, core: bool = False
    ) -> Outgoing: ...
    async def apply(
        self, receipt: Receipt, sent: Any, sent_at: Clocks, received_at: Clocks
    ) -> Applied: ...
    async def fork(self, now_ms: int, reason: str) -> None: ...
    async def open_blobs(self, limit: int = 1) -> Sequence[OpenBlob]: ...
    async def chunk(self, sha: str, offset: int, count: int) -> bytes: ...
    async def blob_done(self, sha: str) -> None: ...
    async def blob_refused(self, sha: str) -> int: ...
    async def blob_check(self, blob: Any, seen: Clocks) -> str: ...
    async def standing(self) -> Standing: ...
    async def log(self, at_ms: int, level: str, text: str) -> None: ...
    async def count(self, name: str) -> None: ...
    async def lock(self, standing: str) -> None: ...
    async def tidy(self, now_ms: int) -> bool: ...
    async def done_blobs(self) -> Sequence[str]: ...
    async def blob_again(self, sha: str) -> None: ...
    async def kept_events(self) -> int: ...
