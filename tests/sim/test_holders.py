"""What the books excuse, and what they never do."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.sim.beginning import begin, new_world
from tests.sim.holders import Held, in_bytes
from tests.sim.world import Fact, World

FIRST = "01a3185e-24c1-7c3e-9a00-000000000001"
FORGOTTEN, ORPHAN = Fact(FIRST, "{}", "", 1, 0), Fact(FIRST, "{}", "", 1, 0, orphan=True)


@pytest.fixture
def world() -> Iterator[World]:
    made = new_world(1, faulty=False)
    yield made
    made.close()


def test_a_restored_office_is_excused_for_what_only_a_phone_that_went_back_had(
    world: World,
) -> None:
    world.facts[FIRST] = ORPHAN

    world.restored({FIRST}, set(), newest=True)

    assert ORPHAN.excused == "restored"


def test_what_a_phone_forgot_as_safe_is_never_excused_after_the_newest_backup(
    world: World,
) -> None:
    world.facts[FIRST] = FORGOTTEN

    world.restored({FIRST}, set(), newest=True)

    assert FORGOTTEN.excused is None


def test_another_fact_of_the_same_id_holds_nothing_of_the_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(begin(world, 2))
    first, second = world.lives
    has: dict[int, set[Held]] = {
        first.number: {in_bytes(FIRST, "{}")},
        second.number: {in_bytes(FIRST, '{"a":1}')},
    }
    monkeypatch.setattr(
        "tests.sim.holders.on_devices",
        lambda lives: {held for life in lives for held in has[life.number]},
    )
    world.facts[FIRST] = Fact(FIRST, "{}", "", first.number, 0)

    world.destroyed(first, set())

    assert world.facts[FIRST].excused == "destroyed"
