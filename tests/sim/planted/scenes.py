"""All scenes: each planted bug that schedules seldom meet is the hero of one."""

from tests.sim.planted import scenes_at_the_office, scenes_on_device
from tests.sim.planted.scene import Scene

SCENES: tuple[Scene, ...] = (*scenes_on_device.SCENES, *scenes_at_the_office.SCENES)
SHOWN: dict[str, Scene] = {key: scene for scene in SCENES for key in scene.bugs}
"""The scene of a bug, by its number and letter."""
