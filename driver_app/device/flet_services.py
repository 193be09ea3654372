"""The small features of the client: network, key store, maps, sharing, battery, feedback."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import flet as ft
import flet_audio as fa
import flet_secure_storage as fss

from driver_app.device.bounded import Bounds
from driver_app.device.ports import (
    BATTERY_S,
    CONNECTIVITY_S,
    FEEDBACK_S,
    MAPS_S,
    PERSON_S,
    SECRETS_S,
    WAKELOCK_S,
    Net,
    Ok,
    Unavailable,
)

SOUNDS = ("done", "wrong", "alarm")


class FletConnectivity:
    """Which network the client has."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._tell: Callable[[Net], None] = _nobody
        self._service = ft.Connectivity(on_change=self._changed)

    async def now(self) -> Ok[Net] | Unavailable:
        """The network of this moment."""
        return await self._bounds.bounded("connectivity.now", self._now(), CONNECTIVITY_S)

    async def on_change(self, tell: Callable[[Net], None]) -> Ok[None] | Unavailable:
        """Tell every change from now on."""
        self._tell = tell
        return Ok(None)

    async def _now(self) -> Net:
        return _net(await self._service.get_connectivity())

    def _changed(self, event: ft.ConnectivityChangeEvent) -> None:
        self._tell(_net(event.connectivity))


def _nobody(_net: Net) -> None:
    """Nobody listens."""


def _net(kinds: list[ft.ConnectivityType]) -> Net:
    if ft.ConnectivityType.WIFI in kinds or ft.ConnectivityType.ETHERNET in kinds:
        return "wifi"
    if ft.ConnectivityType.MOBILE in kinds:
        return "cell"
    return "none" if kinds == [ft.ConnectivityType.NONE] else "unknown"


class FletSecrets:
    """The key store of the system."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._service = fss.SecureStorage()

    async def get(self, key: str) -> Ok[str | None] | Unavailable:
        """The value of a key, or None."""
        return await self._bounds.bounded("secrets.get", self._service.get(key), SECRETS_S)

    async def set(self, key: str, value: str) -> Ok[None] | Unavailable:
        """Keep a value."""
        return await self._bounds.bounded("secrets.set", self._service.set(key, value), SECRETS_S)

    async def delete(self, key: str) -> Ok[None] | Unavailable:
        """Forget a value."""
        return await self._bounds.bounded("secrets.delete", self._service.remove(key), SECRETS_S)


class NoSecrets:
    """A browser has no key store of the device: the session keeps a file of mode 0600 instead."""

    async def get(self, key: str) -> Ok[str | None] | Unavailable:
        """There is none."""
        del key
        return Unavailable("absent")

    async def set(self, key: str, value: str) -> Ok[None] | Unavailable:
        """There is none."""
        del key, value
        return Unavailable("absent")

    async def delete(self, key: str) -> Ok[None] | Unavailable:
        """There is none."""
        del key
        return Unavailable("absent")


class FletFeedback:
    """Vibration, three short sounds and announcements; the sounds can be switched off."""

    def __init__(self, bounds: Bounds, *, sounds: bool = True) -> None:
        self._bounds = bounds
        self._haptic: Any = ft.HapticFeedback()  # its methods carry no types
        self._voice = ft.SemanticsService()
        self._sounds = {n: fa.Audio(src=f"sounds/{n}.wav") for n in SOUNDS} if sounds else {}

    async def done(self) -> Ok[None] | Unavailable:
        """One short vibration."""
        return await self._felt("done", self._haptic.light_impact())

    async def wrong(self) -> Ok[None] | Unavailable:
        """Two."""
        await self._felt("wrong", self._haptic.heavy_impact())
        return await self._felt("wrong", self._haptic.heavy_impact(), silent=True)

    async def alarm(self) -> Ok[None] | Unavailable:
        """One long, repeated by the caller until acknowledged."""
        return await self._felt("alarm", self._haptic.vibrate())

    async def announce(self, text: str) -> Ok[None] | Unavailable:
        """Read it aloud, where a screen reader is on."""
        said = self._voice.announce_message(text)
        return await self._bounds.bounded("feedback.announce", said, FEEDBACK_S)

    async def _felt(
        self, sound: str, shake: Awaitable[Any], *, silent: bool = False
    ) -> Ok[None] | Unavailable:
        if not silent and sound in self._sounds:
            await self._bounds.bounded("feedback.sound", self._sounds[sound].play(), FEEDBACK_S)
        return await self._bounds.bounded("feedback.haptic", shake, FEEDBACK_S)


class FletWakelock:
    """Keeps the screen on."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._service: Any = ft.Wakelock()  # its methods carry no types

    async def hold(self) -> Ok[None] | Unavailable:
        """On from now on."""
        return await self._bounds.bounded("wakelock.hold", self._service.enable(), WAKELOCK_S)

    async def release(self) -> Ok[None] | Unavailable:
        """As the system likes it."""
        return await self._bounds.bounded("wakelock.release", self._service.disable(), WAKELOCK_S)


class FletMaps:
    """Hands a place to the first navigation app that takes it."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._service = ft.UrlLauncher()

    async def navigate(self, lat: float, lon: float, label: str) -> Ok[None] | Unavailable:
        """Try one address after the other; asking beforehand is not reliable."""
        answer: Ok[None] | Unavailable = Unavailable("absent")
        for url in _addresses(lat, lon, label):
            answer = await self._bounds.bounded("maps", self._service.launch_url(url), MAPS_S)
            if isinstance(answer, Ok):
                return answer
        return answer


def _addresses(lat: float, lon: float, label: str) -> list[str]:
    page = ft.context.page
    web = f"https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map=17/{lat}/{lon}"
    if page.web:
        return [web]
    if page.platform is ft.PagePlatform.IOS:
        return [f"maps:?daddr={lat},{lon}", web]
    return [
        f"google.navigation:q={lat},{lon}",
        f"geo:{lat},{lon}?q={lat},{lon}({quote(label)})",
        web,
    ]


class FletShare:
    """Gives a file to another app; in a browser and on a desktop it is saved instead."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._share = ft.Share()
        self._picker = ft.FilePicker()

    async def file(self, path: Path) -> Ok[None] | Unavailable:
        """Give it away."""
        return await self._bounds.bounded("share.file", self._file(path), PERSON_S)

    async def _file(self, path: Path) -> None:
        page = ft.context.page
        if page.web or page.platform not in (ft.PagePlatform.ANDROID, ft.PagePlatform.IOS):
            content = await asyncio.to_thread(path.read_bytes)
            await self._picker.save_file(file_name=path.name, src_bytes=content)
            return
        await self._share.share_files([ft.ShareFile.from_path(str(path))])


class FletBattery:
    """How full the battery is."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._service = ft.Battery()

    async def level(self) -> Ok[int] | Unavailable:
        """In percent."""
        return await self._bounds.bounded("battery", self._level(), BATTERY_S)

    async def _level(self) -> int:
        level = await self._service.get_battery_level()
        if level is None:
            raise PermissionError("battery")
        return int(level)
