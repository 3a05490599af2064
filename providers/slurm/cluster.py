"""The cluster's page from one look at sinfo and squeue. Pure; what is asked is in the script."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from providers.cluster import Cluster, ClusterNode, Countable, Partition

# https://slurm.schedmd.com/sinfo.html#OPT_Format; the reason is last, it may hold anything
NODE_FIELDS = (
    "NodeList:|,Partition:|,StateLong:|,CPUsState:|,Memory:|,AllocMem:|,Gres:|,GresUsed:|,Reason:|"
)
PARTITION_FIELDS = "Partition:|,Available:|,Nodes:|"
QUEUE_FIELDS = "State:|,Partition:|,NodeList:|,Comment:|"
SILENT = "*"
"""Ends the state of a node that does not answer; other signs tell of power and reservations."""
COUNT = re.compile(r"([A-Za-z][A-Za-z0-9_.:-]*?):(\d+)(?=[,(]|$)")
HOSTS = re.compile(r"((?:[^\[\],]|\[[^\]]*\])+)")
COMMENT = re.compile(r"labledger:([^:|]+):\d+")


def parse_cluster(text: str) -> Cluster:
    """The output of ``slurm_cluster.sh``."""
    sections = _sections(text.splitlines())
    jobs = _jobs_by_node(sections["ours"])
    nodes: dict[str, ClusterNode] = {}
    for row in sections["nodes"]:
        node = _node(row, jobs)
        before = nodes.get(node.name)
        seen = before.partitions if before else ()
        names = tuple(sorted({*seen, *node.partitions}))  # sinfo tells them in any order
        nodes[node.name] = replace(node, partitions=names)
    queue = _queue(sections["queue"])
    partitions = [_partition(row, queue) for row in sections["partitions"]]
    return Cluster(
        partitions=tuple(sorted(partitions, key=lambda p: p.name)),
        nodes=tuple(nodes[name] for name in sorted(nodes, key=_natural)),
    )


def expand(hosts: str) -> Iterator[str]:
    """``n[1,08-10],login`` as n1, n08, n09, n10, login: Slurm's host list expressions."""
    for one in HOSTS.findall(hosts):
        head, bracket, rest = one.partition("[")
        if not bracket:
            yield one
            continue
        inside, _, tail = rest.partition("]")
        for number in _numbers(inside):
            yield from expand(f"{head}{number}{tail}")


def _numbers(ranges: str) -> Iterator[str]:
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        for number in range(int(first), int(last or first) + 1):
            yield f"{number:0{len(first)}d}"


def _sections(lines: Iterable[str]) -> Mapping[str, Sequence[str]]:
    sections: dict[str, list[str]] = {"": []}
    name = ""
    for line in lines:
        if line.startswith("#"):
            name = line[1:]
            sections[name] = []
        elif "|" in line:
            sections[name].append(line)
    return sections


def _node(row: str, jobs: Mapping[str, Sequence[str]]) -> ClusterNode:
    name, partition, state, cpus, memory, taken, gres, used, reason = row.split("|", 8)
    busy, _, _, total = (int(n) for n in cpus.split("/"))
    in_use = dict(_counts(used))
    told = reason.rstrip("|").strip()
    return ClusterNode(
        name=name,
        partitions=(partition.rstrip("*"),),
        state=state.rstrip("*~#!%$@^-+"),
        answers=SILENT not in state,
        reason="" if told == "none" else told,
        cpus=total,
        cpus_used=busy,
        memory_gib=_number(memory) / 1024,
        memory_used_gib=_number(taken) / 1024,
        countables=tuple(
            Countable(name=kind, total=count, used=in_use.get(kind, 0))
            for kind, count in _counts(gres)
        ),
        jobs=tuple(jobs.get(name, ())),
    )


def _partition(row: str, queue: Counter[tuple[str, bool]]) -> Partition:
    name, available, nodes = row.split("|")[:3]
    plain = name.rstrip("*")
    return Partition(
        name=plain,
        is_default=name.endswith("*"),
        up=available == "up",
        nodes=_number(nodes),
        running=queue[plain, False],
        pending=queue[plain, True],
    )


def _queue(rows: Iterable[str]) -> Counter[tuple[str, bool]]:
    """By partition and whether it waits; a job that waits for any of several counts in each."""
    found: Counter[tuple[str, bool]] = Counter()
    for row in rows:
        partitions, state, count = row.split("|")[:3]
        for partition in partitions.split(","):
            found[partition, state == "PENDING"] += int(count)
    return found


def _jobs_by_node(rows: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        _, _, hosts, comment = row.split("|", 3)
        whose = COMMENT.match(comment)
        for host in expand(hosts) if whose else ():
            found.setdefault(host, []).append(whose[1] if whose else "")
    return found


def _counts(gres: str) -> Iterator[tuple[str, int]]:
    """``gpu:A100:2(S:0),shard:8`` as (gpu:A100, 2), (shard, 8). https://slurm.schedmd.com/gres.html"""
    plain = re.sub(r"\([^)]*\)", "", gres)
    yield from ((kind, int(count)) for kind, count in COUNT.findall(plain))


def _number(text: str) -> int:
    plain = text.strip().rstrip("+")
    return int(plain) if plain.isdigit() else 0


def _natural(name: str) -> list[tuple[int, str]]:
    """So that n2 comes before n10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]
