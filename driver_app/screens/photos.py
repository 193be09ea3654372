"""The photo part of the proof sheet: camera in the sheet, several pictures, or from the gallery."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import flet as ft

from driver_app import actions, theme
from driver_app.actions import Refused
from driver_app.device.ports import Unavailable
from driver_app.i18n import _
from driver_app.screens.desk import Desk
from driver_app.state import DraftFile, DraftView, VisitView
from driver_app.theme import Tone
from driver_app.widgets.buttons import icon_button, side_button
from driver_app.widgets.hooks import keyed, state
from driver_app.widgets.panels import strip
from driver_app.widgets.press import Act

THUMB = 120


@ft.component
def photo_part(draft: DraftView, visit: VisitView, desk: Desk) -> ft.Control:
    """Pictures so far, the camera when it is open, and the ways to one more."""
    del visit
    trouble, set_trouble = state("")
    shooting, set_shooting = state(start=False)
    acts = _Acts(draft, desk, set_trouble, set_shooting)
    rows: list[ft.Control] = [_taken(draft, desk)]
    if trouble:
        rows.append(
            strip(
                _why(trouble), ft.Icons.NO_PHOTOGRAPHY, Tone.WARN, identifier="stop.photo.trouble"
            )
        )
    if shooting and desk.camera_view is not None:
        rows.extend(_camera(desk.camera_view(), acts.shoot))
    else:
        rows.append(_ways(desk, acts.open_camera, acts.pick))
    return ft.Column(rows, spacing=theme.GAP, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


@dataclass(frozen=True)
class _Acts:
    """What the photo part can do; whatever the camera answers, the stop can be finished."""

    draft: DraftView
    desk: Desk
    trouble: Callable[[str], None]
    shooting: Callable[[bool], None]

    async def open_camera(self) -> None:
        self.shooting(True)  # noqa: FBT003  a setter of state
        found = await self.desk.ctx.ports.camera.open()
        if isinstance(found, Unavailable):
            self._closed("camera")

    async def shoot(self) -> None:
        camera = self.desk.ctx.ports.camera
        found = await camera.take()
        if isinstance(found, Unavailable):
            self._closed("camera")
        else:
            self._closed("")
            await self._put(found.value, gallery=False)
        await camera.close()

    async def pick(self) -> None:
        found = await self.desk.ctx.ports.gallery.pick()
        if not isinstance(found, Unavailable):
            await self._put(found.value.data, gallery=True)

    async def _put(self, content: bytes, *, gallery: bool) -> None:
        found = await actions.attach(self.desk.ctx, self.draft, content, "photo", gallery=gallery)
        self.trouble(found.why if isinstance(found, Refused) else "")

    def _closed(self, why: str) -> None:
        self.shooting(False)  # noqa: FBT003  a setter of state
        self.trouble(why)


def _camera(picture: ft.Control, shoot: Act) -> list[ft.Control]:
    return [
        ft.Container(
            picture, height=300, border_radius=16, clip_behavior=ft.ClipBehavior.HARD_EDGE
        ),
        side_button(
            _("Take picture"), "stop.photo.shoot", shoot, tone=Tone.MAIN, icon=ft.Icons.CAMERA
        ),
    ]


def _ways(desk: Desk, open_camera: Act, pick: Act) -> ft.Control:
    gallery = side_button(
        _("From gallery"), "stop.photo.gallery", pick, icon=ft.Icons.PHOTO_LIBRARY
    )
    camera = side_button(_("Photo"), "stop.photo.camera", open_camera, icon=ft.Icons.PHOTO_CAMERA)
    ways = [gallery] if desk.camera_view is None else [camera, gallery]
    return ft.Row(ways, wrap=True, spacing=theme.GAP, run_spacing=8)


def _taken(draft: DraftView, desk: Desk) -> ft.Control:
    pictures = [f for f in draft.files if f.role in ("photo", "document")]
    return ft.Row(
        [keyed(f.sha, _thumb, f, draft, desk) for f in pictures],
        wrap=True,
        visible=bool(pictures),
        spacing=theme.GAP,
        run_spacing=8,
    )


@ft.component
def _thumb(file: DraftFile, draft: DraftView, desk: Desk) -> ft.Control:
    """One picture, small, with the way to throw it out before it is recorded."""
    shown = ft.use_memo(lambda: _source(file), [file.sha])

    async def out() -> None:
        await actions.detach(desk.ctx, draft, file.sha)

    label = _("Photo from the gallery") if file.gallery else _("Photo")
    return ft.Semantics(
        identifier=f"stop.photo.{file.sha[:8]}",
        content=ft.Column(
            [
                ft.Image(
                    src=shown,
                    width=THUMB,
                    height=THUMB,
                    fit=ft.BoxFit.COVER,
                    border_radius=12,
                    semantics_label=label,
                ),
                icon_button(
                    ft.Icons.DELETE_OUTLINE,
                    f"stop.photo.{file.sha[:8]}.out",
                    _("Remove this photo"),
                    out,
                ),
            ],
            spacing=4,
            horizontal_alignment=ft.CrossAxisAlignment.CENTER,
        ),
    )


def _source(file: DraftFile) -> str | bytes:
    """A path on the phone; in a browser the file is at the server, so its bytes go over."""
    return Path(file.path).read_bytes() if ft.context.page.web else file.path


def _why(trouble: str) -> str:
    return {
        "camera": _("The camera is not available. Take one from the gallery, or say why not."),
        "too_large": _("This picture is too large. Take it with this app."),
        "heic": _("This kind of picture cannot be used. Take it with this app."),
        "not_a_picture": _("This is not a picture. Take one with this app."),
        "full": _("Phone memory is full: no photo now. Everything else works."),
        "too_many": _("Ten photos are enough for one stop."),
    }.get(trouble, _("This picture cannot be used. Take it with this app."))
