"""Routes of imports and exports."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BeforeValidator, Field

from server.core import http
from server.core.http import InClock, InReads, InWriter, Who, needs
from server.imports import service
from shared.gate import Many, Name, Text, Wire, Word, read_array

router = http.router("/api/v1", tags=["imports"])
Start = Annotated[int, Query(ge=0, le=1_000_000)]
FixRow = Annotated[int, Field(ge=1, le=1_000_000)]
Fix = Annotated[tuple[FixRow, Name, Text], BeforeValidator(read_array)]


class Correction(Wire):
    """What to read another way: options, mapping (empty = none), single cells."""

    options: dict[Word, Text] | None = Field(default=None, max_length=20)
    mapping: dict[Word, Text] | None = Field(default=None, max_length=100)
    fixes: Many[Fix] = ()
    save_profile: Name | None = None


class Commit(Wire):
    """Whether a single wrong row keeps all others out."""

    all_or_nothing: bool = False


async def _raw(request: Request) -> bytes:
    return await request.body()


Raw = Annotated[bytes, Depends(_raw)]


@router.post("/imports/{kind}", status_code=201, openapi_extra=needs("import", "write"))
def hand_in(
    kind: str,
    content: Raw,
    *,
    who: Who,
    reads: InReads,
    writer: InWriter,
    clock: InClock,
    profile: str = "",
    loop: str = "",
) -> dict[str, Any]:
    """Check a file; the body is the file itself."""
    one = service.kind_of(kind)
    now = clock.now()
    return service.hand_in(reads, writer, who, one, content, profile=profile, loop=loop, now=now)


@router.get("/imports", openapi_extra=needs("import", "read"))
def list_imports(who: Who, reads: InReads) -> dict[str, Any]:
    """The last imports."""
    return {"items": service.newest(reads, who), "next": None}


@router.get("/imports/{import_id}", openapi_extra=needs("import", "read"))
def look(import_id: UUID, who: Who, reads: InReads, cursor: Start = 0) -> dict[str, Any]:
    """An import with one page of what was found."""
    return service.look(reads, who, import_id, cursor)


@router.patch("/imports/{import_id}", openapi_extra=needs("import", "write"))
def correct(
    import_id: UUID,
    given: Correction,
    *,
    who: Who,
    reads: InReads,
    writer: InWriter,
    clock: InClock,
) -> dict[str, Any]:
    """Read the file another way and check it again."""
    edit = service.Edit(given.options, given.mapping, given.fixes, given.save_profile or "")
    return service.correct(reads, writer, who, import_id, edit, now=clock.now())


@router.post("/imports/{import_id}/commit", openapi_extra=needs("import", "write"))
def commit(
    import_id: UUID,
    *,
    who: Who,
    reads: InReads,
    writer: InWriter,
    clock: InClock,
    given: Commit | None = None,
) -> dict[str, Any]:
    """Take the good rows over."""
    whole = given is not None and given.all_or_nothing
    return service.commit(reads, writer, who, import_id, all_or_nothing=whole, clock=clock.now)


@router.post("/imports/{import_id}/undo", openapi_extra=needs("import", "write"))
def undo(
    import_id: UUID, who: Who, reads: InReads, writer: InWriter, clock: InClock
) -> dict[str, Any]:
    """Take an import back while nothing of it is used."""
    return service.undo(reads, writer, who, import_id, clock=clock.now)


@router.get("/exports/locations", openapi_extra=needs("export", "read"))
def export_locations(who: Who, reads: InReads) -> Response:
    """Every Location as CSV."""
    headers = {"Content-Disposition": 'attachment; filename="locations.csv"'}
    content = service.export_locations(reads, who)
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
