"""What a cluster's page shows: partitions, nodes and how busy they are now. Live, in no event.

Memory is in GiB. Not here: how a backend is asked for it.
"""

from __future__ import annotations

import msgspec


class Countable(msgspec.Struct, frozen=True, kw_only=True):
    """A countable resource of a node, as ``gpu:A100``."""

    name: str
    total: int
    used: int


class ClusterNode(msgspec.Struct, frozen=True, kw_only=True):
    """``state`` is the backend's word in lower case (idle, mixed, drained, …), ``reason`` an admin's.

    ``jobs`` are the ids of Labledger jobs that run on it.
    """

    name: str
    partitions: tuple[str, ...]
    state: str
    cpus: int
    cpus_used: int
    memory_gib: float
    memory_used_gib: float
    answers: bool = True
    reason: str = ""
    countables: tuple[Countable, ...] = ()
    jobs: tuple[str, ...] = ()


class Partition(msgspec.Struct, frozen=True, kw_only=True):
    """``running`` and ``pending`` count everybody's jobs, as far as the account may see them."""

    name: str
    is_default: bool
    up: bool
    nodes: int
    running: int
    pending: int


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """Partitions and nodes by name."""

    partitions: tuple[Partition, ...]
    nodes: tuple[ClusterNode, ...]
