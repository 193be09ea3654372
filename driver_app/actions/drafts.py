"""Half-filled sheets: whatever the driver typed, drew or photographed is on the disk."""

from pathlib import Path
from typing import Any, Literal

from driver_app.actions.ctx import Ctx
from driver_app.actions.outcomes import Kept, Refused
from driver_app.device.jpeg import NotAPicture, Picture, without_metadata
from driver_app.state import DraftFile, DraftView
from driver_app.store import drafts
from driver_app.store.blobs import BlobFolder
from driver_app.store.db import DiskFull, StoreError
from driver_app.store.drafts import Draft, DraftFolder
from shared.events import BLOBS_PER_EVENT
from shared.ids import VisitId
from shared.sync import PHOTO_MAX_BYTES

Role = Literal["photo", "document"]
Sheet = Literal["proof", "problem", "station", "andon"]

FIELDS = (
    "qty", "short", "given", "taken", "signer", "signer_role", "pin_ok", "drop_point",
    "compartment", "no_proof_reason", "reason", "note", "text", "ticked",
)  # fmt: skip


async def open_draft(ctx: Ctx, visit: VisitId, sheet: Sheet = "proof") -> DraftView:
    """The kept sheet of this visit, or a new one (`restored`, `recovered` say which)."""
    view = ctx.state.session.visit(visit)
    assert view is not None, "a sheet is opened on a visit that is shown"
    draft = DraftView(key=f"{sheet}:{visit}", visit=visit, run=view.run)
    kept = await ctx.store.read(lambda db: drafts.load(db, draft.key))
    if kept is not None:
        await ctx.store.on_disk(lambda: _restore(ctx, draft, kept))
        recovered: dict[str, int] = ctx.memo.get("recovered", {})
        draft.recovered = recovered.pop(draft.key, 0)
    return draft


def _restore(ctx: Ctx, draft: DraftView, kept: Draft) -> None:
    for name in FIELDS:
        if name in kept.body:
            setattr(draft, name, kept.body[name])
    draft.strokes = [[(int(x), int(y)) for x, y in line] for line in kept.body.get("strokes", [])]
    about: dict[str, Any] = kept.body.get("files", {})
    for sha, role in kept.files:
        path = _path(ctx, draft.key, sha)
        size = ctx.store.files.size(path)
        if size is None:
            continue
        known = about.get(sha, {})
        media, gallery = str(known.get("media", "image/jpeg")), bool(known.get("gallery"))
        kind: Role = "document" if role == "document" else "photo"
        draft.files.append(DraftFile(sha, kind, str(path), size, media, gallery))
    draft.saved_ms, draft.restored = kept.saved_ms, True


def _path(ctx: Ctx, key: str, sha: str) -> Path:
    """Where a file of a sheet lies; after a kill it may have moved on to the declared ones."""
    here = DraftFolder(ctx.store.files, ctx.store.drafts).path(key, sha)
    if ctx.store.files.size(here) is not None:
        return here
    return BlobFolder(ctx.store.files, ctx.store.blobs).path(sha)


async def keep(ctx: Ctx, draft: DraftView) -> None:
    """Store the sheet as it stands; call it after each choice and 300 ms after the last key."""
    now_ms = ctx.now_ms()
    body = _body(draft)
    try:
        await ctx.store.run(lambda db: drafts.put(db, draft.key, str(draft.run), body, now_ms))
    except StoreError:
        ctx.state.session.storage_full = ctx.store.full
        return
    draft.saved_ms = now_ms


def _body(draft: DraftView) -> dict[str, Any]:
    body = {name: getattr(draft, name) for name in FIELDS}
    body["strokes"] = [[list(point) for point in line] for line in draft.strokes]
    body["files"] = {f.sha: {"media": f.media, "gallery": f.gallery} for f in draft.files}
    return body


async def attach(
    ctx: Ctx, draft: DraftView, content: bytes, role: Role, *, gallery: bool = False
) -> Kept | Refused:
    """Put a photo or document on the disk and into the sheet."""
    if len(draft.files) >= BLOBS_PER_EVENT - 1:
        return Refused("too_many")
    try:
        picture = without_metadata(content)
    except NotAPicture as error:
        return Refused("heic" if error.why == "heic" else "not_a_picture")
    if len(picture.content) > PHOTO_MAX_BYTES:
        return Refused("too_large")
    try:
        file = await _keep_file(ctx, draft, picture, role, gallery=gallery)
    except DiskFull:
        ctx.state.session.storage_full = True
        return Refused("full")
    except StoreError:
        return Refused("store")
    if file.sha not in {known.sha for known in draft.files}:
        draft.files.append(file)
    await keep(ctx, draft)
    return Kept(file)


async def _keep_file(
    ctx: Ctx, draft: DraftView, picture: Picture, role: Role, *, gallery: bool
) -> DraftFile:
    folder = DraftFolder(ctx.store.files, ctx.store.drafts)
    await keep(ctx, draft)  # the row is there before the file: a kill leaves something to adopt
    size = len(picture.content)
    sha = await ctx.store.keep_photo(lambda: folder.keep(draft.key, picture.content), size)
    await ctx.store.run(lambda db: drafts.add_file(db, draft.key, sha, role))
    path = str(folder.path(draft.key, sha))
    return DraftFile(sha, role, path, size, picture.media, gallery)


async def detach(ctx: Ctx, draft: DraftView, sha: str) -> None:
    """Take a photo out of the sheet."""
    for file in [file for file in draft.files if file.sha == sha]:
        draft.files.remove(file)
    await ctx.store.run(lambda db: drafts.remove_file(db, draft.key, sha))
    folder = DraftFolder(ctx.store.files, ctx.store.drafts)
    await ctx.store.on_disk(lambda: folder.remove(draft.key, sha))
    await keep(ctx, draft)


async def drop_draft(ctx: Ctx, draft: DraftView) -> None:
    """Throw the sheet away."""
    await ctx.store.run(lambda db: drafts.delete(db, draft.key))
    folder = DraftFolder(ctx.store.files, ctx.store.drafts)
    shas = [file.sha for file in draft.files]

    def remove() -> None:
        for sha in shas:
            folder.remove(draft.key, sha)

    await ctx.store.on_disk(remove)
