"""What is recorded stays, in order, until it is safe."""

from uuid import UUID

import pytest

from driver_app.store import blobs, meta, outbox
from driver_app.store.db import Store
from driver_app.store.ledger import Ledger
from driver_app.store.outbox import BLOB_DONE, NewBlob
from shared.chain import CHAIN_ZERO, doc_bytes, next_chain
from shared.events import read_doc
from tests.driver_app.store.a_store import (
    CLOCKS,
    DAY_MS,
    answer,
    new_fact,
    places,
    put,
    scalar,
)
from tests.helpers.builders import START_MS

pytestmark = pytest.mark.anyio
PHOTO = NewBlob("ab" * 32, 12, "image/jpeg", "photo")


async def test_facts_get_places_without_gaps_and_a_chain_over_their_bytes(store: Store) -> None:
    await put(store, new_fact("bakery"), new_fact("dairy"))

    first, second = await places(store)

    assert (first.seq, second.seq) == (1, 2)
    assert first.chain == next_chain(CHAIN_ZERO, first.id, doc_bytes(first.doc))
    assert second.chain == next_chain(first.chain, second.id, doc_bytes(second.doc))


async def test_the_hybrid_clock_rises_even_when_the_wall_clock_falls_back(store: Store) -> None:
    await put(store, new_fact())
    await put(store, new_fact(), at_ms=-3_600_000)

    first, second = [read_doc(p.id, doc_bytes(p.doc)) for p in await places(store)]

    assert second.envelope.hlc == first.envelope.hlc + 1


async def test_a_fact_its_files_and_the_clock_are_stored_together_or_not_at_all(
    store: Store,
) -> None:
    def broken(db: meta.Db) -> None:
        outbox.put(db, [new_fact("bakery", PHOTO)], CLOCKS)
        raise RuntimeError("killed before the commit")

    with pytest.raises(RuntimeError):
        await store.run(broken)

    assert await places(store) == []
    assert await store.read(scalar("SELECT count(*) FROM blob")) == 0
    assert await store.read(lambda db: meta.get(db, "hlc")) == 0


async def test_a_fact_stays_until_it_is_durable_and_old(store: Store) -> None:
    await put(store, new_fact("bakery"), new_fact("dairy"))
    await answer(store, durable=1)

    young = await store.run(lambda db: outbox.forget(db, START_MS + 13 * DAY_MS, 14))
    old = await store.run(lambda db: outbox.forget(db, START_MS + 15 * DAY_MS, 14))

    assert (young, old) == (0, 1)
    assert [place.seq for place in await places(store)] == [2]


async def test_nothing_behind_an_open_file_is_forgotten(store: Store) -> None:
    await put(store, new_fact("bakery", PHOTO), new_fact("dairy"))
    await answer(store)
    much_later = START_MS + 20 * DAY_MS

    kept = await store.run(lambda db: outbox.forget(db, much_later, 14))
    await store.run(lambda db: blobs.set_state(db, PHOTO.sha, BLOB_DONE))
    gone = await store.run(lambda db: outbox.forget(db, much_later, 14))

    assert (kept, gone) == (0, 2)


async def test_a_fork_keeps_ids_and_docs_and_recomputes_the_chain_from_zero(store: Store) -> None:
    await put(store, new_fact("bakery", PHOTO), new_fact("dairy"), new_fact("cafe"))
    await answer(store, seq=2)
    before = await places(store)
    fresh = UUID("01a2dcc1-8600-7abc-8def-000000000009")

    await store.run(lambda db: outbox.fork(db, fresh, "test"))

    after = await places(store)
    assert [(p.id, p.doc) for p in after] == [(p.id, p.doc) for p in before]
    assert after[0].chain == next_chain(CHAIN_ZERO, after[0].id, doc_bytes(after[0].doc))
    whole = await store.read(meta.many)
    assert (whole["stream"], whole["acked"], whole["durable"]) == (str(fresh), 0, 0)
    assert whole["view_seq"] == 2
    assert whole["fork"]["reason"] == "test"


