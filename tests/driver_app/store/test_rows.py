"""Rows go on the screen all at once, and only whole."""

import pytest

from driver_app.store import meta, rows
from driver_app.store.db import Store
from shared.chain import row_digest
from shared.receipt import RowChange
from tests.driver_app.store.a_store import answer, gone, row
from tests.helpers.builders import START_MS, text_id

pytestmark = pytest.mark.anyio
RUN = f"run:{text_id('run')}"


async def names(store: Store, kind: str = "stop") -> list[str]:
    found = await store.read(lambda db: rows.of_kind(db, kind))
    return sorted(str(one.plan.get("name")) for one in found)


def stop(name: str, rev: int = 1, scope: str = RUN) -> RowChange:
    return row("stop", name, scope, rev, name=name)


async def test_pages_are_shown_only_with_the_last_one(store: Store) -> None:
    await answer(store, stop("bakery"), scopes=(RUN,), more=True, cursor="c1:5:aa:1:stop:x:y")
    before = await names(store)

    applied = await answer(store, stop("dairy"), scopes=(RUN,))

    assert before == []
    assert await names(store) == ["bakery", "dairy"]
    assert applied.runs == {text_id("run")}


async def test_a_row_that_moves_to_another_scope_survives_its_tombstone(store: Store) -> None:
    await answer(store, stop("bakery"), scopes=(RUN, "run:b"))

    moved = stop("bakery", 2, "run:b")
    await answer(store, gone("stop", "bakery", RUN, 2), moved, scopes=(RUN, "run:b"))

    found = await store.read(lambda db: rows.one(db, "stop", text_id("bakery")))
    assert found is not None
    assert found.scope == "run:b"


async def test_rows_outside_the_scopes_go(store: Store) -> None:
    await answer(store, stop("bakery"), row("reason", "closed", name="x"), scopes=(RUN, "site"))

    applied = await answer(store, scopes=("site",))

    assert await names(store) == []
    assert text_id("run") in applied.runs


async def test_a_reset_replaces_everything(store: Store) -> None:
    await answer(store, stop("bakery"), scopes=(RUN,))

    await answer(store, stop("dairy"), scopes=(RUN,), reset=True)

    assert await names(store) == ["dairy"]


async def test_a_wrong_digest_asks_again_from_zero(store: Store) -> None:
    applied = await answer(store, stop("bakery"), scopes=(RUN,), digest="0" * 16)

    assert applied.more
    assert await store.read(lambda db: meta.get(db, "cursor")) is None
    assert await names(store) == ["bakery"]


async def test_from_the_third_wrong_digest_within_an_hour_resets_are_rare(store: Store) -> None:
    asked = [
        (await answer(store, stop("bakery"), scopes=(RUN,), digest="0" * 16)).more for _ in range(4)
    ]

    assert asked == [True, True, False, False]


async def test_the_right_digest_is_quiet(store: Store) -> None:
    right = row_digest([("stop", text_id("bakery"), 1)])

    applied = await answer(store, stop("bakery"), scopes=(RUN,), digest=right)

    assert not applied.more


async def test_the_hybrid_clock_passes_everything_received_but_not_the_far_future(
    store: Store,
) -> None:
    soon, absurd = START_MS + 60_000, START_MS + 10**9
    late = row("stop", "bakery", RUN)._replace(fact={"completed": soon})
    mad = row("stop", "dairy", RUN)._replace(fact={"completed": absurd})

    await answer(store, late, mad, scopes=(RUN,))

    assert await store.read(lambda db: meta.get(db, "hlc")) == soon


async def test_a_kind_nobody_knows_is_stored_and_counts_in_the_digest(store: Store) -> None:
    right = row_digest([("hologram", text_id("x"), 3)])

    applied = await answer(store, row("hologram", "x", rev=3), digest=right)

    assert not applied.more


async def test_a_refused_pull_keeps_the_acknowledgement(store: Store) -> None:
    applied = await answer(store, refused="retired")

    assert applied.refused == "retired"
    assert not applied.swapped


async def test_a_file_thought_finished_is_opened_again_when_the_office_lacks_it(
    store: Store,
) -> None:
    sha = "cd" * 32
    await store.run(
        lambda db: db.execute(
            "INSERT INTO blob VALUES(?, 5, 'image/jpeg', 'photo', 1, 0, 0)", (sha,)
        )
    )

    await answer(store, need=(sha,))

    state = await store.read(lambda db: db.execute("SELECT state FROM blob").fetchone()[0])
    assert state == 0
