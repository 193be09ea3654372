"""Bodies of the exception list."""

from typing import Annotated, Any, Literal

from pydantic import Field

from server.core.clock import to_ms
from server.feed.kinds import actions, titles
from server.feed.queries import ExceptionView
from shared.gate import Note, Wire


class Deed(Wire):
    """What somebody does with an exception."""

    do: Literal["take", "settle"]
    reason: Annotated[Note, Field(max_length=2_000)] = ""


def exception_out(item: ExceptionView) -> dict[str, Any]:
    """An exception with its words in the reader's language."""
    return {
        "id": str(item.id),
        "kind": item.kind,
        "title": titles()[item.kind],
        "action": actions()[item.kind],
        "subject_kind": item.subject_kind,
        "subject": item.subject_id,
        "severity": item.severity,
        "state": item.state,
        "detail": item.detail,
        "owner": str(item.owner_id) if item.owner_id else None,
        "raised": to_ms(item.raised_at),
        "changed": to_ms(item.changed_at),
        "closed": to_ms(item.closed_at) if item.closed_at else None,
        "reason": item.reason,
        "rev": item.rev,
    }
