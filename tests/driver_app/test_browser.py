"""One writer per browser: who waits for the place of another tab, and when it is free."""

import asyncio
from types import SimpleNamespace
from typing import Any

from driver_app.browser import left_alone

NAME = "0123456789abcdef0123456789abcdef"


def a_tab() -> Any:
    """What a session shows of its tab."""
    return SimpleNamespace(page=SimpleNamespace(session=SimpleNamespace(connection=object())))


async def waiting_for(sessions: dict[str, Any], mine: Any, change: Any) -> bool:
    """Wait for the place in `sessions`, while something changes a moment later."""
    asyncio.get_running_loop().call_later(0.05, change)
    return await left_alone(sessions, NAME, sessions[NAME], mine.page)


def test_a_tab_that_was_the_same_one_before_a_reload_gives_its_place() -> None:
    old, mine = a_tab(), a_tab()

    def noticed_late() -> None:
        old.page.session.connection = None

    assert asyncio.run(waiting_for({NAME: old}, mine, noticed_late)) is True


def test_a_tab_that_went_away_itself_takes_no_place() -> None:
    old, mine = a_tab(), a_tab()

    def left() -> None:
        mine.page.session.connection = None

    assert asyncio.run(waiting_for({NAME: old}, mine, left)) is False


def test_a_place_that_a_third_tab_took_is_not_free() -> None:
    old, mine, third = a_tab(), a_tab(), a_tab()
    sessions = {NAME: old}

    def taken() -> None:
        sessions[NAME] = third

    assert asyncio.run(waiting_for(sessions, mine, taken)) is False
