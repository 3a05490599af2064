"""The contract every compute provider keeps, on one screen.

    check ── offers ── admit ── submit ── observe ── logs ── stop ── cleanup
                                  │
                                 find / census (by token: recovery and sweeping)

An adapter is pure pairs (build a request, parse an answer) around one place of I/O. Third-party
exceptions are translated there. Not here: which adapters exist (``providers/registry.py``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, NewType

import msgspec

from domain.errors import LabError
from domain.job_spec import JobSpec
from domain.observations import Observation
from providers.cluster import Cluster

Handle = NewType("Handle", str)
"""What an adapter needs to find its job again; opaque to everybody else, stable, printable."""


class ProviderError(LabError):
    """Something between us and a backend failed; ``transient`` says whether to try again."""

    code = "PROVIDER_ERROR"
    sentence = "Provider {provider}: {reason}"

    def __init__(self, *, provider: str, reason: str, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(provider=provider, reason=reason)


class ProviderUnavailable(ProviderError):
    """No answer, or not a usable one: nothing is known, nothing may be concluded."""

    code = "PROVIDER_UNAVAILABLE"
    transient = True


class HostKeyRefused(ProviderUnavailable):
    """The host is not known to be the one that was meant; nothing was sent to it.

    ``found``: the fingerprint of a host that none is pinned for, to be compared by a person and set
    as ``setting``; empty when another one is pinned.
    """

    code = "PROVIDER_HOST_KEY"

    def __init__(
        self, *, provider: str, reason: str, found: str = "", setting: str = "host_key"
    ) -> None:
        self.found, self.setting = found, setting
        super().__init__(provider=provider, reason=reason)


class AccountUnavailable(ProviderUnavailable):
    """One person's account cannot be asked; it says nothing of the provider's other accounts."""

    code = "PROVIDER_ACCOUNT_UNAVAILABLE"


class CredentialsRejected(ProviderError):
    """The backend answered that it does not know or allow us."""

    code = "PROVIDER_CREDENTIALS_REJECTED"


class SubmissionRefused(ProviderError):
    """The backend answered no, in its own words; it holds nothing of the attempt."""

    code = "PROVIDER_REFUSED"


class NoCapacity(ProviderError):
    """There was no room after all; the attempt may be submitted again."""

    code = "PROVIDER_NO_CAPACITY"
    transient = True


class InvalidSettings(ProviderError):
    """A setting is unknown or has an impossible value; the reason lists what is known."""

    code = "PROVIDER_INVALID_SETTINGS"


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a backend can do; declared here, exercised by the contract suite."""

    multi_node: bool = False
    spot: bool = False
    images: bool = False
    ports: bool = False
    slots: bool = False  # admits a job only when there is room, so that jobs wait with us
    self_terminating: bool = False
    batch: bool = False  # submit_many costs less than as many submits


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What could be had now. ``price_per_hour`` 0 is free; ``available`` ``None`` is unknown."""

    name: str
    accelerator: str = ""
    accelerator_count: int = 0
    cpus: float | None = None
    memory_gib: float | None = None
    region: str = ""
    price_per_hour: float = 0.0
    currency: str = "USD"
    spot: bool = False
    available: int | None = None


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """Readiness, sentence by sentence: ``(what, ok, detail)``.

    ``confirm``: a setting and the value that was found there; a person who knows it to be right sets it.
    """

    rows: tuple[tuple[str, bool, str], ...]
    confirm: tuple[str, str] | None = None

    @property
    def ok(self) -> bool:
        return all(ok for _, ok, _ in self.rows)


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Why a job cannot start here now. ``code`` is stable; ``forever`` means no waiting will help.

    The part of ``code`` before a colon is one of ``domain.reasons.WAITS``. ``evidence`` is what shows
    it, ``help`` what would help there, when the adapter knows better than ``application/why_help.py``.
    """

    code: str
    text: str
    forever: bool = False
    evidence: Mapping[str, str] = {}
    help: tuple[str, ...] = ()


class ResumePoint(msgspec.Struct, frozen=True, kw_only=True):
    """A complete checkpoint: the files to lay in place before the command runs."""

    name: str
    step: int
    files: tuple[Mapping[str, object], ...]


class JobRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt. Secrets are only here and on the node: never in ``repr``, a log or an event."""

    job: str
    attempt: int
    token: str
    spec: JobSpec
    job_token: str
    server_url: str
    experiment: str = ""
    owner: str = ""
    secrets: Mapping[str, str] = {}
    resume: ResumePoint | None = None
    grace_s: float = 30.0

    def __repr__(self) -> str:
        return f"JobRequest({self.job!r}, attempt={self.attempt}, token={self.token!r})"


class StartEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """``words`` are the backend's own; they change with what others submit."""

    start_at: datetime
    words: str


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    handle: Handle
    price_per_hour: float = 0.0
    currency: str = ""


