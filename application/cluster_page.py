"""Which of a team's jobs run on which node of a cluster: what the cluster says, completed by what nodes said."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from providers.cluster import Cluster


def with_own_jobs(cluster: Cluster, hosts: Mapping[str, str]) -> Cluster:
    """``hosts`` maps the team's live jobs to the host each told, empty for none; no other job is shown.

    A cluster names no job of an array; such a job is shown where it says it is.
    """
    named = {job for node in cluster.nodes for job in node.jobs}
    told: dict[str, list[str]] = {}
    for job, host in hosts.items():
        if host and job not in named:
            told.setdefault(_short(host), []).append(job)
    nodes = (
        replace(
            node,
            jobs=(*(job for job in node.jobs if job in hosts), *told.get(_short(node.name), ())),
        )
        for node in cluster.nodes
    )
    return replace(cluster, nodes=tuple(nodes))


def _short(host: str) -> str:
    return host.partition(".")[0]
