"""A cluster where each person's jobs run as that person: one ``SlurmProvider`` for each account.

A handle is ``account/token``, so that a job is looked for under the account it was submitted with,
whatever became of the mapping since. An account that does not answer blinds nobody else: its jobs
are *not asked*. Not here: who has which account (``domain/compute.py``), and any word to Slurm.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import ClassVar, TypeVar

from msgspec.structs import replace

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
from providers.slurm.provider import SlurmProvider
from providers.slurm.settings import SlurmSettings
from providers.surroundings import Surroundings

AT_ONCE = 8
"""Accounts that are asked side by side."""
Answer = TypeVar("Answer")
Problem = ProviderUnavailable | CredentialsRejected


class SlurmPeople(ComputeProvider):
    """``clock`` is handed on to each account's provider."""

    kind: ClassVar[str] = SlurmProvider.kind
    capabilities: ClassVar[Capabilities] = SlurmProvider.capabilities

    def __init__(
        self,
        settings: SlurmSettings,
        around: Surroundings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.around = around
        self.prices = read_prices(settings, provider=self.kind)
        self._clock = clock
        self._guard = threading.Lock()
        self._made: dict[str, tuple[tuple[str, str], SlurmProvider]] = {}
        self._looker: SlurmProvider | None = None
        if settings.ssh_user:
            self._looker = SlurmProvider(
                settings.as_account(settings.ssh_user), around, clock=clock
            )

    def check(self) -> Check:
        """What the looking account finds, then a row for each person's account."""
        people = self._current()
        general = self._looker.check().rows if self._looker else ()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            checks = list(pool.map(lambda a: self._provider(a).check(), people))
        if not general:
            general = next((c.rows for c in checks if c.ok), ())
        if not people:
            return Check(rows=(*general, ("accounts", False, self._way_out())))
        rows = [_summary(a, check) for a, check in zip(people, checks, strict=True)]
        return Check(rows=(*general, *rows))

    def offers(self) -> Sequence[Offer]:
        return self._viewer().offers()

    def price(self, spec: JobSpec) -> float:
        return self.prices.of(spec.resources)

    def cluster(self) -> Cluster | None:
        return self._viewer().cluster()

    def admit(self, spec: JobSpec, *, owner: str = "") -> Wait | None:
        account = self._account_of(owner)
        if account is None:
            return Wait(code="no_account", text=self._refusal(), forever=True)
        try:
            return self._provider(account).admit(spec)
        except (ProviderUnavailable, CredentialsRejected) as error:
            return Wait(code="account_unavailable", text=_told(account.name, error))

    def estimate(self, spec: JobSpec, *, owner: str = "") -> StartEstimate | None:
        account = self._must_have(owner)
        with _as(account.name):
            return self._provider(account).estimate(spec)

    def submit(self, request: JobRequest) -> Submitted:
        account = self._must_have(request.owner)
        with _as(account.name):
            made = self._provider(account).submit(request)
        return replace(made, handle=_handle(account, made.handle))

    def submit_many(self, requests: Sequence[JobRequest]) -> Sequence[Submitted | ProviderError]:
        """Those of one account go together; what goes wrong there is theirs alone."""
        outcomes: dict[str, Submitted | ProviderError] = {}
        groups: dict[str, list[JobRequest]] = {}
        for request in requests:
            account = self._account_of(request.owner)
            if account is not None:
                groups.setdefault(account.name, []).append(request)
                continue
            refusal = SubmissionRefused(provider="slurm", reason=self._refusal())
            outcomes[request.token] = refusal
        asked = self._ask(groups, lambda name, adapter: adapter.submit_many(groups[name]))
        for name, found in asked.items():
            for request, outcome in zip(groups[name], _each(found, groups[name]), strict=True):
                outcomes[request.token] = _outcome(name, outcome)
        return [outcomes[request.token] for request in requests]

    def find(self, token: str, *, owner: str = "") -> Handle | None:
        """Asks every account that is or was the owner's; without an owner, every account there is.

        One that was theirs and does not let us in any more is passed over, when their present one
        answers: it is asked for the moment between a submission and its record alone.
        """
        problems: list[AccountUnavailable] = []
        answered = False
        for account in [a for a in self.around.accounts() if owner in ("", a.user)]:
            try:
                with _as(account.name):
                    found = self._provider(account).find(token)
            except AccountUnavailable as error:
                if account.current or not isinstance(error.__cause__, CredentialsRejected):
                    raise
                problems.append(error)
                continue
            if found is not None:
                return _handle(account, found)
            answered = answered or account.current
        if problems and not answered:
            raise problems[0]
        return None

    def observe(self, handles: Sequence[Handle]) -> Mapping[Handle, Observation | None]:
        """One round trip for each account. Raises when none of them could be asked."""
        known = {account.name for account in self.around.accounts()}
        seen: dict[Handle, Observation | None] = {}
        groups: dict[str, list[Handle]] = {}
        for handle in handles:
            name = handle.rpartition("/")[0]
            if name in known:
                groups.setdefault(name, []).append(handle)
            else:
                seen[handle] = None  # of the time when everybody shared one account
        asked = self._ask(groups, lambda name, adapter: _looked(name, adapter, groups[name]))
        _raise_if_all_are_away(asked)
        for name, answer in asked.items():
            if isinstance(answer, ProviderUnavailable | CredentialsRejected):
                seen |= dict.fromkeys(groups[name])
            else:
                seen |= answer
        return seen

    def stop(self, handle: Handle, *, grace_s: float) -> None:
        with self._at(handle) as (adapter, inner):
            adapter.stop(inner, grace_s=grace_s)

    def logs(self, handle: Handle, *, after: str) -> LogChunk:
        with self._at(handle) as (adapter, inner):
            return adapter.logs(inner, after=after)

    def census(self) -> Sequence[Living]:
        """Of the accounts that answer. Raises when none of them does."""
        people = {account.name: account for account in self._current()}
        self._close_all_but(people)
        asked = self._ask(people, lambda _, adapter: adapter.census())
        _raise_if_all_are_away(asked)
        return [
            replace(living, handle=_handle(people[name], living.handle))
            for name, found in asked.items()
            if not isinstance(found, ProviderUnavailable | CredentialsRejected)
            for living in found
        ]

    def cleanup(self, handle: Handle) -> None:
        with self._at(handle) as (adapter, inner):
            adapter.cleanup(inner)

    def spool(
        self, handle: Handle, offsets: Mapping[tuple[int, str], int], *, limit: int
    ) -> Sequence[SpoolChunk]:
        with self._at(handle) as (adapter, inner):
            return adapter.spool(inner, offsets, limit=limit)

    def spooled_blob(self, handle: Handle, sha256: str) -> bytes | None:
        with self._at(handle) as (adapter, inner):
            return adapter.spooled_blob(inner, sha256)

    def close(self) -> None:
        """Repeatable; the next call connects again."""
        self._close_all_but(())
        if self._looker is not None:
            self._looker.link.close()

    def _ask(
        self, names: Iterable[str], question: Callable[[str, SlurmProvider], Answer]
    ) -> dict[str, Answer | Problem]:
        """An answer or a problem from each account, a few at a time."""

        def one(name: str) -> Answer | Problem:
            try:
                return question(name, self._named(name))
            except (ProviderUnavailable, CredentialsRejected) as error:
                return error

        wanted = list(names)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return dict(zip(wanted, pool.map(one, wanted), strict=True))

    @contextmanager
    def _at(self, handle: Handle) -> Iterator[tuple[SlurmProvider, Handle]]:
        """The account's provider, and the handle as that one knows it."""
        name, _, token = handle.rpartition("/")
        with _as(name):
            yield self._named(name), Handle(token)

    def _named(self, name: str) -> SlurmProvider:
        """By account: as it is mapped now, else as it was last."""
        known = [a for a in self.around.accounts() if a.name == name]
        if not known:
            what = f"account {name} was never mapped" if name else "it runs as the shared account"
            raise ProviderUnavailable(provider="slurm", reason=f"{what}; nobody can look there.")
        return self._provider(next((a for a in known if a.current), known[-1]))

    def _provider(self, account: Account) -> SlurmProvider:
        """Made at first use, and made anew when another key opens the account."""
        identity = account.user, account.key
        with self._guard:
            made = self._made.get(account.name)
            if made is None or made[0] != identity:
                if made is not None:
                    made[1].link.close()
                settings = self.settings.as_account(account.name)
                adapter = partial(SlurmProvider, clock=self._clock, account=account)
                made = identity, adapter(settings, self.around)
                self._made[account.name] = made
            return made[1]

    def _close_all_but(self, names: Iterable[str]) -> None:
        """An account that is nobody's now is not kept open; jobs it still has open it again."""
        kept = set(names)
        with self._guard:
            for name in [name for name in self._made if name not in kept]:
                self._made.pop(name)[1].link.close()

    def _viewer(self) -> SlurmProvider:
        """Whoever looks at the cluster for everybody: ``ssh_user``, else the first account."""
        people = self._current()
        if self._looker is None and not people:
            raise ProviderUnavailable(provider="slurm", reason=self._way_out())
        return self._looker or self._provider(people[0])

    def _current(self) -> list[Account]:
        return [account for account in self.around.accounts() if account.current]

    def _account_of(self, owner: str) -> Account | None:
        return next((a for a in self._current() if a.user == owner), None)

    def _must_have(self, owner: str) -> Account:
        account = self._account_of(owner)
        if account is None:
            raise SubmissionRefused(provider="slurm", reason=self._refusal())
        return account

    def _refusal(self) -> str:
        return f"the job's owner has no account on {self.around.name or 'it'}. {self._way_out()}"

    def _way_out(self) -> str:
        name = self.around.name or "PROVIDER"
        return (
            "An admin gives a person their account with "
            f"`lab provider map {name} PERSON ACCOUNT --key SECRET`."
        )


def _each(
    found: Sequence[Submitted | ProviderError] | Problem, requests: Sequence[JobRequest]
) -> Sequence[Submitted | ProviderError]:
    """One outcome a request, where all may have met the same."""
    if isinstance(found, ProviderUnavailable | CredentialsRejected):
        return [found] * len(requests)
    return found


def _outcome(account: str, outcome: Submitted | ProviderError) -> Submitted | ProviderError:
    """As this account's: its handle, or its trouble."""
    if isinstance(outcome, Submitted):
        return replace(outcome, handle=Handle(f"{account}/{outcome.handle}"))
    if isinstance(outcome, ProviderUnavailable | CredentialsRejected):
        return AccountUnavailable(provider="slurm", reason=_told(account, outcome))
    return outcome


@contextmanager
def _as(account: str) -> Iterator[None]:
    """What goes wrong is this account's alone."""
    try:
        yield
    except (ProviderUnavailable, CredentialsRejected) as error:
        raise AccountUnavailable(
            provider="slurm", reason=_told(account, error), retry_after_s=error.retry_after_s
        ) from error


def _told(account: str, error: Problem) -> str:
    return f"account {account}: {error.values['reason']}"


def _handle(account: Account, token: Handle) -> Handle:
    return Handle(f"{account.name}/{token}")


def _looked(
    name: str, adapter: SlurmProvider, handles: Sequence[Handle]
) -> dict[Handle, Observation | None]:
    seen = adapter.observe([Handle(handle.rpartition("/")[2]) for handle in handles])
    return {Handle(f"{name}/{token}"): found for token, found in seen.items()}


def _raise_if_all_are_away(asked: Mapping[str, object]) -> None:
    """A host that answered one account, if only with a no, is there."""
    away = [answer for answer in asked.values() if isinstance(answer, ProviderUnavailable)]
    if away and len(away) == len(asked):
        raise away[0]


def _summary(account: Account, check: Check) -> tuple[str, bool, str]:
    failed = next((f"{what}: {detail}" for what, ok, detail in check.rows if not ok), "ready")
    return f"account {account.name}", check.ok, failed
