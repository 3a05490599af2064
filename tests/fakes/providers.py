"""A compute provider that starts nothing, and the port that hands it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from domain.job_spec import JobSpec
from domain.observations import Observation
from providers.base import (
    Capabilities,
    Check,
    ComputeProvider,
    Handle,
    InvalidSettings,
    JobRequest,
    Living,
    LogChunk,
    Offer,
    StartEstimate,
    SubmissionRefused,
    Submitted,
    Wait,
)
from providers.cluster import Cluster, ClusterNode, Countable, Partition


class IdleProvider(ComputeProvider):
    """Admits everything but jobs on more than 64 nodes, and never starts anything.

    It is a cluster of one node, which is drained, and says that jobs start at the end of 2030.
    """

    kind = "idle"
    capabilities = Capabilities()

    def check(self) -> Check:
        return Check(rows=(("reachable", True, "answers"),))

    def offers(self) -> Sequence[Offer]:
        return (Offer(name="small", cpus=2, memory_gib=4),)

    def admit(self, spec: JobSpec, *, owner: str = "") -> Wait | None:
        if spec.resources.num_nodes > 64:
            return Wait(code="too_big", text="It has 64 nodes.", forever=True)
        return None

    def estimate(self, spec: JobSpec, *, owner: str = "") -> StartEstimate | None:
        if spec.resources.num_nodes > 32:
            raise SubmissionRefused(provider="idle", reason="idle: error: too many nodes")
        return StartEstimate(start_at=datetime(2030, 12, 31, tzinfo=UTC), words="at the end")

    def cluster(self) -> Cluster | None:
        node = ClusterNode(
            name="n1", partitions=("batch",), state="drained", reason="a new fan", cpus=8,
            cpus_used=3, memory_gib=4, memory_used_gib=0.5, jobs=("job_of_others",),
            countables=(Countable(name="gpu:A100", total=2, used=1),),
        )  # fmt: skip
        batch = Partition(name="batch", is_default=True, up=True, nodes=1, running=1, pending=2)
        return Cluster(partitions=(batch,), nodes=(node,))

    def price(self, spec: JobSpec) -> float:
        """2 an hour for a node with accelerators."""
        return 2.0 * spec.resources.num_nodes if spec.resources.accelerators else 0.0

    def submit(self, request: JobRequest) -> Submitted:
        return Submitted(handle=Handle(request.token))

    def find(self, token: str, *, owner: str = "") -> Handle | None:
        return None

    def observe(self, handles: Sequence[Handle]) -> Mapping[Handle, Observation]:
        return {}

    def stop(self, handle: Handle, *, grace_s: float) -> None:
        return None

    def logs(self, handle: Handle, *, after: str) -> LogChunk:
        return LogChunk(lines=(), cursor=after)

    def census(self) -> Sequence[Living]:
        return ()

    def cleanup(self, handle: Handle) -> None:
        return None


class FakeProviders:
    """See ``application.ports.Providers``: every provider is the same idle one."""

    def __init__(self) -> None:
        self._one = IdleProvider()

    def of(self, provider: str) -> ComputeProvider:
        return self._one

    def validate(self, kind: str, settings: Mapping[str, object]) -> None:
        if kind != "idle":
            raise InvalidSettings(provider=kind, reason="unknown kind; known: idle")
        if set(settings) - {"slots"}:
            raise InvalidSettings(provider=kind, reason="unknown setting; known: slots")

    def tried(self, kind: str, settings: Mapping[str, object], *, team: str) -> ComputeProvider:
        return self._one

    def kinds(self) -> Sequence[str]:
        return ("idle",)
