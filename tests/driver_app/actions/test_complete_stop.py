"""A proof: what the stop demands, what the driver gave, what became of it."""

import json

import pytest

from driver_app import actions
from driver_app.actions import Missing, NotSaved, Refused, Saved
from tests.driver_app.actions.a_shift import FullDisk, Shift, visit_id
from tests.helpers.device_rows import stop_row
from tests.helpers.photos import jpeg

pytestmark = pytest.mark.anyio
BAKERY = visit_id("bakery")


async def body(shift: Shift, number: int = -1) -> dict[str, object]:
    """Body of one of the facts recorded."""
    doc = json.loads((await shift.recorded())[number][1])
    found: dict[str, object] = doc["body"]
    return found


async def test_with_nothing_demanded_complete_is_one_tap(shift: Shift) -> None:
    answer = await actions.complete_stop(shift.ctx, BAKERY, await shift.sheet())

    assert isinstance(answer, Saved)
    assert shift.visit("bakery").state == "done"
    assert (await body(shift))["lines"] == [[str(shift.visit("bakery").lines[0].id), 3]]


async def test_a_required_part_is_asked_for_and_nothing_is_recorded(shift: Shift) -> None:
    await shift.put(stop_row("bakery", 1, proof={"photo": "required", "signature": "warn"}))
    draft = await shift.sheet()

    answer = await actions.complete_stop(shift.ctx, BAKERY, draft)

    assert answer == Missing(required=("photo",), warn=("signature",))
    assert draft.missing == ("photo",)
    assert await shift.facts() == []


async def test_a_part_asked_for_needs_one_confirmation(shift: Shift) -> None:
    await shift.put(stop_row("bakery", 1, proof={"signature": "warn"}))
    draft = await shift.sheet()

    first = await actions.complete_stop(shift.ctx, BAKERY, draft)
    second = await actions.complete_stop(shift.ctx, BAKERY, draft, confirmed=True)

    assert first == Missing(warn=("signature",))
    assert isinstance(second, Saved)


async def test_cannot_with_a_reason_lets_the_stop_be_finished(shift: Shift) -> None:
    await shift.put(stop_row("bakery", 1, proof={"photo": "required"}))
    draft = await shift.sheet()
    draft.no_proof_reason = "camera_broken"

    answer = await actions.complete_stop(shift.ctx, BAKERY, draft)

    assert isinstance(answer, Saved)
    assert (await body(shift))["proof"] == {
        "kind": "delivery",
        "method": "none",
        "no_proof_reason": "camera_broken",
    }


async def test_less_than_planned_is_partly_with_its_reason(shift: Shift) -> None:
    draft = await shift.sheet()
    line = str(shift.visit("bakery").lines[0].id)
    draft.qty[line], draft.short[line] = 1, "damaged"

    await actions.complete_stop(shift.ctx, BAKERY, draft)

    assert shift.visit("bakery").state == "partly"
    assert (await body(shift))["short"] == [[line, 1, 2, "damaged"]]
    assert shift.visit("bakery").lines[0].done == 1


async def test_empties_ride_along_in_the_same_transaction(shift: Shift) -> None:
    draft = await shift.sheet()
    draft.taken["KLT-6429"], draft.given["KLT-6429"] = 4, 1

    await actions.complete_stop(shift.ctx, BAKERY, draft)

    assert await shift.facts() == ["stop.completed", "empties.taken", "empties.taken"]
    assert shift.visit("bakery").empties_taken == {"KLT-6429": 3}


async def test_photo_and_signature_are_declared_by_the_result(shift: Shift) -> None:
    draft = await shift.sheet()
    await actions.attach(shift.ctx, draft, jpeg("one"), "photo")
    await actions.attach(shift.ctx, draft, jpeg("two"), "photo", gallery=True)
    draft.strokes, draft.signer = [[(1, 2), (3, 4)]], "M. Huber"

    await actions.complete_stop(shift.ctx, BAKERY, draft)

    doc = json.loads((await shift.recorded())[-1][1])
    assert [blob[2:] for blob in doc["blobs"]] == [
        ["application/json", "signature"],
        ["image/jpeg", "photo"],
        ["image/jpeg", "photo", "gallery"],
    ]
    assert (await body(shift))["proof"] == {
        "kind": "delivery",
        "method": "signature",
        "signer": "M. Huber",
    }
    shas = {blob[0] for blob in doc["blobs"]}
    assert {path.name for path in shift.ctx.store.blobs.iterdir()} == shas


async def test_the_sheet_is_gone_with_its_result(shift: Shift) -> None:
    draft = await shift.sheet()
    draft.note = "left side"
    await actions.keep(shift.ctx, draft)

    await actions.complete_stop(shift.ctx, BAKERY, draft)

    assert not (await shift.sheet()).restored


async def test_on_a_full_disk_the_stop_is_saved_without_its_photo(shift: Shift) -> None:
    draft = await shift.sheet()
    shift.ctx.store.files = FullDisk()

    refused = await actions.attach(shift.ctx, draft, jpeg(), "photo")
    saved = await actions.complete_stop(shift.ctx, BAKERY, draft)

    assert refused == Refused("full")
    assert isinstance(saved, Saved)
    assert shift.ctx.state.session.storage_full


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"GIF89a", "not_a_picture"),
        (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 12, "heic"),
        (jpeg("big", 5 * 1024 * 1024), "too_large"),
    ],
)
async def test_a_file_that_cannot_be_taken_is_told_why(
    shift: Shift, content: bytes, why: str
) -> None:
    draft = await shift.sheet()

    assert await actions.attach(shift.ctx, draft, content, "photo") == Refused(why)
    assert draft.files == []


async def test_a_failed_stop_wants_its_reason_first(shift: Shift) -> None:
    draft = await shift.sheet(sheet="problem")

    answer = await actions.fail_stop(shift.ctx, BAKERY, draft)

    assert answer == Missing(required=("reason",))


async def test_a_failed_stop_is_asked_for_no_signature(shift: Shift) -> None:
    await shift.put(stop_row("bakery", 1, proof={"signature": "required", "photo": "required"}))
    draft = await shift.sheet(sheet="problem")
    draft.reason = "nobody_there"

    answer = await actions.fail_stop(shift.ctx, BAKERY, draft)

    assert answer == Missing(required=("photo",))


async def test_a_photo_added_later_belongs_to_the_result(shift: Shift) -> None:
    await actions.complete_stop(shift.ctx, BAKERY, await shift.sheet())
    draft = await shift.sheet()
    await actions.attach(shift.ctx, draft, jpeg("late"), "photo")

    answer = await actions.add_proof(shift.ctx, BAKERY, draft)

    assert isinstance(answer, Saved)
    assert (await body(shift))["result"] == str(shift.visit("bakery").result)
    assert shift.visit("bakery").state == "done"


async def test_a_delivered_stop_is_not_delivered_twice(shift: Shift) -> None:
    await actions.complete_stop(shift.ctx, BAKERY, await shift.sheet())

    again = await actions.complete_stop(shift.ctx, BAKERY, await shift.sheet())
    skipped = await actions.skip_stop(shift.ctx, BAKERY, "queue", return_later=True)

    assert again == skipped == NotSaved("state")
    assert await shift.facts() == ["stop.completed"]


async def test_a_stop_reported_failed_may_still_be_delivered(shift: Shift) -> None:
    problem = await shift.sheet(sheet="problem")
    problem.reason = "closed"
    await actions.fail_stop(shift.ctx, BAKERY, problem)

    await actions.complete_stop(shift.ctx, BAKERY, await shift.sheet())

    assert shift.visit("bakery").state == "done"
