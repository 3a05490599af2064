"""Tasks beyond their text: how their runs went, repositories, what a launch would take and cost."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from application.actor import Actor
from application.commands import tasks as commands
from application.commands.jobs import Launch, LaunchCost, estimate_start, launch_cost
from application.repository_task import RepositoryTask, read_repository_task
from application.task_archive import take_archive
from domain.errors import LabError
from projections.job_lists import JobFilter
from projections.rows import JobRow, SecretRow
from providers.base import StartEstimate
from ui.gateway import Gateway, in_thread

LATEST = 200


class TaskGateway:
    """For one open page."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._lab = gateway.use.lab

    async def read_repository(self, *, url: str, ref: str, folder: str) -> RepositoryTask:
        gateway = self._gateway
        return await in_thread(
            lambda: read_repository_task(self._lab, gateway.actor, url=url, ref=ref, folder=folder)
        )

    async def take_archive(self, *, experiment: str, data: bytes) -> str:
        """The id of a new task, with the files of its folder."""

        def save(actor: Actor) -> str:
            taken = take_archive(self._lab, actor, data)
            return commands.create_task(
                self._lab, actor, experiment=experiment, yaml=taken.yaml, files=taken.files
            )

        return await self._gateway.do(save)

    async def archive(self, task: str) -> None:
        await self._gateway.do(lambda a: commands.archive_task(self._lab, a, task))

    async def runs(self) -> Mapping[str, list[JobRow]]:
        """Of the team's latest jobs those of each task, newest first."""
        rows = (await self._gateway.jobs(JobFilter(), limit=LATEST)).rows
        found: dict[str, list[JobRow]] = {}
        for row in rows:
            found.setdefault(row.task or "", []).append(row)
        return found

    async def secrets(self) -> list[SecretRow]:
        return await in_thread(lambda: self._gateway.reads.secrets(self._gateway.actor))

    async def cost(self, launch: Launch) -> LaunchCost | None:
        """What it would cost; ``None`` for what would be refused, as ``estimate`` tells."""

        def ask() -> LaunchCost | None:
            with suppress(LabError):
                return launch_cost(self._lab, self._gateway.actor, launch)
            return None

        return await in_thread(ask)

    async def estimate(self, launch: Launch) -> StartEstimate | str | None:
        """When it would start; a refusal's own words as text; ``None`` where nobody can tell."""

        def ask() -> StartEstimate | str | None:
            try:
                return estimate_start(self._lab, self._gateway.actor, launch)
            except LabError as error:
                return str(error)

        return await in_thread(ask)
