"""Binding the device to a site: the only act that needs the network."""

import base64
import hashlib
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from driver_app.actions.ctx import Ctx
from driver_app.actions.outcomes import Compare, NotPaired, Paired
from driver_app.actions.refresh import refresh
from driver_app.device.ports import Ok
from driver_app.store import blobs, meta, outbox, rows, token
from driver_app.sync.errors import ClearText, Garbled, Refused, SyncError
from driver_app.sync.ports import PairAnswer, PairedServer, TimeAnswer
from shared.gate import NAME_MAX, clean
from shared.ids import UUID7_RANDOM_BYTES, uuid7
from shared.scan import PairLink, parse_scan, tidy_code

TOKEN_KEY = "milkrun.token"  # noqa: S105  the name it is kept under
EXPORTED = "exported_seq"
"""Key of the stream and place the newest export reaches."""
COMPARE_DIGITS = 16
PLATFORM = "python"


class Door(Protocol):
    """A server not yet paired with."""

    async def time(self, *, verify: bool = True) -> TimeAnswer: ...
    async def pair(self, body: Mapping[str, Any]) -> PairAnswer: ...


Knock = Callable[[str, str | None], Door]


def knock(url: str, ca_pem: str | None) -> Door:
    """Turn to a server over HTTP; raises ClearText unless https or this machine."""
    from driver_app.sync.http import PairingApi  # noqa: PLC0415  httpx costs a start 100 ms

    return PairingApi(url, ca_pem)


def read_link(text: str) -> PairLink | None:
    """Read a `milkrun://pair?u=…&c=…` link; None if it is something else."""
    scan = parse_scan(text)
    return scan if isinstance(scan, PairLink) else None


async def pair(
    ctx: Ctx, server: str, code: str, name: str, *, ca_digest: str = "", knock: Knock = knock
) -> Paired | NotPaired | Compare:
    """Redeem a code; the outbox and the device's id are kept when it was paired before.

    `ca_digest`: fingerprint of the link, or the digits of an earlier Compare that a person has
    compared with the office's page.
    """
    server = (server if "://" in server else f"https://{server}").strip().rstrip("/")
    try:
        found = await _certificate(server, ca_digest, knock)
        if isinstance(found, Compare):
            return found
        ca_pem, time = found
        if await _belongs_elsewhere(ctx, time.server_id):
            return NotPaired("unsent")
        body = await _request(ctx, code, name)
        answer = await knock(server, ca_pem).pair(body)
    except Refused as error:
        return NotPaired(_why(error.code), error.detail)
    except ClearText:
        return NotPaired("no_https")
    except Garbled as error:
        return NotPaired("garbled", str(error))
    except SyncError as error:
        return NotPaired("unreachable", str(error))
    return await _bind(ctx, server, ca_pem, answer, str(body["name"]))


def _why(code: str) -> str:
    return code if code in ("bad_code", "slow_down") else "other"


async def _certificate(
    server: str, ca_digest: str, knock: Knock
) -> tuple[str | None, TimeAnswer] | Compare:
    """Ask who is there; a private certificate counts only when its digest was compared."""
    try:
        return None, await knock(server, None).time()
    except (Garbled, ClearText):
        raise
    except SyncError:
        if not server.startswith("https"):
            raise
    seen = await knock(server, None).time(verify=False)
    if not seen.ca_pem:
        raise SyncError("an unknown certificate")
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(seen.ca_pem)).digest()
    if not same_digest(digest, ca_digest):
        return Compare(digest.hex()[:COMPARE_DIGITS])
    return seen.ca_pem, await knock(server, seen.ca_pem).time()


def same_digest(digest: bytes, given: str) -> bool:
    """Whether a fingerprint (base64url) or the compared digits (hex) are of this certificate."""
    plain = given.replace(" ", "").lower()
    if len(plain) == COMPARE_DIGITS and digest.hex().startswith(plain):
        return True
    fingerprint = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return fingerprint == given.rstrip("=")


async def _belongs_elsewhere(ctx: Ctx, server_id: str) -> bool:
    """Whether another server still has to get facts from here, and no file holds them (C11)."""
    known, unsent, filed = await ctx.store.read(
        lambda db: (
            str(meta.get(db, "server_id")),
            outbox.unread(db)[0] + blobs.unsent(db)[0],
            meta.ui(db, EXPORTED) == [meta.get(db, "stream"), outbox.head(db)[0]],
        )
    )
    return bool(known) and known != server_id and unsent > 0 and not filed


async def _request(ctx: Ctx, code: str, name: str) -> dict[str, Any]:
    device_id: str = await ctx.store.read(lambda db: str(meta.get(db, "device_id")))
    old_token = await read_token(ctx)
    proven = bool(device_id and old_token)
    return {
        "code": tidy_code(code),
        "name": clean(name.strip(), NAME_MAX) or "Phone",
        "platform": PLATFORM,
        "app": ctx.app,
        "device_id": device_id if proven else None,
        "old_token": old_token if proven else None,
    }


async def _bind(ctx: Ctx, server: str, ca_pem: str | None, answer: PairAnswer, name: str) -> Paired:
    await _write_token(ctx, answer.token)
    clocks = ctx.store.clocks(ctx.ports.clock.read())
    base = ctx.store.timebase.anchored(clocks, clocks, answer.now)
    stream = uuid7(answer.now, ctx.ports.ids.noise(UUID7_RANDOM_BYTES))

    def write(db: meta.Db) -> int:
        if meta.get(db, "server_id") not in ("", answer.server_id):
            rows.wipe(db)
            outbox.fork(db, stream, "server_changed")
        for key in ("device_id", "site_id", "server_id"):
            meta.put(db, key, getattr(answer, key))
        meta.put(db, "url", server)
        meta.put_timebase(db, base)
        for key, value in {"name": name, "ca_pem": ca_pem, "standing": "active"}.items():
            meta.put_ui(db, key, value)
        return outbox.unread(db)[0]

    kept = await ctx.store.run(write)
    ctx.store.timebase = base
    await refresh(ctx, session=True)
    await ctx.paired(await paired_server(ctx))
    return Paired(answer.site_id, kept)


async def paired_server(ctx: Ctx) -> PairedServer | None:
    """The server this device belongs to; None before pairing or without a token."""
    url, server_id, ca_pem = await ctx.store.read(
        lambda db: (
            str(meta.get(db, "url")),
            str(meta.get(db, "server_id")),
            meta.ui(db, "ca_pem"),
        )
    )
    found = await read_token(ctx)
    if not url or found is None:
        return None
    return PairedServer(url, server_id, found, ca_pem)


async def read_token(ctx: Ctx) -> str | None:
    """The device token, from the key store or from its file."""
    answer = await ctx.ports.secrets.get(TOKEN_KEY)
    if isinstance(answer, Ok) and answer.value:
        return answer.value
    return await ctx.store.on_disk(lambda: token.load(ctx.store.files, ctx.store.folder))


async def _write_token(ctx: Ctx, value: str) -> None:
    answer = await ctx.ports.secrets.set(TOKEN_KEY, value)
    if isinstance(answer, Ok):
        await ctx.store.on_disk(lambda: token.delete(ctx.store.files, ctx.store.folder))
    else:
        await ctx.store.on_disk(lambda: token.save(ctx.store.files, ctx.store.folder, value))


async def forget_token(ctx: Ctx) -> None:
    """The office has locked the device: the token goes, the outbox stays."""
    await ctx.ports.secrets.delete(TOKEN_KEY)
    await ctx.store.on_disk(lambda: token.delete(ctx.store.files, ctx.store.folder))
