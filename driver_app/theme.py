"""Colours and sizes of the app: light, dark and high contrast, text at three scales."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import flet as ft

TOUCH = 64
PRIMARY_HIGH = 80
ROW_HIGH = 72
GAP = 12
DANGER_GAP = 24
EDGE = 16
WIDE_FROM = 900
NARROW_TO = 620
SCALES = (1.0, 1.3, 1.6)


class Mode(StrEnum):
    """Which of the three looks is on; `system` follows the device between light and dark."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"
    CONTRAST = "contrast"


Palette = Mapping[str, str]

LIGHT: Palette = MappingProxyType(
    {
        "primary": "#0B4A82",
        "on_primary": "#FFFFFF",
        "primary_container": "#D9E9F9",
        "on_primary_container": "#06294B",
        "secondary": "#FFC64D",
        "on_secondary": "#241800",
        "secondary_container": "#FFE9B8",
        "on_secondary_container": "#3A2500",
        "tertiary": "#0A552F",
        "on_tertiary": "#FFFFFF",
        "tertiary_container": "#CFF0DC",
        "on_tertiary_container": "#05331B",
        "error": "#931010",
        "on_error": "#FFFFFF",
        "error_container": "#FFDDD8",
        "on_error_container": "#4A0605",
        "surface": "#EDF1F5",
        "on_surface": "#0F1820",
        "on_surface_variant": "#364149",
        "surface_container": "#FFFFFF",
        "surface_container_high": "#E4EAF0",
        "outline": "#5E6A74",
        "outline_variant": "#C6CFD6",
    }
)
DARK: Palette = MappingProxyType(
    {
        "primary": "#9CCBFF",
        "on_primary": "#052544",
        "primary_container": "#133A60",
        "on_primary_container": "#DDEBFB",
        "secondary": "#FFC64D",
        "on_secondary": "#241800",
        "secondary_container": "#463000",
        "on_secondary_container": "#FFE3A6",
        "tertiary": "#7EDFA6",
        "on_tertiary": "#04301A",
        "tertiary_container": "#0C3B22",
        "on_tertiary_container": "#C8F5D9",
        "error": "#FFB4AB",
        "on_error": "#4A0503",
        "error_container": "#5C1210",
        "on_error_container": "#FFDFDA",
        "surface": "#0B1014",
        "on_surface": "#F1F5F8",
        "on_surface_variant": "#C2CCD4",
        "surface_container": "#172027",
        "surface_container_high": "#26313A",
        "outline": "#8F9CA7",
        "outline_variant": "#36434D",
    }
)
CONTRAST: Palette = MappingProxyType(
    {
        "primary": "#FFE600",
        "on_primary": "#000000",
        "primary_container": "#000000",
        "on_primary_container": "#FFFFFF",
        "secondary": "#FFB000",
        "on_secondary": "#000000",
        "secondary_container": "#2E2000",
        "on_secondary_container": "#FFE9B8",
        "tertiary": "#5CFF9D",
        "on_tertiary": "#000000",
        "tertiary_container": "#00240F",
        "on_tertiary_container": "#D5FFE5",
        "error": "#FFB3B3",
        "on_error": "#000000",
        "error_container": "#3D0000",
        "on_error_container": "#FFE5E5",
        "surface": "#000000",
        "on_surface": "#FFFFFF",
        "on_surface_variant": "#FFFFFF",
        "surface_container": "#0A0A0A",
        "surface_container_high": "#1E1E1E",
        "outline": "#FFFFFF",
        "outline_variant": "#B0B0B0",
    }
)
PALETTES: Mapping[str, Palette] = MappingProxyType(
    {"light": LIGHT, "dark": DARK, "contrast": CONTRAST}
)

# Every pair of text and ground that a screen of a run may use (S5-S8, S16): at least 7:1.
TEXT_PAIRS = (
    ("on_surface", "surface"),
    ("on_surface", "surface_container"),
    ("on_surface", "surface_container_high"),
    ("on_surface_variant", "surface"),
    ("on_surface_variant", "surface_container"),
    ("on_surface_variant", "surface_container_high"),
    ("on_primary", "primary"),
    ("on_primary_container", "primary_container"),
    ("on_secondary", "secondary"),
    ("on_secondary_container", "secondary_container"),
    ("on_tertiary", "tertiary"),
    ("on_tertiary_container", "tertiary_container"),
    ("on_error", "error"),
    ("on_error_container", "error_container"),
)
# Borders and icons that carry a meaning: at least 3:1.
MARK_PAIRS = (
    ("outline", "surface"),
    ("outline", "surface_container"),
    ("primary", "surface_container"),
    ("primary", "surface"),
    ("tertiary", "surface_container"),
    ("error", "surface_container"),
)

