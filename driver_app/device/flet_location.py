"""Positions through the client, only while somebody asked for them to start."""

from collections.abc import Callable

import flet as ft
import flet_geolocator as fg

from driver_app.device.bounded import Bounds
from driver_app.device.ports import LOCATION_S, PERSON_S, Clock, Ok, Spot, Unavailable

STREAM_M = 10
ALLOWED = (
    fg.GeolocatorPermissionStatus.ALWAYS,
    fg.GeolocatorPermissionStatus.WHILE_IN_USE,
)


class FletLocation:
    """One stream of fixes; the newest is remembered."""

    def __init__(self, bounds: Bounds, clock: Clock, *, title: str, text: str) -> None:
        self._bounds = bounds
        self._clock = clock
        self._title, self._text = title, text
        self._stream: fg.Geolocator | None = None
        self._last: Spot | None = None

    async def last(self, max_age_s: int) -> Ok[Spot] | Unavailable:
        """The newest fix, if it is not too old."""
        spot = self._last
        if spot is None or self._clock.read().mono_ms - spot.at_mono_ms > max_age_s * 1000:
            return Unavailable("absent")
        return Ok(spot)

    async def start(self, on_fix: Callable[[Spot], None]) -> Ok[None] | Unavailable:
        """Ask for the permission at the first use, then listen."""
        return await self._bounds.bounded("location.start", self._start(on_fix), PERSON_S)

    async def stop(self) -> Ok[None] | Unavailable:
        """Listen no more; without a reference the client ends the stream."""
        self._stream = None
        self._last = None
        return await self._bounds.bounded("location.stop", _nothing(), LOCATION_S)

    async def _start(self, on_fix: Callable[[Spot], None]) -> None:
        def moved(event: fg.GeolocatorPositionChangeEvent) -> None:
            spot = self._spot(event.position)
            if spot is not None:
                self._last = spot
                on_fix(spot)

        stream = fg.Geolocator(
            configuration=self._configuration(), on_position_change=moved, position=None
        )
        self._stream = stream
        if await stream.request_permission() not in ALLOWED:
            self._stream = None
            raise PermissionError("position")

    def _configuration(self) -> fg.GeolocatorConfiguration:
        """The notice keeps the process alive on Android while a run is open."""
        if ft.context.page.platform is not ft.PagePlatform.ANDROID:
            return fg.GeolocatorConfiguration(distance_filter=STREAM_M)
        return fg.GeolocatorAndroidConfiguration(
            distance_filter=STREAM_M,
            foreground_notification_config=fg.ForegroundNotificationConfiguration(
                notification_title=self._title,
                notification_text=self._text,
                notification_enable_wake_lock=True,
                notification_set_ongoing=True,
            ),
        )

    def _spot(self, position: fg.GeolocatorPosition) -> Spot | None:
        if position.latitude is None or position.longitude is None:
            return None
        return Spot(
            at_mono_ms=self._clock.read().mono_ms,
            acc_m=round(position.accuracy or 0),
            lat=float(position.latitude),
            lon=float(position.longitude),
            speed_m_s=float(position.speed or 0),
            mock=bool(position.mocked),
        )


async def _nothing() -> None:
    return None
