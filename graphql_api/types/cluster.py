"""A cluster's partitions, nodes and queue as they are now, as the API shows them."""

from __future__ import annotations

import strawberry

from providers import cluster


@strawberry.type(description="A countable resource of a node, such as `gpu:A100`.")
class Countable:
    name: str
    total: int
    used: int
    free: int


@strawberry.type(description="A machine of a cluster. Memory is in GiB.")
class ClusterNode:
    name: str
    partitions: list[str]
    state: str = strawberry.field(description="idle, mixed, allocated, drained, down, …")
    answers: bool
    reason: str = strawberry.field(description="Why an admin took it out; empty: they did not say.")
    cpus: int
    cpus_used: int
    memory_gib: float
    memory_used_gib: float
    countables: list[Countable]
    jobs: list[strawberry.ID] = strawberry.field(description="Jobs of this team that run on it.")

    @classmethod
    def of(cls, node: cluster.ClusterNode) -> ClusterNode:
        return cls(
            name=node.name,
            partitions=list(node.partitions),
            state=node.state,
            answers=node.answers,
            reason=node.reason,
            cpus=node.cpus,
            cpus_used=node.cpus_used,
            memory_gib=node.memory_gib,
            memory_used_gib=node.memory_used_gib,
            countables=[
                Countable(name=c.name, total=c.total, used=c.used, free=max(c.total - c.used, 0))
                for c in node.countables
            ],
            jobs=[strawberry.ID(job) for job in node.jobs],
        )


@strawberry.type(
    description="A queue of a cluster; `running` and `pending` count everybody's jobs."
)
class Partition:
    name: str
    is_default: bool
    up: bool
    nodes: int
    running: int
    pending: int


@strawberry.type(description="What a cluster has and does now.")
class Cluster:
    partitions: list[Partition]
    nodes: list[ClusterNode]

    @classmethod
    def of(cls, found: cluster.Cluster) -> Cluster:
        return cls(
            partitions=[
                Partition(
                    name=p.name,
                    is_default=p.is_default,
                    up=p.up,
                    nodes=p.nodes,
                    running=p.running,
                    pending=p.pending,
                )
                for p in found.partitions
            ],
            nodes=[ClusterNode.of(node) for node in found.nodes],
        )
