"""A compute provider that starts nothing, and the port that hands it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    Submitted,
    Wait,
)


class IdleProvider(ComputeProvider):
    """Admits everything but jobs on more than 64 nodes, and never starts anything."""

    kind = "idle"
    capabilities = Capabilities()

    def check(self) -> Check:
        return Check(rows=(("reachable", True, "answers"),))

    def offers(self) -> Sequence[Offer]:
        return (Offer(name="small", cpus=2, memory_gib=4),)

    def admit(self, spec: JobSpec) -> Wait | None:
        if spec.resources.num_nodes > 64:
            return Wait(code="too_big", text="It has 64 nodes.", forever=True)
        return None

    def submit(self, request: JobRequest) -> Submitted:
        return Submitted(handle=Handle(request.token))

    def find(self, token: str) -> Handle | None:
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

    def kinds(self) -> Sequence[str]:
        return ("idle",)
