"""A table of goals: what was wanted, what was measured, and whether that is met."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MET, MISSED, BESIDE = "met", "MISSED", "-"


@dataclass(frozen=True)
class Figure:
    """One figure; without a goal it stands beside the others for comparison."""

    name: str
    told: str
    wanted: str = ""
    met: bool | None = None


def at_most(name: str, value: float, limit: float, unit: str, more: str = "") -> Figure:
    """A figure that shall not exceed its goal."""
    return Figure(name, f"{value:.2f} {unit}{more}", f"<= {limit:g} {unit}", value <= limit)


def at_least(name: str, value: float, limit: float, unit: str, more: str = "") -> Figure:
    """A figure that shall reach its goal."""
    return Figure(name, f"{value:.2f} {unit}{more}", f">= {limit:g} {unit}", value >= limit)


def beside(name: str, told: str) -> Figure:
    """A figure without a goal."""
    return Figure(name, told)


def table(rows: Sequence[Figure]) -> Iterator[str]:
    """The figures in lines."""
    cells = [("figure", "measured", "goal", "")]
    cells += [(row.name, row.told, row.wanted, _verdict(row)) for row in rows]
    widths = [max(len(line[place]) for line in cells) for place in range(4)]
    for line in cells:
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _verdict(row: Figure) -> str:
    if row.met is None:
        return BESIDE
    return MET if row.met else MISSED
