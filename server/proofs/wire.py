"""Bodies and headers of proofs and photos."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from server.core.clock import from_ms, to_ms
from server.proofs.pictures import JPEG
from server.proofs.queries import ProofView, Wanted
from shared.gate import Note, Wire
from shared.refusals import refuse

Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


class Comment(Wire):
    """What the office says about a proof."""

    text: Annotated[Note, Field(min_length=1)]


def proof_out(proof: ProofView) -> dict[str, Any]:
    """A proof on the wire: ids as texts, instants in milliseconds."""
    return {key: _plain(value) for key, value in asdict(proof).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_ms(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def page_out(proofs: list[ProofView], limit: int) -> dict[str, Any]:
    """One page of the list and the cursor of the next."""
    last = proofs[-1] if len(proofs) == limit else None
    following = f"{to_ms(last.reported_at)}:{last.id}" if last else None
    return {"items": [proof_out(one) for one in proofs], "next": following}


class Asked(BaseModel):
    """Which proofs are asked for; query values arrive as text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run: UUID | None = None
    visit: UUID | None = None
    day: date | None = None
    cursor: Annotated[str, Field(max_length=100)] | None = None


def wanted_of(asked: Asked) -> Wanted:
    """The question of the list."""
    return Wanted(asked.run, asked.visit, asked.day, cursor_of(asked.cursor))


def cursor_of(text: str | None) -> tuple[datetime, UUID] | None:
    """The place a list goes on from."""
    if not text:
        return None
    ms, _, key = text.partition(":")
    try:
        return from_ms(int(ms[:15])), UUID(key)
    except (ValueError, OverflowError) as error:
        raise refuse("bad_input", errors=[("/query/cursor", "unknown")], why="cursor") from error


def shown_headers(media: str) -> dict[str, str]:
    """Headers of a picture made by the server: shown in place, never run, never kept."""
    name = "photo.jpg" if media == JPEG else "signature.svg"
    return {
        "Content-Type": media,
        "Content-Disposition": f'inline; filename="{name}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
