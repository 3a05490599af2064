"""The Slurm adapter: each verb is one script on the login node, one round trip for any number of jobs.

Nothing is kept in memory that Slurm or the work folder does not know, so a restarted server knows
every job. A handle is the attempt's token: the job's name in Slurm and its folder's name.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar

import msgspec

from domain.compute import Account
from domain.job_spec import JobSpec
from domain.observations import Observation
from providers.base import (
    AccountUnavailable,
    Capabilities,
    Check,
    ComputeProvider,
    CredentialsRejected,
    Handle,
    HostKeyRefused,
    JobRequest,
    Living,
    LogChunk,
    Offer,
    ProviderError,
    ProviderUnavailable,
    SpoolChunk,
    StartEstimate,
    SubmissionRefused,
    Submitted,
    Wait,
)
from providers.cluster import Cluster
from providers.prices import read_prices
from providers.slurm.accounting import SACCT_FIELDS, SQUEUE_FIELDS, parse_jobs
from providers.slurm.archive import Member, package, parcels, tar
from providers.slurm.batches import Batches
from providers.slurm.cluster import (
    NODE_FIELDS,
    PARTITION_FIELDS,
    QUEUE_FIELDS,
    parse_cluster,
)
from providers.slurm.connecting import open_link
from providers.slurm.estimate import parse_estimate, trial_script
from providers.slurm.inventory import SINFO_FIELDS, Node, never, offers, parse_nodes, priced
from providers.slurm.login import NO_FOLDER, NO_SDK, REFUSED, Login
from providers.slurm.settings import SlurmSettings
from providers.slurm.sighting import observe, parse_answer
from providers.slurm.submission import Attempt, Place, members
from providers.ssh import Done
from providers.surroundings import Surroundings

LOG_LIMIT = 256 * 1024
BLOB_LIMIT = 64 * 1024**3
INVENTORY_S = 30.0
TOKEN = re.compile(r"[A-Za-z0-9_-]{1,100}")


class SlurmProvider(ComputeProvider):
    """One account over one link. ``clock`` only ages the remembered inventory and paces reconnecting.

    ``account`` is the person's whose key opens the link; without one it is the team's.
    """

    kind: ClassVar[str] = "slurm"
    capabilities: ClassVar[Capabilities] = Capabilities(multi_node=True, spot=True, batch=True)

    def __init__(
        self,
        settings: SlurmSettings,
        around: Surroundings,
        *,
        clock: Callable[[], float] = time.monotonic,
        account: Account | None = None,
    ) -> None:
        self.settings = settings
        self.around = around
        self.prices = read_prices(settings, provider=self.kind)
        self.link = open_link(settings, around, clock=clock, account=account)
        self.login = Login(settings, self.link)
        self._clock = clock
        self._nodes: tuple[float, tuple[Node, ...]] | None = None
        self._package: tuple[str, list[Member]] | None = None
        self._largest: int | None = None
        self._batches = Batches(
            login=self.login,
            one=self._outcome,
            deliver=self._delivered,
            reached=around.reached,
            read_blob=around.read_blob,
        )

    def check(self) -> Check:
        settings = self.settings
        where = settings.rest_url or f"{settings.ssh_user}@{settings.ssh_host}"
        self.link.retry_now()
        try:
            lines = self.login.lines("check", settings.work_folder, settings.python)
            nodes = self._inventory(fresh=True)
        except HostKeyRefused as error:
            confirm = (error.setting, error.found) if error.found else None
            return Check(rows=(("connection", False, str(error)),), confirm=confirm)
        except (ProviderUnavailable, CredentialsRejected) as error:
            return Check(rows=(("connection", False, str(error)),))
        rows = [(what, ok == "1", detail) for what, ok, detail in _rows(lines)]
        impossible = never(JobSpec(name="check", run="true"), settings, nodes)
        partition = impossible.text if impossible else f"{len(nodes)} node rows"
        return Check(
            rows=(("connection", True, where), *rows, ("partition", not impossible, partition))
        )

    def offers(self) -> Sequence[Offer]:
        found = offers(self.settings, self._inventory(fresh=True))
        return priced(found, self.prices, currency=self.around.currency)

    def price(self, spec: JobSpec) -> float:
        return self.prices.of(spec.resources)

    def admit(self, spec: JobSpec, *, owner: str = "") -> Wait | None:
        return never(spec, self.settings, self._inventory())

    def estimate(self, spec: JobSpec, *, owner: str = "") -> StartEstimate | None:
        if self.settings.rest_url:  # it has no --test-only
            return None
        trial = trial_script(spec, self.settings, self._inventory())
        done = self.login.run("estimate", stdin=[trial])
        if done.code == REFUSED:
            raise SubmissionRefused(provider="slurm", reason=done.err)
        if done.code:
            raise self.login.unavailable(done)
        return parse_estimate(done.out.decode(errors="replace"))

    def cluster(self) -> Cluster | None:
        said = self.login.ask("cluster", NODE_FIELDS, PARTITION_FIELDS, QUEUE_FIELDS)
        return parse_cluster(said.decode(errors="replace"))

    def submit(self, request: JobRequest) -> Submitted:
        refusal = self._refusal(request)
        if refusal:
            raise refusal
        try:
            done = self._delivered(lambda: self._send(request))
        except ValueError as error:  # the cluster saw a tar cut short and threw it away
            raise SubmissionRefused(provider="slurm", reason=f"a stored file: {error}.") from error
        if not done.code:
            self.around.reached("slurm.submitted")
            return Submitted(handle=Handle(request.token))
        raise self.login.refused(done) if done.code == REFUSED else self.login.unavailable(done)

    def submit_many(self, requests: Sequence[JobRequest]) -> Sequence[Submitted | ProviderError]:
        """Those that differ in nothing Slurm sees are one array each."""
        try:
            refused = {request.token: self._refusal(request) for request in requests}
            nodes, place, limit = self._inventory(), self._place(), self._array_limit()
        except ProviderError as error:
            return [error for _ in requests]
        good = {request.token: request for request in requests if not refused[request.token]}
        found = self._batches.submit(good.values(), nodes, place=place, limit=limit)
        return [refused[request.token] or found[request.token] for request in requests]

    def _refusal(self, request: JobRequest) -> SubmissionRefused | None:
        """Why it is not even sent."""
        if not TOKEN.fullmatch(request.token):
            return _no_handle(request.token)
        impossible = self.admit(request.spec)
        return SubmissionRefused(provider="slurm", reason=impossible.text) if impossible else None

    def _delivered(self, send: Callable[[], Done]) -> Done:
        """What ``send`` came to, with the node wrapper installed where it was missing."""
        done = send()
        if done.code not in (NO_SDK, NO_FOLDER):
            return done
        self._install()
        return send()

    def _send(self, request: JobRequest) -> Done:
        place, stdin = self._place(), parcels(self._tar(request))
        return self.login.run("submit", place.work, request.token, place.sdk, stdin=stdin)

    def find(self, token: str, *, owner: str = "") -> Handle | None:
        known = self.login.ask("find", self.settings.work_folder, _checked(token))
        return Handle(token) if known.strip() else None

    def observe(self, handles: Sequence[Handle]) -> Mapping[Handle, Observation | None]:
        tokens = [handle for handle in handles if TOKEN.fullmatch(handle)]
        elsewhere: dict[Handle, Observation | None]
        elsewhere = dict.fromkeys(handle for handle in handles if "/" in handle)
        if not tokens:
            return elsewhere
        stdin = ["".join(f"{token}\n" for token in tokens).encode()]
        work = self.settings.work_folder
        said = self.login.ask("observe", work, SQUEUE_FIELDS, SACCT_FIELDS, stdin=stdin)
        answer = parse_answer(said.decode(errors="replace"))
        seen = {token: answer.of(token) for token in tokens}
        looked = {token: observe(found) for token, found in seen.items() if found is not None}
        return elsewhere | {token: found for token, found in looked.items() if found is not None}

    def stop(self, handle: Handle, *, grace_s: float) -> None:
        self.login.ask("stop", self.settings.work_folder, _checked(handle), f"{grace_s:.3f}")

    def logs(self, handle: Handle, *, after: str) -> LogChunk:
        start = int(after or 0)
        path = f"{self.settings.work_folder}/jobs/{_checked(handle)}/slurm.log"
        data = self.link.read(path, offset=start, limit=LOG_LIMIT) or b""
        end = data.rfind(b"\n") + 1
        lines = tuple(data[:end].decode(errors="replace").splitlines())
        return LogChunk(lines=lines, cursor=str(start + end))

    def census(self) -> Sequence[Living]:
        lines = self.login.lines("census", self.settings.work_folder, SQUEUE_FIELDS)
        return [
            Living(
                token=job.name.removeprefix("lab-"),
                handle=Handle(job.name.removeprefix("lab-")),
            )
            for job in parse_jobs(lines)
            if not job.over and job.state != "COMPLETING"
        ]

    def cleanup(self, handle: Handle) -> None:
        self.login.ask("cleanup", self.settings.work_folder, _checked(handle))

    def spool(
        self, handle: Handle, offsets: Mapping[tuple[int, str], int], *, limit: int
    ) -> Sequence[SpoolChunk]:
        have = "".join(f"{node} {name} {offset}\n" for (node, name), offset in offsets.items())
        work = self.settings.work_folder
        said = self.login.ask("spool", work, _checked(handle), str(limit), stdin=[have.encode()])
        return list(_chunks(said))

    def spooled_blob(self, handle: Handle, sha256: str) -> bytes | None:
        for node in range(self._node_count(handle)):
            path = f"{self.settings.work_folder}/jobs/{handle}/{node}/blobs/{_checked(sha256)}"
            body = self.link.read(path, offset=0, limit=BLOB_LIMIT)
            if body is not None:
                return body
        return None

    def _node_count(self, handle: Handle) -> int:
        path = f"{self.settings.work_folder}/jobs/{_checked(handle)}/attempt.json"
        found = self.link.read(path, offset=0, limit=4096)
        return 0 if found is None else msgspec.json.decode(found, type=Attempt).nodes

    def _inventory(self, *, fresh: bool = False) -> tuple[Node, ...]:
        """What sinfo says, not older than half a minute."""
        now = self._clock()
        if fresh or self._nodes is None or now - self._nodes[0] > INVENTORY_S:
            self._nodes = now, parse_nodes(self.login.lines("inventory", SINFO_FIELDS))
        return self._nodes[1]

    def _array_limit(self) -> int:
        """Slurm's MaxArraySize, asked once; 0 where it has no arrays or does not say."""
        if self._largest is None:
            said = self.login.lines("limits")
            self._largest = int(said[0]) if said and said[0].isdigit() else 0
        return self._largest

    def _place(self) -> Place:
        return Place(work=self.settings.work_folder, sdk=self._sdk()[0])

    def _sdk(self) -> tuple[str, list[Member]]:
        if self._package is None:
            self._package = package(self.around.sdk)
        return self._package

    def _install(self) -> None:
        """Copy the node wrapper and the SDK to the work folder, once a version."""
        version, files = self._sdk()
        self.login.ask("install", self.settings.work_folder, version, stdin=tar(files))

    def _tar(self, request: JobRequest) -> Iterator[bytes]:
        nodes, place = self._inventory(), self._place()
        read = self.around.read_blob
        return tar(members(request, self.settings, nodes, place=place, read_blob=read))


def _checked(word: str) -> str:
    """A token or hash becomes part of a path on the cluster, so it may be nothing but a word."""
    account, own, _ = word.rpartition("/")
    if own:
        reason = f"the job runs as account {account}; it is in reach with accounts=person again."
        raise AccountUnavailable(provider="slurm", reason=reason)
    if not TOKEN.fullmatch(word):
        raise _no_handle(word)
    return word


def _no_handle(word: str) -> SubmissionRefused:
    return SubmissionRefused(provider="slurm", reason=f"{word!r} is no handle of ours.")


def _rows(lines: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    for line in lines:
        what, ok, detail = line.split("|", 2)
        yield what, ok, detail


def _chunks(said: bytes) -> Iterator[SpoolChunk]:
    """Whole lines only: the last one may be half written."""
    while said:
        head, _, said = said.partition(b"\n")
        node, stream, offset, length = head.decode().split(" ")
        body, said = said[: int(length)], said[int(length) :]
        body = body[: body.rfind(b"\n") + 1]
        if body:
            yield SpoolChunk(stream=stream, node=int(node), offset=int(offset), body=body)
