"""One measured line, and whether it is within its budget.

Not here: how budgets were chosen.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_BUDGET = re.compile(r"([<>]) ([\d,.]+)(.*)")


class Row(NamedTuple):
    """``ours`` and ``floor`` are in the unit ``name`` ends with; ``ratio`` is ours over floor.

    ``budget`` is the worst value of ``ours`` we accept, as text with its direction: ``< 2 s``,
    ``> 0.25 of the floor`` (compares the ratio), ``< 30 ms more`` (than the floor), or ``none``.
    """

    name: str
    ours: float
    floor: float
    ratio: float
    budget: str

    @property
    def met(self) -> str:
        """``yes``, ``NO``, or nothing when there is no budget."""
        found = _BUDGET.match(self.budget)
        if found is None:
            return ""
        sign, number, rest = found.groups()
        value = self.ours
        if "of the floor" in rest:
            value = self.ratio
        elif "more" in rest:
            value = self.ours - self.floor
        limit = float(number.replace(",", ""))
        return "yes" if (value < limit if sign == "<" else value > limit) else "NO"


def row(name: str, ours: float, *, floor: float, budget: str) -> Row:
    """A line with its ratio worked out."""
    return Row(name, ours, floor, ours / floor, budget)


def show(rows: list[Row]) -> None:
    """Print the lines as a Markdown table."""
    print(f"| {'what':<54} | {'ours':>11} | {'floor':>11} | {'ratio':>7} | {'budget':<22} | met |")
    print(f"|{'-' * 56}|{'-' * 12}:|{'-' * 12}:|{'-' * 8}:|{'-' * 24}|-----|")
    for line in rows:
        print(
            f"| {line.name:<54} | {line.ours:>11,.1f} | {line.floor:>11,.1f} |"
            f" {line.ratio:>7.2f} | {line.budget:<22} | {line.met:<3} |",
            flush=True,
        )
