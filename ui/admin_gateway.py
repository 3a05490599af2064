"""What the administration page asks of the installation. For those who manage the team's members."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from application.permissions import Action, require
from application.storage_report import StorageReport, storage_report
from projections.rows import PositionRow, ProviderRow
from ui.gateway import Gateway, in_thread


@dataclass(frozen=True, kw_only=True)
class Installation:
    """``answer_ms``: how long the database took to tell the head of the log."""

    head: int
    positions: Sequence[PositionRow]
    providers: Sequence[ProviderRow]
    answer_ms: float
    settings: Sequence[tuple[str, str]]


async def installation(gateway: Gateway) -> Installation:
    """How it is now."""
    use, policy = gateway.use, gateway.use.lab.policy

    def ask() -> Installation:
        require(gateway.actor, Action.MANAGE_MEMBERS)
        begun = time.perf_counter()
        head = use.lab.log.head()
        answer_ms = (time.perf_counter() - begun) * 1000
        quota = policy.team_quota_minutes
        return Installation(
            head=head,
            positions=use.queries.positions(),
            providers=gateway.reads.providers(gateway.actor),
            answer_ms=answer_ms,
            settings=(
                ("Address", use.base_url),
                ("Quota of a new team", "none" if quota is None else f"{quota:,} minutes a month"),
                ("Grace of a stop", f"{policy.stop_grace_s:g} s"),
                ("A launch may take", f"{policy.launch_timeout_s:g} s"),
                ("A job stalls after", f"{policy.stalled_after_s:g} s without a sign of work"),
                ("Mail", "configured" if use.lab.mailer.configured else "not configured"),
                (
                    "Identity providers",
                    ", ".join(p.label for p in use.lab.identities.all()) or "none",
                ),
            ),
        )

    return await in_thread(ask)


async def stored(gateway: Gateway) -> StorageReport:
    """Counts every stored byte, and those that nothing names; takes a while."""
    lab = gateway.use.lab

    def ask() -> StorageReport:
        require(gateway.actor, Action.MANAGE_MEMBERS)
        return storage_report(lab.log, lab.blobs)

    return await in_thread(ask)
