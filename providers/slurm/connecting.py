"""Opens the link to a login node: whose key it is made with, and the host in between, if any."""

from __future__ import annotations

from collections.abc import Callable

from domain.compute import Account
from providers.base import CredentialsRejected
from providers.slurm.settings import SlurmSettings
from providers.ssh import Address, SshLink
from providers.surroundings import Surroundings


def open_link(
    settings: SlurmSettings,
    around: Surroundings,
    *,
    clock: Callable[[], float],
    account: Account | None,
) -> SshLink:
    """Connects at its first use. The key is read anew for every connection."""

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
    """The private key in a team's secret; empty for none. ``CredentialsRejected`` when it is not set."""
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
