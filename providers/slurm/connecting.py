"""Opens the link to a cluster: to its login node, with whose key and through what host, or to slurmrestd."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from domain.compute import Account
from providers.base import CredentialsRejected
from providers.slurm.rest.link import RestLink
from providers.slurm.settings import SlurmSettings
from providers.ssh import Address, Done, SshLink
from providers.surroundings import Surroundings


class Link(Protocol):
    """Where our scripts run, and the files they work on."""

    def run(
        self, argv: Sequence[str], *, stdin: Iterable[bytes] = ..., timeout_s: float = ...
    ) -> Done:
        """The ended command. ``ProviderUnavailable`` when it is unknown whether it ran or how it ended."""

    def read(self, path: str, *, offset: int, limit: int) -> bytes | None:
        """At most ``limit`` bytes of a file from ``offset``; ``None`` when there is none."""

    def retry_now(self) -> None:
        """Somebody has mended something and looks."""

    def close(self) -> None:
        """Repeatable; the next call connects again."""


def open_link(
    settings: SlurmSettings,
    around: Surroundings,
    *,
    clock: Callable[[], float],
    account: Account | None,
) -> Link:
    """Connects at its first use. The key is read anew for every connection."""
    if settings.rest_url:
        return RestLink(
            url=settings.rest_url,
            version=settings.rest_version,
            user=settings.rest_user,
            token=lambda: team_key(around, settings.rest_token).strip(),
            folder=around.root,
        )
    return _over_ssh(settings, around, clock=clock, account=account)


def _over_ssh(
    settings: SlurmSettings,
    around: Surroundings,
    *,
    clock: Callable[[], float],
    account: Account | None,
) -> SshLink:

    def own_key() -> str:
        if account is None:
            return team_key(around, settings.ssh_key)
        return person_key(around, account)

    def jump_key() -> str:
        return team_key(around, settings.jump_key) if settings.jump_key else own_key()

    name = account.key if account else "ssh_key"
    via = None
    if settings.jump_host:
        jump = Address(
            provider="slurm",
            host=settings.jump_host,
            port=settings.jump_port,
            user=settings.jump_user or settings.ssh_user,
            host_key=settings.jump_host_key,
            pin_name="jump_host_key",
            key_name="jump_key" if settings.jump_key else name,
        )
        via = SshLink(jump, jump_key, clock=clock)
    login = Address(
        provider="slurm",
        host=settings.ssh_host,
        port=settings.ssh_port,
        user=settings.ssh_user,
        host_key=settings.host_key,
        key_name=name,
    )
    return SshLink(login, own_key, clock=clock, via=via)


def team_key(around: Surroundings, name: str) -> str:
    """The private key or token in a team's secret; empty for none. ``CredentialsRejected`` when it is not set."""
    if not name:
        return ""
    try:
        return around.secret(name)
    except KeyError:
        reason = f"there is no team secret {name!r}; set it with `lab secret set {name}`."
        raise CredentialsRejected(provider="slurm", reason=reason) from None


def person_key(around: Surroundings, account: Account) -> str:
    """The private key in a person's own secret. ``CredentialsRejected`` when it is not set."""
    try:
        return around.secret_of(account.user, account.key)
    except KeyError:
        reason = (
            f"the holder of account {account.name} has no secret {account.key!r} of their own; "
            f"they set it with `lab secret set {account.key} --personal`."
        )
        raise CredentialsRejected(provider="slurm", reason=reason) from None
