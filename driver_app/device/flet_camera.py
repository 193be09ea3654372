"""Photos through the client: its camera inside our sheet, or a picture it has already."""

import asyncio

import flet as ft
import flet_camera as fc

from driver_app.device.bounded import Bounds
from driver_app.device.ports import (
    CAMERA_OPEN_S,
    CAMERA_TAKE_S,
    PERSON_S,
    Ok,
    Picked,
    Unavailable,
)

MOUNT_POLL_S = 0.05
PICTURES = ["jpg", "jpeg", "png", "webp"]


class FletCamera:
    """The back lens of 1280 by 720 without sound; its picture is shown by `view`."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._ref: ft.Ref[fc.Camera] = ft.Ref()
        self._ready = asyncio.Event()

    def view(self) -> ft.Control:
        """The picture of the camera; it must be on the screen before `open` can succeed."""
        shown: ft.Control = fc.Camera(ref=self._ref, expand=True)
        return shown

    async def open(self) -> Ok[None] | Unavailable:
        """Wait for the picture to be on the screen, then switch the camera on."""
        return await self._bounds.bounded("camera.open", self._open(), CAMERA_OPEN_S)

    async def take(self) -> Ok[bytes] | Unavailable:
        """One JPEG."""
        return await self._bounds.bounded("camera.take", self._take(), CAMERA_TAKE_S)

    async def close(self) -> Ok[None] | Unavailable:
        """The picture leaves the screen, and the client lets go of the camera."""
        self._ready.clear()
        return Ok(None)

    async def _open(self) -> None:
        camera = await self._mounted()
        lenses = await camera.get_available_cameras()
        back = [lens for lens in lenses if lens.lens_direction is fc.CameraLensDirection.BACK]
        await camera.initialize(
            (back or lenses)[0],
            fc.ResolutionPreset.HIGH,
            enable_audio=False,
            image_format_group=fc.ImageFormatGroup.JPEG,
        )
        self._ready.set()

    async def _take(self) -> bytes:
        # A finger is quicker than a lens: a picture asked of a camera that is not on never comes.
        await self._ready.wait()
        camera = await self._mounted()
        return bytes(await camera.take_picture())

    async def _mounted(self) -> fc.Camera:
        while True:
            camera = self._ref.current
            if camera is not None and _on_screen(camera):
                return camera
            await asyncio.sleep(MOUNT_POLL_S)


def _on_screen(camera: fc.Camera) -> bool:
    try:
        return camera.page is not None
    except RuntimeError:
        return False


class FletGallery:
    """The system's picture chooser."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._picker = ft.FilePicker()

    async def pick(self) -> Ok[Picked] | Unavailable:
        """One picture; choosing none is `denied`."""
        return await self._bounds.bounded("gallery.pick", self._pick(), PERSON_S)

    async def _pick(self) -> Picked:
        files = await self._picker.pick_files(
            file_type=ft.FilePickerFileType.CUSTOM,
            allowed_extensions=PICTURES,
            with_data=True,
        )
        if not files or files[0].bytes is None:
            raise PermissionError("nothing chosen")
        return Picked(data=bytes(files[0].bytes), name=files[0].name)
