"""A cluster's page shows the team's jobs where they run, and nobody else's."""

from __future__ import annotations

from application.cluster_page import with_own_jobs
from providers.cluster import Cluster, ClusterNode


def node(name: str, *jobs: str) -> ClusterNode:
    return ClusterNode(
        name=name, partitions=("batch",), state="mixed", cpus=8, cpus_used=1, memory_gib=4,
        memory_used_gib=1, jobs=jobs,
    )  # fmt: skip


def test_jobs_of_others_are_left_out_and_a_job_the_cluster_cannot_name_is_where_it_says() -> None:
    nodes = (node("n1", "mine", "theirs"), node("n2.example.org"), node("n3"))
    hosts = {"mine": "elsewhere", "element": "n2.cluster.local", "launching": "", "lost": "n9"}
    page = with_own_jobs(Cluster(partitions=(), nodes=nodes), hosts)
    assert [n.jobs for n in page.nodes] == [("mine",), ("element",), ()]
