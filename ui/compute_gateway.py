"""Compute providers on a page's gateway: add, look after, and look into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from application.commands import compute
from application.commands.job_moves import MoveCost, move_cost, move_job
from application.provider_trial import try_provider
from domain.compute import Setting
from domain.errors import LabError
from projections.job_lists import JobFilter
from projections.rows import JobRow, ProviderRow, SecretRow
from providers.base import Check
from providers.cluster import Cluster
from ui.gateway import Gateway, in_thread

LIVE = ("RUNNING", "LAUNCHING", "QUEUED")


class ComputeGateway:
    """For one open page."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._lab = gateway.use.lab

    async def provider(self, id: str) -> ProviderRow:
        return await in_thread(lambda: self._gateway.reads.provider(self._gateway.actor, id))

    async def cluster(self, id: str) -> Cluster | None:
        """Asks it: ``ProviderError``. ``None`` for one that is no cluster."""
        return await in_thread(lambda: self._gateway.reads.cluster(self._gateway.actor, id))

    async def jobs(self, id: str) -> Sequence[JobRow]:
        """Those that wait for it or run there, newest first."""
        where = JobFilter(provider=id, statuses=LIVE)
        return (await self._gateway.jobs(where, limit=20)).rows

    async def secrets(self) -> list[SecretRow]:
        return await in_thread(lambda: self._gateway.reads.secrets(self._gateway.actor))

    async def test(self, kind: str, settings: Mapping[str, Setting]) -> Check:
        """Whether jobs could run there, before it is added: ``ProviderError``."""

        actor = self._gateway.actor
        return await in_thread(lambda: try_provider(self._lab, actor, kind=kind, settings=settings))

    async def add(
        self, *, name: str, kind: str, settings: dict[str, Setting], default: bool
    ) -> str:
        """The new provider's id."""
        add = compute.add_provider
        return await self._gateway.do(
            lambda a: add(self._lab, a, name=name, kind=kind, settings=settings, default=default)
        )

    async def reconfigure(self, id: str, settings: dict[str, Setting]) -> None:
        change = compute.reconfigure_provider
        await self._gateway.do(lambda a: change(self._lab, a, id, settings=settings))

    async def move_cost(self, job: str, provider: str) -> MoveCost | str:
        """What moving it would hold; a refusal's own words as text."""

        def ask() -> MoveCost | str:
            try:
                return move_cost(self._lab, self._gateway.actor, job, provider=provider)
            except LabError as error:
                return str(error)

        return await in_thread(ask)

    async def move(self, job: str, provider: str) -> None:
        await self._gateway.do(lambda a: move_job(self._lab, a, job, provider=provider))

    async def make_default(self, id: str) -> None:
        await self._gateway.do(lambda a: compute.make_default(self._lab, a, id))
