"""What the cluster has, from sinfo: partitions, nodes, accelerators; and what it can never run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec
from msgspec.structs import replace

from domain.job_spec import JobSpec
from domain.resources import Accelerator
from providers.base import Offer, Wait
from providers.prices import Prices
from providers.slurm.settings import SlurmSettings, read_types

SINFO_FIELDS = "NodeList:|,Partition:|,Gres:|,GresUsed:|,CPUsState:|,Memory:|,StateLong:|"
# https://slurm.schedmd.com/gres.html: name[:type]:count[(sockets)], separated by commas
GRES = re.compile(r"gpu(?::([A-Za-z0-9_.-]+))??:(\d+)(?=[,(]|$)")
VENDORS = frozenset({"nvidia", "amd"})
"""Asked for by vendor, any GPU of the cluster will do."""
USABLE = frozenset({"idle", "mixed"})


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A node in one partition. ``gpus`` maps GRES type (empty for untyped) to count."""

    name: str
    partition: str
    default: bool
    cpus: int
    idle_cpus: int
    memory_mib: int
    state: str
    gpus: dict[str, int]
    used: dict[str, int]


def parse_nodes(lines: Iterable[str]) -> tuple[Node, ...]:
    """Rows of ``sinfo --Node -O SINFO_FIELDS``; other lines are passed over."""
    return tuple(_node(line.split("|")) for line in lines if line.count("|") >= 7)


def choose_partition(spec: JobSpec, settings: SlurmSettings) -> str:
    """The partition to ask for; empty is Slurm's default."""
    return settings.spot_partition if spec.resources.spot else settings.partition


def nodes_for(spec: JobSpec, settings: SlurmSettings, nodes: Sequence[Node]) -> list[Node]:
    """The nodes a job could be given."""
    wanted = choose_partition(spec, settings).split(",")
    return [n for n in nodes if (n.partition in wanted if wanted != [""] else n.default)]


def gres_type(wanted: Accelerator, settings: SlurmSettings, nodes: Sequence[Node]) -> str:
    """The cluster's own spelling of a kind; empty for any GPU."""
    kind = wanted.kind.lower()
    if kind in VENDORS:
        return ""
    named = read_types(settings.gres_types).get(kind, wanted.kind)
    spellings = {t.lower(): t for node in nodes for t in node.gpus}
    return spellings.get(named.lower(), named)


def never(spec: JobSpec, settings: SlurmSettings, nodes: Sequence[Node]) -> Wait | None:
    """Why this cluster can never run it, or ``None``."""
    for lacks, text in _lacks(spec, settings, nodes):
        if lacks:
            return Wait(code="impossible", text=text, forever=True)
    return None


def offers(settings: SlurmSettings, nodes: Sequence[Node]) -> list[Offer]:
    """One a partition and kind of node; ``available`` counts nodes with all of it free."""
    shown = [n for n in nodes if not settings.partition or n.partition in _partitions(settings)]
    kinds = sorted(shown, key=_kind)
    return [_offer(kind, list(group)) for kind, group in groupby(kinds, key=_kind)]


def priced(found: Sequence[Offer], prices: Prices, *, currency: str) -> list[Offer]:
    """The same offers with what an hour of such a whole node costs."""
    return [
        replace(
            one,
            price_per_hour=prices.of_machine(
                cpus=one.cpus or 0.0,
                memory_gib=one.memory_gib or 0.0,
                has=(Accelerator(kind=one.accelerator, count=one.accelerator_count),)
                if one.accelerator
                else (),
            ),
            currency=currency,
        )
        for one in found
    ]


def _partitions(settings: SlurmSettings) -> list[str]:
    return [*settings.partition.split(","), settings.spot_partition]


def _kind(node: Node) -> tuple[str, tuple[tuple[str, int], ...], int, int]:
    return node.partition, tuple(node.gpus.items()), node.cpus, node.memory_mib


def _offer(kind: tuple[str, tuple[tuple[str, int], ...], int, int], nodes: list[Node]) -> Offer:
    partition, gpus, cpus, memory_mib = kind
    accelerator, count = gpus[0] if gpus else ("", 0)
    free = [n for n in nodes if n.state in USABLE and n.idle_cpus and not any(n.used.values())]
    return Offer(
        name=f"{partition}, {accelerator or 'GPU'}:{count}" if count else partition,
        accelerator=accelerator or ("NVIDIA" if count else ""),
        accelerator_count=count,
        cpus=float(cpus),
        memory_gib=memory_mib / 1024,
        available=len(free),
    )


def _node(fields: list[str]) -> Node:
    name, partition, gres, used, cpus, memory, state = (f.strip() for f in fields[:7])
    _, idle, _, total = (int(n) for n in cpus.split("/"))
    return Node(
        name=name, partition=partition.rstrip("*"), default=partition.endswith("*"),
        cpus=total, idle_cpus=idle, memory_mib=int(memory.rstrip("+")),
        state=state.rstrip("*~#!%$@^-"), gpus=_gres(gres), used=_gres(used),
    )  # fmt: skip


def _gres(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for kind, count in GRES.findall(text):
        found[kind] = found.get(kind, 0) + int(count)
    return found


def _lacks(spec: JobSpec, settings: SlurmSettings, nodes: Sequence[Node]) -> list[tuple[bool, str]]:
    asked, partition = spec.resources, choose_partition(spec, settings)
    mine = nodes_for(spec, settings, nodes)
    have = ", ".join(sorted({n.partition for n in nodes})) or "none"
    where = f"partition {partition}" if partition else "the default partition"
    cpus = max((n.cpus for n in mine), default=0)
    memory = max((n.memory_mib for n in mine), default=0) / 1024
    return [
        (bool(asked.image), "image is set; this provider runs processes, not container images."),
        (
            bool(asked.instance_type),
            "instance_type is set; ask Slurm for cpus, memory and accelerators.",
        ),
        (asked.spot and not partition, "spot is set; this provider has no spot_partition."),
        (not mine, f"Slurm has no {where}. It has: {have}."),
        (asked.num_nodes > len(mine), f"num_nodes is {asked.num_nodes}; {where} has {len(mine)}."),
        ((asked.cpus or 0) > cpus, f"cpus is {asked.cpus}; nodes of {where} have up to {cpus}."),
        (
            (asked.memory_gib or 0) > memory,
            f"memory is {asked.memory_gib or 0:g} GiB; nodes of {where} have up to {memory:g}.",
        ),
        _lacks_accelerators(asked.accelerators, settings, mine),
    ]


def _lacks_accelerators(
    asked: Accelerator | None, settings: SlurmSettings, nodes: Sequence[Node]
) -> tuple[bool, str]:
    if asked is None:
        return False, ""
    wanted = gres_type(asked, settings, nodes)
    most = max(
        (sum(n.gpus.values()) if not wanted else n.gpus.get(wanted, 0) for n in nodes), default=0
    )
    has = ", ".join(sorted({f"{t or 'gpu'}:{c}" for n in nodes for t, c in n.gpus.items()}))
    text = f"accelerators is {asked.kind}:{asked.count}; a node has at most: {has or 'none'}."
    return most < asked.count, text
