"""The office over HTTP: the only place that knows httpx."""

import base64
import contextlib
import gzip
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from driver_app.sync.errors import ClearText, Garbled, Refused, SyncError, Unreachable
from driver_app.sync.ports import BlobAnswer, PairAnswer, PairedServer, TimeAnswer
from shared.gate import Unfit
from shared.receipt import Receipt, parse_receipt
from shared.sync import GZIP_FROM, POKE_HEARTBEAT_S, REQUEST_S

CHUNK_S = 30
JSON = "application/json"
# What httpx says of itself in every request; the server needs none of it, and bytes cost.
UNSAID = ("Accept", "Connection", "User-Agent")
MakeTransport = Callable[[], httpx.AsyncBaseTransport | None]


def _no_transport() -> None:
    return None


def check_url(url: str) -> str:
    """The address without a trailing slash; raises ClearText unless https or this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return url.rstrip("/")
    if parts.scheme == "http" and _loopback(parts.hostname or ""):
        return url.rstrip("/")
    raise ClearText(url)


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class HttpApi:
    """One paired server; connections are kept between calls."""

    def __init__(self, server: PairedServer, transport: MakeTransport = _no_transport) -> None:
        self._server = server
        self._client = _client(server.url, server.ca_pem, transport())
        self._auth = {"Authorization": f"Bearer {server.token}"}

    async def sync(self, body: Mapping[str, Any], *, plain: bool = False) -> Receipt:
        """One exchange; an answer counts only if it is ours (C2)."""
        content = json.dumps(body, separators=(",", ":"), ensure_ascii=True).encode()
        headers = {**self._auth, "Content-Type": JSON}
        if len(content) >= GZIP_FROM and not plain:
            content = gzip.compress(content, 6, mtime=0)
            headers["Content-Encoding"] = "gzip"
        answer = await self._send("POST", "/api/v1/sync", content=content, headers=headers)
        if answer.status_code != 200:
            raise self._problem(answer)
        try:
            receipt = parse_receipt(answer.json())
        except (Unfit, ValueError) as error:
            raise Garbled(str(error)) from error
        if receipt.rid != body["rid"] or receipt.server_id != self._server.server_id:
            raise Unreachable("an answer that is not to this question")
        return receipt

    async def blob_offset(self, sha: str) -> BlobAnswer:
        """Where an upload stands; a bodyless answer counts only with our headers."""
        answer = await self._send("HEAD", f"/api/v1/blobs/{sha}", headers=self._auth)
        if answer.status_code == 200 and "Upload-Length" in answer.headers:
            return _blob_answer(answer)
        if answer.status_code == 404 and answer.headers.get("Upload-Declared") == "?0":
            raise Refused(404, "blob_not_declared")
        raise Unreachable(f"HEAD {answer.status_code}")

    async def blob_confirmed(self, sha: str) -> bool:
        """Whether the server reads its file anew and names the digest we know (RFC 9530)."""
        headers = {**self._auth, "Want-Repr-Digest": "sha-256=10"}
        path = f"/api/v1/blobs/{sha}"
        answer = await self._send("HEAD", path, headers=headers, timeout=CHUNK_S)
        if answer.status_code == 200 and "Upload-Length" in answer.headers:
            ours = base64.b64encode(bytes.fromhex(sha)).decode()
            return bool(answer.headers.get("Repr-Digest") == f"sha-256=:{ours}:")
        if answer.status_code == 404 and answer.headers.get("Upload-Declared") == "?0":
            return False
        raise Unreachable(f"HEAD {answer.status_code}")

    async def blob_patch(self, sha: str, offset: int, chunk: bytes) -> BlobAnswer:
        """Send a part of a file from the offset the server named."""
        headers = {
            **self._auth,
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
        }
        path = f"/api/v1/blobs/{sha}"
        answer = await self._send("PATCH", path, content=chunk, headers=headers, timeout=CHUNK_S)
        if answer.status_code == 204 and "Upload-Offset" in answer.headers:
            return _blob_answer(answer)
        raise self._problem(answer)

    async def poke(self, since: int) -> AsyncIterator[int]:
        """Revisions as they come, until the connection ends."""
        quiet = httpx.Timeout(REQUEST_S, read=2.0 * POKE_HEARTBEAT_S)
        request = self._client.build_request(
            "GET", "/api/v1/poke", params={"since": since}, headers=self._auth, timeout=quiet
        )
        try:
            answer = await self._client.send(request, stream=True)
            async with contextlib.aclosing(_Revisions(answer)) as revisions:
                if not answer.headers.get("Content-Type", "").startswith("text/event-stream"):
                    raise Unreachable(f"poke {answer.status_code}")
                async for revision in revisions.each():
                    yield revision
        except httpx.HTTPError as error:
            raise Unreachable(str(error)) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        timeout: float = REQUEST_S,  # noqa: ASYNC109  httpx has its own deadlines per phase
    ) -> httpx.Response:
        try:
            return await self._client.request(
                method, path, content=content, headers=dict(headers), timeout=timeout
            )
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error

    def _problem(self, answer: httpx.Response) -> SyncError:
        """A refusal if the body is ours, else an answer of somebody in between."""
        return problem(answer, self._server.server_id)


class _Revisions:
    """The lines of a poke stream, as revisions."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer

    async def each(self) -> AsyncIterator[int]:
        """Every `data:` line that is a number."""
        async for line in self._answer.aiter_lines():
            name, _, value = line.partition(":")
            if name == "data" and value.strip().isdecimal():
                yield int(value)

    async def aclose(self) -> None:
        """End the stream."""
        await self._answer.aclose()