GROUND = ft.Colors.SURFACE
CARD = ft.Colors.SURFACE_CONTAINER
TILE = ft.Colors.SURFACE_CONTAINER_HIGH
INK = ft.Colors.ON_SURFACE
SOFT = ft.Colors.ON_SURFACE_VARIANT
LINE = ft.Colors.OUTLINE
HAIR = ft.Colors.OUTLINE_VARIANT


class Tone(StrEnum):
    """What a coloured ground means; never the only sign, an icon and a word go with it."""

    MAIN = "primary"
    WARN = "secondary"
    DONE = "tertiary"
    BAD = "error"
    CALM = "surface_container_high"

    @property
    def ground(self) -> ft.Colors:
        """The full colour, for the one thing that matters."""
        return colour(self.pair[1])

    @property
    def on_ground(self) -> ft.Colors:
        """Text and icons on the full colour."""
        return colour(self.pair[0])

    @property
    def tint(self) -> ft.Colors:
        """The quiet colour, for strips, chips and panels."""
        return colour(self.quiet_pair[1])

    @property
    def on_tint(self) -> ft.Colors:
        """Text and icons on the quiet colour."""
        return colour(self.quiet_pair[0])

    @property
    def pair(self) -> tuple[str, str]:
        """Roles of text and full ground."""
        return ("on_surface" if self is Tone.CALM else f"on_{self.value}", self.value)

    @property
    def quiet_pair(self) -> tuple[str, str]:
        """Roles of text and quiet ground."""
        if self is Tone.CALM:
            return self.pair
        return (f"on_{self.value}_container", f"{self.value}_container")


def colour(role: str) -> ft.Colors:
    """The client's name of a role; it looks the value up in the theme that is on."""
    return ft.Colors[role.upper()]


def make_theme(palette: Palette, scale: float) -> ft.Theme:
    """One look: its colours, and all text sizes times the driver's scale."""
    return ft.Theme(
        color_scheme=ft.ColorScheme(**palette),
        font_family="Roboto",
        scaffold_bgcolor=palette["surface"],
        text_theme=text_theme(scale),
        page_transitions=ft.PageTransitionsTheme(
            android=ft.PageTransitionTheme.NONE,
            ios=ft.PageTransitionTheme.NONE,
            linux=ft.PageTransitionTheme.NONE,
            macos=ft.PageTransitionTheme.NONE,
            windows=ft.PageTransitionTheme.NONE,
        ),
    )


def text_theme(scale: float) -> ft.TextTheme:
    """The sizes by role; no role used in a run is below 16."""

    def style(size: int, weight: ft.FontWeight = ft.FontWeight.W_400) -> ft.TextStyle:
        return ft.TextStyle(size=round(size * scale), weight=weight, letter_spacing=0)

    bold = ft.FontWeight.W_700
    return ft.TextTheme(
        body_large=style(18),
        body_medium=style(16),
        body_small=style(16),
        title_medium=style(20, bold),
        title_large=style(22, bold),
        headline_medium=style(28, bold),
        display_medium=style(40, bold),
        display_large=style(72, bold),
        label_large=style(18, bold),
        label_medium=style(16, bold),
    )


def apply(page: ft.Page, mode: Mode, scale: float) -> None:
    """Put a look on the page; the client switches between light and dark by itself."""
    palettes = (CONTRAST, CONTRAST) if mode is Mode.CONTRAST else (LIGHT, DARK)
    page.theme = make_theme(palettes[0], scale)
    page.dark_theme = make_theme(palettes[1], scale)
    page.theme_mode = {
        Mode.SYSTEM: ft.ThemeMode.SYSTEM,
        Mode.LIGHT: ft.ThemeMode.LIGHT,
        Mode.DARK: ft.ThemeMode.DARK,
        Mode.CONTRAST: ft.ThemeMode.DARK,
    }[mode]