async def test_an_acknowledgement_above_the_last_place_begins_a_new_stream(store: Store) -> None:
    await put(store, new_fact())
    stream = await store.read(lambda db: meta.get(db, "stream"))

    applied = await answer(store, seq=7, chain="0" * 32)

    assert applied.forked
    assert await store.read(lambda db: meta.get(db, "stream")) != stream
    assert len(await places(store)) == 1


async def test_an_acknowledgement_with_another_chain_begins_a_new_stream(store: Store) -> None:
    await put(store, new_fact())

    applied = await answer(store, seq=1, chain="f" * 32)

    assert applied.forked


async def test_an_acknowledgement_that_goes_down_is_taken(store: Store) -> None:
    await put(store, new_fact("bakery"), new_fact("dairy"))
    await answer(store)

    await answer(store, seq=1)

    assert await store.read(lambda db: meta.get(db, "acked")) == 1
    assert await store.read(lambda db: outbox.unread(db)[0]) == 1


async def test_a_batch_is_cut_by_number_and_by_bytes_but_never_empty(store: Store) -> None:
    await put(store, *[new_fact(f"stop {n}") for n in range(5)])

    by_number = await store.read(lambda db: outbox.batch(db, 0, 3, 10**6))
    by_bytes = await store.read(lambda db: outbox.batch(db, 0, 100, 10))

    assert (len(by_number), len(by_bytes)) == (3, 1)


async def test_held_facts_stay_in_the_view_of_the_phone(store: Store) -> None:
    (event,) = await put(store, new_fact())

    await answer(store, held=((str(event), "unknown_visit"),))

    own = await store.read(outbox.own_facts)
    assert [fact.id for fact in own] == [str(event)]


async def test_a_fact_that_older_rows_show_is_not_shown_twice_when_it_is_held_again(
    store: Store,
) -> None:
    """The server was restored and holds what a retired device offers again; no rows come."""
    (event,) = await put(store, new_fact())
    await answer(store)

    await answer(store, held=((str(event), "retired_device"),), refused="retired")

    assert await store.read(outbox.own_facts) == []


async def test_a_fact_of_a_newer_app_is_kept_and_hides_no_other(store: Store) -> None:
    (event,) = await put(store, new_fact())
    newer = '{"type":"stop.teleported"}'

    await store.run(lambda db: db.execute("INSERT INTO outbox VALUES(2, 'b', ?, 'c')", (newer,)))

    own = await store.read(outbox.own_facts)
    assert [fact.id for fact in own] == [str(event)]
    assert await store.read(lambda db: outbox.unread(db)[0]) == 2


async def test_an_acknowledgement_below_what_was_forgotten_begins_a_new_stream(
    store: Store,
) -> None:
    await put(store, new_fact("bakery"), new_fact("dairy"))
    await answer(store)
    await store.run(lambda db: outbox.forget(db, START_MS + 15 * DAY_MS, 14))
    await put(store, new_fact("hotel"), at_ms=15 * DAY_MS)

    applied = await answer(store, seq=1, chain="0" * 32)

    assert applied.forked
    assert [place.seq for place in await places(store)] == [1]
    assert (await store.read(meta.many))["fork"]["reason"] == "ack_below_base"


async def test_a_hole_in_the_outbox_begins_a_new_stream_before_anything_is_sent(
    store: Store,
) -> None:
    await put(store, new_fact("bakery"), new_fact("dairy"), new_fact("hotel"))
    stream = await store.read(lambda db: meta.get(db, "stream"))
    await store.run(lambda db: db.execute("DELETE FROM outbox WHERE seq = 2"))

    sent = await Ledger(store).outgoing(START_MS, 100, 10**6)

    assert sent.stream != stream
    assert [event.seq for event in sent.events] == [1, 2]
    assert sent.fork == {"from": stream, "reason": "hole"}


async def test_own_results_stay_on_the_screen_over_a_fork_and_are_not_shown_twice(
    store: Store,
) -> None:
    await put(store, new_fact("bakery"), new_fact("dairy"))
    await answer(store, seq=1)
    before = await store.read(outbox.own_facts)

    await Ledger(store).fork(START_MS, "stream_fork")

    after = await store.read(outbox.own_facts)
    assert [fact.id for fact in after] == [fact.id for fact in before]
    assert len(after) == 1
