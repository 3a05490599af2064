"""One measured line.

Not here: how budgets were chosen (the design's section on budgets).
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """``ours`` and ``floor`` are in the unit ``name`` ends with; ``ratio`` is ours over floor.

    ``budget`` is the worst value of ``ours`` we accept, as text with its direction.
    """

    name: str
    ours: float
    floor: float
    ratio: float
    budget: str


def row(name: str, ours: float, *, floor: float, budget: str) -> Row:
    """A line with its ratio worked out."""
    return Row(name, ours, floor, ours / floor, budget)


def show(rows: list[Row]) -> None:
    """Print the lines as a table."""
    for line in rows:
        print(
            f"{line.name:<52} {line.ours:>12,.1f} floor {line.floor:>12,.1f} "
            f"ratio {line.ratio:>6.2f} budget {line.budget}"
        )
