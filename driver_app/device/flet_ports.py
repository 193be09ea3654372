"""All features of one session through its client."""

import flet as ft

from driver_app.device.bounded import Bounds
from driver_app.device.clock import SystemClock, SystemIds
from driver_app.device.flet_camera import FletCamera, FletGallery
from driver_app.device.flet_location import FletLocation
from driver_app.device.flet_services import (
    FletBattery,
    FletConnectivity,
    FletFeedback,
    FletMaps,
    FletSecrets,
    FletShare,
    FletWakelock,
    NoSecrets,
)
from driver_app.device.ports import Ports
from driver_app.i18n import _


def flet_ports(page: ft.Page) -> Ports:
    """Make the adapters; call it while `page` is the session's page, and keep the answer."""
    bounds, clock = Bounds(), SystemClock()
    return Ports(
        clock=clock,
        ids=SystemIds(),
        camera=FletCamera(bounds),
        gallery=FletGallery(bounds),
        location=FletLocation(
            bounds,
            clock,
            title=_("A run is open"),
            text=_("Position is shared with the office until you end the run or start a break."),
        ),
        secrets=NoSecrets() if page.web else FletSecrets(bounds),
        connectivity=FletConnectivity(bounds),
        # Browsers keep silent: a page may not play before it was touched.
        feedback=FletFeedback(bounds, sounds=not page.web),
        wakelock=FletWakelock(bounds),
        maps=FletMaps(bounds),
        share=FletShare(bounds),
        battery=FletBattery(bounds),
    )
