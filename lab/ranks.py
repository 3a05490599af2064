"""Which rank of a distributed job this process is; not how ranks find each other."""

from __future__ import annotations

import os


def rank() -> int:
    """Global rank, 0 when nothing says otherwise.

    ``RANK`` is set by torchrun and accelerate, ``SLURM_PROCID`` by srun, ``NODE_RANK`` by the node
    wrapper and Lightning. A node rank alone is no global rank; it tells node 0 from the others.
    """
    for name in ("RANK", "SLURM_PROCID"):
        value = os.environ.get(name, "")
        if value.isdigit():
            return int(value)
    node, local = _number("NODE_RANK"), _number("LOCAL_RANK")
    return node * max(1, _number("LOCAL_WORLD_SIZE")) + local


def is_main_rank() -> bool:
    """True in the one process that records by default."""
    return rank() == 0


def _number(name: str) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isdigit() else 0
