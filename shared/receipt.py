"""What the server answers to one exchange, read at the device's door (sync.md §3.2).

Anything that does not fit raises Unfit: then it was not our server, and the answer counts as no
answer at all. Unknown keys are left alone, so that a newer server may say more.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from shared.gate import Unfit
from shared.sync import Ack, Row


class RowChange(NamedTuple):
    """One row version of the feed; `deleted` is a tombstone."""

    kind: str
    id: str
    scope: str
    rev: int
    deleted: bool
    plan: dict[str, Any] | None
    fact: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Pull:
    """A page of row versions; `refused` says why there is none."""

    refused: str = ""
    scopes: tuple[str, ...] = ()
    rows: tuple[RowChange, ...] = ()
    head: int = 0
    cursor: str = ""
    more: bool = False
    digest: str | None = None
    reset: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to one exchange."""

    rid: str
    server_id: str
    now: int
    ack: Ack
    held: tuple[tuple[str, str], ...]
    pull: Pull
    need: tuple[str, ...]
    min_app: str


def _typed(value: object, kind: type, pointer: str) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Unfit(f"must be {kind.__name__}", pointer)
    return value


def _half(value: object, pointer: str) -> dict[str, Any] | None:
    return None if value is None else _typed(value, dict, pointer)


def _row(value: object, pointer: str) -> RowChange:
    row: Row = _typed(value, list, pointer)
    if len(row) not in (5, 7) or not all(isinstance(text, str) for text in row[:3]):
        raise Unfit("must be [kind, id, scope, rev, deleted, plan, fact]", pointer)
    plan, fact = (row[5], row[6]) if len(row) == 7 else (None, None)
    kind, id_, scope = row[:3]
    rev = _typed(row[3], int, pointer)
    return RowChange(
        kind, id_, scope, rev, bool(row[4]), _half(plan, pointer), _half(fact, pointer)
    )


def _texts(value: object, pointer: str) -> tuple[str, ...]:
    return tuple(_typed(text, str, pointer) for text in _typed(value, list, pointer))


def _pull(value: object) -> Pull:
    body = _typed(value, dict, "/pull")
    if "refused" in body:
        return Pull(refused=_typed(body["refused"], str, "/pull/refused"))
    digest = body.get("digest")
    return Pull(
        scopes=_texts(body.get("scopes"), "/pull/scopes"),
        rows=tuple(_row(row, "/pull/rows") for row in _typed(body.get("rows"), list, "/pull/rows")),
        head=_typed(body.get("head"), int, "/pull/head"),
        cursor=_typed(body.get("cursor"), str, "/pull/cursor"),
        more=_typed(body.get("more"), bool, "/pull/more"),
        digest=None if digest is None else _typed(digest, str, "/pull/digest"),
        reset=_typed(body.get("reset"), bool, "/pull/reset"),
    )


def parse_receipt(value: object) -> Receipt:
    """Read an answer; raises Unfit with the pointer of the first fault."""
    body = _typed(value, dict, "")
    ack = _typed(body.get("ack"), dict, "/ack")
    chain = _typed(ack.get("chain"), str, "/ack/chain")
    if len(chain) != 32 or set(chain) - set("0123456789abcdef"):
        raise Unfit("must be 32 hex digits", "/ack/chain")
    pairs = [_texts(pair, "/held") for pair in _typed(body.get("held"), list, "/held")]
    return Receipt(
        rid=_typed(body.get("rid"), str, "/rid"),
        server_id=_typed(body.get("server_id"), str, "/server_id"),
        now=_typed(body.get("now"), int, "/now"),
        ack=Ack(
            seq=_typed(ack.get("seq"), int, "/ack/seq"),
            chain=chain,
            durable=_typed(ack.get("durable"), int, "/ack/durable"),
        ),
        held=tuple((pair[0], pair[1]) for pair in pairs if len(pair) == 2),
        pull=_pull(body.get("pull")),
        need=_texts(body.get("need"), "/need"),
        min_app=str(body.get("min_app", "")),
    )