class PairingApi:
    """A server not yet paired with: who are you, and here is a code."""

    def __init__(
        self, url: str, ca_pem: str | None = None, transport: MakeTransport = _no_transport
    ) -> None:
        self._url = check_url(url)
        self._ca_pem = ca_pem
        self._transport = transport

    async def time(self, *, verify: bool = True) -> TimeAnswer:
        """Clock, identity and private certificate; unverified only to learn the certificate."""
        async with _client(self._url, self._ca_pem, self._transport(), verify=verify) as client:
            answer = await _ask(client.get("/api/v1/time"))
        body = _object(answer)
        try:
            return TimeAnswer(int(body["now"]), str(body["server_id"]), body.get("ca_pem"))
        except (KeyError, TypeError, ValueError) as error:
            raise Garbled("not a Milk Run server") from error

    async def pair(self, body: Mapping[str, Any]) -> PairAnswer:
        """Redeem a code."""
        async with _client(self._url, self._ca_pem, self._transport()) as client:
            answer = await _ask(client.post("/api/v1/pair", json=dict(body)))
        if answer.status_code != 200:
            raise problem(answer, None)
        found = _object(answer)
        try:
            return PairAnswer(
                device_id=str(found["device_id"]),
                site_id=str(found["site_id"]),
                server_id=str(found["server_id"]),
                token=str(found["token"]),
                now=int(found["now"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Garbled("not a pairing answer") from error


def problem(answer: httpx.Response, server_id: str | None) -> SyncError:
    """Read an error answer; without our `server_id` (when we know it) it is not ours."""
    try:
        body = answer.json()
    except ValueError:
        return Unreachable(f"{answer.status_code} without a body of ours")
    ours = isinstance(body, dict) and isinstance(body.get("code"), str)
    if not ours or (server_id is not None and body.get("server_id") != server_id):
        return Unreachable(f"{answer.status_code} from somebody else")
    offset = answer.headers.get("Upload-Offset", "")
    return Refused(
        answer.status_code,
        body["code"],
        str(body.get("detail", "")),
        retry_after_s=_retry_after(answer),
        offset=int(offset) if offset.isdecimal() else None,
    )


def _client(
    url: str,
    ca_pem: str | None,
    transport: httpx.AsyncBaseTransport | None,
    *,
    verify: bool = True,
) -> httpx.AsyncClient:
    trust: ssl.SSLContext | bool = verify
    if ca_pem is not None and verify:
        trust = ssl.create_default_context(cadata=ca_pem)
    client = httpx.AsyncClient(
        base_url=check_url(url),
        headers={"Accept-Encoding": "gzip"},
        verify=trust,
        transport=transport,
        timeout=REQUEST_S,
        follow_redirects=False,
        trust_env=False,
    )
    for name in UNSAID:
        client.headers.pop(name, None)
    return client


async def _ask(call: Any) -> httpx.Response:
    try:
        answer: httpx.Response = await call
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error
    return answer


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError as error:
        raise Garbled("not JSON") from error
    if not isinstance(body, dict):
        raise Garbled("not an object")
    return body


def _blob_answer(answer: httpx.Response) -> BlobAnswer:
    offset = answer.headers.get("Upload-Offset", "")
    if not offset.isdecimal():
        raise Garbled("no Upload-Offset")
    return BlobAnswer(int(offset), answer.headers.get("Upload-Complete") == "?1")


def _retry_after(answer: httpx.Response) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None
