"""Planted bugs that chance meets seldom: a scene of each is green without it and red with it."""

import pytest

from tests.sim.planted.catalogue import SIMULATED, planted
from tests.sim.planted.scene import Scene, act
from tests.sim.planted.scenes import SCENES, SHOWN

HEROES = [(scene, key) for scene in SCENES for key in scene.bugs]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.says)
def test_a_scene_breaks_no_promise_by_itself(scene: Scene) -> None:
    assert act(scene).violations == []


@pytest.mark.parametrize(("scene", "key"), HEROES, ids=[key for _, key in HEROES])
def test_a_scene_shows_its_bug(scene: Scene, key: str) -> None:
    bug = planted(key)

    broken = act(scene, bug).violations

    assert {invariant for invariant, _ in broken} & set(bug.caught_by), broken
    assert bug.untouched == []


def test_one_scene_is_the_same_whenever_it_is_played() -> None:
    once, again = act(SCENES[0]), act(SCENES[0])

    assert (once.facts, once.happened, once.points) == (again.facts, again.happened, again.points)


def test_each_bug_has_one_scene_at_most() -> None:
    assert len(SHOWN) == len(HEROES)
    assert set(SHOWN) <= {bug.key for bug in SIMULATED}
