"""The three looks keep text readable in sunlight and at night."""

import pytest

from driver_app import theme

TEXT_MIN = 7.0
MARK_MIN = 3.0


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("look", theme.PALETTES)
@pytest.mark.parametrize(("text", "ground"), theme.TEXT_PAIRS)
def test_text_of_a_run_stands_out_seven_to_one(look: str, text: str, ground: str) -> None:
    palette = theme.PALETTES[look]

    assert contrast(palette[text], palette[ground]) >= TEXT_MIN


@pytest.mark.parametrize("look", theme.PALETTES)
@pytest.mark.parametrize(("mark", "ground"), theme.MARK_PAIRS)
def test_borders_and_icons_stand_out_three_to_one(look: str, mark: str, ground: str) -> None:
    palette = theme.PALETTES[look]

    assert contrast(palette[mark], palette[ground]) >= MARK_MIN


def test_every_tone_uses_a_measured_pair() -> None:
    pairs = {tone.pair for tone in theme.Tone} | {tone.quiet_pair for tone in theme.Tone}

    assert pairs <= set(theme.TEXT_PAIRS)


@pytest.mark.parametrize("scale", theme.SCALES)
def test_no_text_of_a_run_is_below_sixteen(scale: float) -> None:
    sizes = theme.text_theme(scale)

    assert sizes.body_medium is not None
    assert (sizes.body_medium.size or 0) >= 16 * scale - 0.5
