"""What each proof does in its share of `make soak`, and what it tells the report."""

from dataclasses import dataclass, field


@dataclass
class Share:
    """One line of the report with what went wrong; `done` of `goal` in `unit`."""

    name: str
    done: int
    goal: int
    unit: str
    violations: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
