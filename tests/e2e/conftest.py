"""What most browser tests need: a browser for each file, and a supervisor's tab on its server."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.helpers.board_tab import BoardTab, Stand, board_context, board_tab
from tests.helpers.browser import chromium_browser, leave


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a file."""
    with chromium_browser() as found:
        yield found


@pytest.fixture
def tab(browser: Browser, stand: Stand) -> Iterator[BoardTab]:
    """A supervisor who is signed in at the server of the file; nothing may go wrong meanwhile."""
    context = board_context(browser, stand.origin)
    tab = board_tab(context, stand.origin)
    tab.sign_in()
    yield tab
    leave(context)
    assert tab.troubles == []
