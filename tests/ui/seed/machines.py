"""What the furnished lab's providers answer: a workstation, a cluster, and a pool that is away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from application.ports import Providers
from providers.base import Check, ComputeProvider, Offer, ProviderUnavailable, StartEstimate
from providers.cluster import Cluster, ClusterNode, Countable, Partition


class Answering:
    """The product's providers, but for those that ``answers`` names."""

    def __init__(self, real: Providers) -> None:
        self._real = real
        self.answers: dict[str, ComputeProvider] = {}

    def of(self, provider: str) -> ComputeProvider:
        return self.answers.get(provider) or self._real.of(provider)

    def validate(self, kind: str, settings: Mapping[str, object]) -> None:
        self._real.validate(kind, settings)

    def kinds(self) -> Sequence[str]:
        return self._real.kinds()

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


class ClusterMachine:
    """Answers as an idle-ish cluster of six nodes would."""

    def check(self) -> Check:
        return Check(
            rows=(
                ("Reaches login.hpc.example", True, "SSH in 31 ms, key matches its fingerprint"),
                ("Signs in as lab", True, "by the team secret HPC_KEY"),
                ("Finds Slurm", True, "slurm 23.11.4"),
                ("Writes its work folder", True, "/scratch/lab, 41.2 TB free"),
                ("Accounting answers", True, "sacct sees 214 jobs of ours"),
            )
        )

    def offers(self) -> Sequence[Offer]:
        rows = (("A100", 4, 12, 512.0), ("A100", 8, 3, 1024.0), ("H100", 8, 1, 2048.0))
        machine = [
            Offer(
                name=f"{kind.lower()}x{count}", accelerator=kind, accelerator_count=count,
                cpus=64, memory_gib=memory, region="gpu", available=free,
            )
            for kind, count, free, memory in rows
        ]  # fmt: skip
        return [*machine, Offer(name="cpu", cpus=128, memory_gib=512.0, region="cpu", available=9)]

    def admit(self, spec: object, *, owner: str = "") -> None:
        del spec, owner

    def price(self, spec: object) -> float:
        del spec
        return 0.0

    def estimate(self, spec: object, *, owner: str = "") -> StartEstimate | None:
        del spec, owner
        return None

    def cluster(self) -> Cluster:
        nodes = tuple(_node(number) for number in range(1, 9))
        return Cluster(
            partitions=(
                Partition(name="cpu", is_default=False, up=True, nodes=2, running=9, pending=0),
                Partition(name="gpu", is_default=True, up=True, nodes=6, running=14, pending=5),
            ),
            nodes=nodes,
        )


def _node(number: int) -> ClusterNode:
    states = ("mixed", "allocated", "mixed", "idle", "drained", "allocated", "mixed", "idle")
    state, gpu = states[number - 1], number <= 6
    share = {"idle": 0.0, "drained": 0.0, "mixed": 0.5, "allocated": 1.0}[state]
    cards = (Countable(name="gpu:A100", total=8, used=int(8 * share)),) if gpu else ()
    return ClusterNode(
        name=f"{'gpu' if gpu else 'cpu'}{number:02d}",
        partitions=("gpu",) if gpu else ("cpu",),
        state=state,
        cpus=64,
        cpus_used=int(64 * share),
        memory_gib=512.0,
        memory_used_gib=512.0 * share * 0.7,
        answers=state != "drained",
        reason="GPU 3 fell off the bus" if state == "drained" else "",
        countables=cards,
    )


class AwayMachine:
    """Does not answer."""

    def check(self) -> Check:
        raise ProviderUnavailable(provider="h100-pool", reason="no route to host 10.8.0.4.")

    def offers(self) -> Sequence[Offer]:
        raise ProviderUnavailable(provider="h100-pool", reason="no route to host 10.8.0.4.")

    def admit(self, spec: object, *, owner: str = "") -> None:
        del spec, owner

    def price(self, spec: object) -> float:
        del spec
        return 0.0

    def estimate(self, spec: object, *, owner: str = "") -> StartEstimate | None:
        del spec, owner
        return None

    def cluster(self) -> Cluster | None:
        raise ProviderUnavailable(provider="h100-pool", reason="no route to host 10.8.0.4.")