class Living(msgspec.Struct, frozen=True, kw_only=True):
    """Something of ours that exists at the provider, found by its token."""

    token: str
    handle: Handle
    since: datetime | None = None


class LogChunk(msgspec.Struct, frozen=True, kw_only=True):
    """Lines after a cursor. ``cursor`` is where to go on; equal to the asked one when there is nothing new."""

    lines: tuple[str, ...]
    cursor: str


class SpoolChunk(msgspec.Struct, frozen=True, kw_only=True):
    """Whole journal lines of one stream, from ``offset``."""

    stream: str
    node: int
    offset: int
    body: bytes


class ComputeProvider(ABC):
    """Every method may be repeated; every method but the pure ones raises ``ProviderError``."""

    kind: ClassVar[str]
    capabilities: ClassVar[Capabilities]

    @abstractmethod
    def check(self) -> Check:
        """Whether a job could run here now; a failed row says how to mend it."""

    @abstractmethod
    def offers(self) -> Sequence[Offer]:
        """What could be had now; may be empty, never a lie."""

    @abstractmethod
    def admit(self, spec: JobSpec, *, owner: str = "") -> Wait | None:
        """Why ``spec`` cannot be submitted now, or ``None``. Queue backends admit all they could ever run.

        ``owner`` is the user whose job it would be, where that makes a difference.
        """

    @abstractmethod
    def submit(self, request: JobRequest) -> Submitted:
        """Start one attempt. Idempotent by ``request.token``: twice is once.

        ``SubmissionRefused`` and ``NoCapacity`` promise that nothing was left behind.
        """

    def submit_many(self, requests: Sequence[JobRequest]) -> Sequence[Submitted | ProviderError]:
        """Each request's own outcome, in their order; idempotent by token as ``submit`` is.

        An outcome means what ``submit`` means by it: after ``ProviderUnavailable`` nothing is known.
        """
        return [self._outcome(request) for request in requests]

    def _outcome(self, request: JobRequest) -> Submitted | ProviderError:
        try:
            return self.submit(request)
        except ProviderError as error:
            return error

    @abstractmethod
    def find(self, token: str, *, owner: str = "") -> Handle | None:
        """The attempt's handle; ``None`` only when it is certain that there is none."""

    @abstractmethod
    def observe(self, handles: Sequence[Handle]) -> Mapping[Handle, Observation | None]:
        """One round trip for many. A missing key means *not seen*, which is not *stopped*.

        ``None`` means *not asked*: what has it did not answer, so that nothing may be concluded.
        """

    @abstractmethod
    def stop(self, handle: Handle, *, grace_s: float) -> None:
        """Ask for the end: SIGTERM, ``grace_s``, SIGKILL. Returns at once; stopping the stopped is fine."""

    @abstractmethod
    def logs(self, handle: Handle, *, after: str) -> LogChunk:
        """The provider's own log of the attempt (launch side), from cursor ``after``."""

    @abstractmethod
    def census(self) -> Sequence[Living]:
        """Everything of ours that exists at the provider, whoever submitted it."""

    @abstractmethod
    def cleanup(self, handle: Handle) -> None:
        """Remove what an ended attempt left behind. Fine when nothing is left."""

    def estimate(self, spec: JobSpec, *, owner: str = "") -> StartEstimate | None:
        """When ``spec`` would start if it were submitted now; ``None`` where nobody can tell.

        Nothing is submitted. ``SubmissionRefused`` in the backend's own words.
        """
        return None

    def price(self, spec: JobSpec) -> float:
        """Money an hour of ``spec`` would cost, as far as known without asking anybody; 0 if not.

        Held of the budget when a job is queued, and the price of a lease whose ``submit`` tells none.
        """
        return 0.0

    def cluster(self) -> Cluster | None:
        """Everything there is and how busy it is, in one round trip; ``None`` for no cluster."""
        return None

    def spool(
        self, handle: Handle, offsets: Mapping[tuple[int, str], int], *, limit: int
    ) -> Sequence[SpoolChunk]:
        """Journal bytes the node could not push, at most ``limit``; empty where nodes always push."""
        return ()

    def spooled_blob(self, handle: Handle, sha256: str) -> bytes | None:
        """A staged artifact the node could not upload, or ``None``."""
        return None
