"""What a second of an accelerator counts against a quota, and how people write that down.

Weights are an installation's setting; the weight of a job is frozen in its reservation. Not here:
prices.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from domain.accelerators import VENDORS, normalise
from domain.errors import InvalidInput
from domain.resources import Accelerator, Resources
from domain.task_resources import each_alternative

OTHERS = "*"
"""The weight of every accelerator that is not named; 1 when it is not given."""
MOST = 10_000.0
_WAY_OUT = "Write accelerators and their weights, like `H100=4,A100=2,*=1`."


def read_weights(text: str, *, field: str) -> dict[str, float]:
    """``"H100=4,A100=2,*=1"`` by normalised name. ``InvalidInput`` of ``field`` names the part that is wrong."""
    return read_by_kind(text, field=field, way_out=f"{_WAY_OUT} A weight is")


def read_by_kind(text: str, *, field: str, way_out: str) -> dict[str, float]:
    """A number for each accelerator, written as weights are; ``way_out`` says how."""
    weights: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = (side.strip() for side in part.partition("="))
        kind = OTHERS if name == OTHERS else normalise(name)
        weight = _number(number)
        if kind is None or weight is None:
            told = f"{way_out} a number from 0 to {MOST:,.0f}."
            raise InvalidInput(field=field, value=part, way_out=told)
        if kind in weights:
            raise InvalidInput(field=field, value=part, way_out=f"Name {kind} once.")
        weights[kind] = weight
    return weights


def weight_of(resources: Resources, weights: Mapping[str, float]) -> float:
    """Compute seconds per second: accelerators by their weight, times nodes; 1 for a node without any.

    Of alternatives the dearest counts, since which one it will be is not known when it is queued.
    """
    return max(
        _of_node(one.accelerators, weights) * resources.num_nodes
        for one in each_alternative(resources)
    )


def _of_node(wanted: Accelerator | None, weights: Mapping[str, float]) -> float:
    if wanted is None:
        return 1.0
    others = weights.get(OTHERS, 1.0)
    unnamed = max([others, *weights.values()]) if wanted.kind in VENDORS else others
    return wanted.count * weights.get(wanted.kind, unnamed)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and 0 <= number <= MOST else None
