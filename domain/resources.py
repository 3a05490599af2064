"""What a job asks of a machine, in units every provider understands.

Parsing of the text people write is in ``domain/task_spec.py``; mapping to a backend is the adapter's.
"""

from __future__ import annotations

import msgspec


class Accelerator(msgspec.Struct, frozen=True, kw_only=True):
    """``kind`` is the normalised name (``A100-80GB``) or a vendor (``NVIDIA``, ``AMD``, ``AppleSilicon``)."""

    kind: str
    count: int = 1


class Resources(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A portable request. ``None`` and ``""`` mean the provider's default.

    ``cpus`` are logical cores, ``memory_gib`` and ``disk_gib`` are GiB per node. ``…_or_more`` is
    the trailing ``+`` people write. ``any_of`` lists alternatives in order of preference, each
    laid over the rest of this request.
    """

    compute_provider: str = ""
    accelerators: Accelerator | None = None
    num_nodes: int = 1
    cpus: float | None = None
    cpus_or_more: bool = False
    memory_gib: float | None = None
    memory_or_more: bool = False
    disk_gib: float | None = None
    instance_type: str = ""
    cloud: str = ""
    region: str = ""
    zone: str = ""
    spot: bool = False
    image: str = ""
    ports: tuple[int, ...] = ()
    fleet_name: str = ""
    any_of: tuple[Resources, ...] = ()
