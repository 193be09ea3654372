"""The devices page in a browser: what is red says what to do, and a phone's file is handed in."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from shared.chain import CHAIN_ZERO, doc_bytes, next_chain
from shared.events import write_doc
from tests.helpers.board_tab import Stand, board_context, board_server, board_tab
from tests.helpers.browser import leave
from tests.helpers.builders import completed, text_id

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with board_server(tmp_path_factory.mktemp("board"), whole=True) as found:
        yield found


def outbox(path: Path) -> Path:
    """The file of a phone this server does not know: one record."""
    event = completed()
    doc = write_doc(event.envelope, event.body)
    chain = next_chain(CHAIN_ZERO, event.id, doc_bytes(doc))
    line = json.dumps({"seq": 1, "id": event.id, "chain": chain, "doc": doc}) + "\n"
    manifest = {
        "format": 1, "device_id": text_id("phone"), "stream": text_id("stream"), "count": 1,
        "base": {"seq": 0, "chain": CHAIN_ZERO}, "made_ms": 1,
        "events_sha": hashlib.sha256(line.encode()).hexdigest(),
    }  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        archive.writestr("events.jsonl", line)
    return path


def test_a_file_of_a_phone_is_handed_in_and_told_in_sentences(
    browser: Browser, stand: Stand, tmp_path: Path
) -> None:
    context = board_context(browser, stand.origin)
    tab = board_tab(context, stand.origin)
    tab.sign_in()
    tab.go("/devices")
    wrong = tmp_path / "wrong.mro"
    wrong.write_bytes(b"name,lat,lon\nA,60,24\n")

    tab.page.locator(".page-head [data-opens=outbox]").click()
    tab.page.set_input_files("#outbox-file", wrong)
    tab.page.click("#outbox-send")
    tab.wait_text("#outbox-said", "This file cannot be read")
    tab.page.set_input_files("#outbox-file", outbox(tmp_path / "phone.mro"))
    tab.page.click("#outbox-send")
    tab.wait_text("#outbox-said", "1 entry is new.")
    tab.wait_text("#outbox-said", "1 entry waits for your decision.")
    tab.screenshot("board-outbox")

    leave(context)
    assert [one for one in tab.troubles if "422" not in one] == []


def test_a_red_field_opens_what_is_to_be_done_about_it(browser: Browser, stand: Stand) -> None:
    context = board_context(browser, stand.origin)
    tab = board_tab(context, stand.origin)
    tab.sign_in()
    tab.go("/devices")

    tab.page.locator("td .sign:has(.tag.bad) [data-opens=pair]").first.click()
    shown = tab.page.locator("dialog#pair[open]").count()

    red = tab.page.locator("#devices-list .tag.bad").count()
    acts = tab.page.locator("#devices-list .sign:has(.tag.bad) .button").count()
    leave(context)
    assert shown == 1
    assert red == acts >= 4
