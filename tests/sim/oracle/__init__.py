"""The independent oracle: what sync-events.md says of a set of facts, by set operations alone."""

from tests.sim.oracle.judging import judge

__all__ = ["judge"]
