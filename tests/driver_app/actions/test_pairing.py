"""Pairing: the right server, the right certificate, and nothing lost on the way."""

import base64
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from driver_app import actions
from driver_app.actions import Compare, Ctx, NotPaired, Paired, Session
from driver_app.actions.pairing import Door, paired_server, read_link
from driver_app.device.fakes import MemorySecrets, fake_ports
from driver_app.store.db import HereLane
from driver_app.sync.errors import ClearText, Unreachable
from driver_app.sync.ports import PairAnswer, TimeAnswer
from tests.helpers.builders import START_MS, text_id

pytestmark = pytest.mark.anyio
DER = b"the certificate of a plant"
PEM = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(DER).decode()}\n-----END CERTIFICATE-----\n"
DIGEST = hashlib.sha256(DER)
CODE = "7kq2-m9xh"


@dataclass
class FakeDoor:
    """A server with a private certificate, if it has one."""

    ca_pem: str | None = None
    server: str = text_id("server")
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    trusted: str | None = None

    async def time(self, *, verify: bool = True) -> TimeAnswer:
        if self.ca_pem and verify and self.trusted != self.ca_pem:
            raise Unreachable("certificate verify failed")
        return TimeAnswer(START_MS, self.server, self.ca_pem)

    async def pair(self, body: Mapping[str, Any]) -> PairAnswer:
        self.asked.append(body)
        device = str(body["device_id"] or text_id("device"))
        return PairAnswer(device, text_id("site"), self.server, "mrd_token", START_MS)


def at(door: FakeDoor) -> Callable[[str, str | None], Door]:
    def knock(url: str, ca_pem: str | None) -> Door:
        if url.startswith("http://10."):
            raise ClearText(url)
        door.trusted = ca_pem
        return door

    return knock


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    """A phone fresh from the shop, without a key store."""
    ports = replace(fake_ports(), secrets=MemorySecrets("absent"))
    made = actions.join(tmp_path / "phone", ports, app="0.1.0", lane=lambda _name: HereLane())
    await made.start()
    yield made
    await made.end()


@pytest.fixture
def ctx(session: Session) -> Ctx:
    return session.ctx


async def test_a_code_as_typed_pairs_and_the_server_is_known_from_then_on(ctx: Ctx) -> None:
    door = FakeDoor()

    answer = await actions.pair(ctx, "milkrun.example/", CODE, "Van 4", knock=at(door))

    assert answer == Paired(text_id("site"), 0)
    assert door.asked[0]["code"] == "7KQ2M9XH"
    server = await paired_server(ctx)
    assert server is not None
    assert (server.url, server.token) == ("https://milkrun.example", "mrd_token")
    assert ctx.state.session.standing == "active"


async def test_without_a_key_store_the_token_lies_in_a_file_of_this_user_alone(ctx: Ctx) -> None:
    await actions.pair(ctx, "https://a.example", CODE, "Van 4", knock=at(FakeDoor()))

    mode = (ctx.store.folder / "token").stat().st_mode & 0o777

    assert mode == 0o600


async def test_with_a_key_store_no_file_is_left(ctx: Ctx) -> None:
    kept = MemorySecrets()
    other = replace(ctx, ports=replace(ctx.ports, secrets=kept))

    await actions.pair(other, "https://a.example", CODE, "Van 4", knock=at(FakeDoor()))

    assert list(kept.kept.values()) == ["mrd_token"]
    assert not (ctx.store.folder / "token").exists()


async def test_a_private_certificate_is_compared_by_a_person_first(ctx: Ctx) -> None:
    door = FakeDoor(ca_pem=PEM)

    first = await actions.pair(ctx, "https://plant.lan", CODE, "T2", knock=at(door))
    assert isinstance(first, Compare)
    second = await actions.pair(
        ctx, "https://plant.lan", CODE, "T2", ca_digest=first.digits, knock=at(door)
    )

    assert first.digits == DIGEST.hexdigest()[:16]
    assert isinstance(second, Paired)
    server = await paired_server(ctx)
    assert server is not None
    assert server.ca_pem == PEM


async def test_the_fingerprint_of_the_link_is_enough(ctx: Ctx) -> None:
    fingerprint = base64.urlsafe_b64encode(DIGEST.digest()).decode().rstrip("=")
    door = FakeDoor(ca_pem=PEM)

    answer = await actions.pair(
        ctx, "https://plant.lan", CODE, "T2", ca_digest=fingerprint, knock=at(door)
    )

    assert isinstance(answer, Paired)


async def test_a_wrong_fingerprint_gets_no_code(ctx: Ctx) -> None:
    door = FakeDoor(ca_pem=PEM)

    answer = await actions.pair(
        ctx, "https://plant.lan", CODE, "T2", ca_digest="0" * 16, knock=at(door)
    )

    assert isinstance(answer, Compare)
    assert door.asked == []


async def test_clear_text_is_refused_before_anything_is_sent(ctx: Ctx) -> None:
    answer = await actions.pair(ctx, "http://10.0.0.5", CODE, "T2", knock=at(FakeDoor()))

    assert answer == NotPaired("no_https")


async def test_another_server_does_not_get_what_belongs_to_the_first(ctx: Ctx) -> None:
    await actions.pair(ctx, "https://a.example", CODE, "Van 4", knock=at(FakeDoor()))
    await actions.sign_in_unlisted(ctx, "A. Kaya")
    foreign = FakeDoor(server=text_id("foreign"))

    answer = await actions.pair(ctx, "https://b.example", CODE, "Van 4", knock=at(foreign))

    assert answer == NotPaired("unsent")
    assert foreign.asked == []


async def test_pairing_again_proves_who_it_was_and_keeps_the_outbox(ctx: Ctx) -> None:
    door = FakeDoor()
    await actions.pair(ctx, "https://a.example", CODE, "Van 4", knock=at(door))
    await actions.sign_in_unlisted(ctx, "A. Kaya")

    answer = await actions.pair(ctx, "https://a.example", "AAAA1111", "Van 4", knock=at(door))

    assert answer == Paired(text_id("site"), 1)
    assert door.asked[1]["device_id"] == text_id("device")
    assert door.asked[1]["old_token"] == "mrd_token"


def test_a_link_is_read_and_everything_else_is_none() -> None:
    link = read_link("milkrun://pair?u=https%3A%2F%2Fa.example&s=x&c=7KQ2M9XH")

    assert link is not None
    assert (link.url, link.code) == ("https://a.example", "7KQ2M9XH")
    assert read_link("P-00001") is None
