"""Nested owners, experiments and providers of a list, each fetched once for the whole list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from strawberry.dataloader import DataLoader

from application.account_reads import Person
from application.actor import Actor
from application.desk_reads import DeskReads
from application.queries import Reads
from domain.compute import Account
from domain.errors import LabError
from projections.desk_queries import JobMarks
from projections.rows import ExperimentRow, ProviderRow
from providers.cluster import Cluster

Row = TypeVar("Row")


class Loaders:
    """Of one actor. A missing id loads as ``None``."""

    def __init__(self, reads: Reads, desks: DeskReads, actor: Actor, *, remember: bool) -> None:
        self.experiments: DataLoader[str, ExperimentRow | None] = _loader(
            lambda _: {row.id: row for row in reads.experiments(actor, archived=True)}, remember
        )
        self.providers: DataLoader[str, ProviderRow | None] = _loader(
            lambda _: {row.id: row for row in reads.providers(actor)}, remember
        )
        self.accounts: DataLoader[str, list[Account] | None] = _loader(
            lambda ids: {id: reads.accounts(actor, id) for id in ids}, remember
        )
        self.clusters: DataLoader[str, Cluster | None] = DataLoader(
            load_fn=lambda ids: run_in_threadpool(_clusters, reads, actor, ids), cache=remember
        )
        self.marks: DataLoader[str, JobMarks | None] = _loader(
            lambda ids: desks.marks(actor, ids), remember
        )
        self.people: DataLoader[str, Person | None] = _loader(
            lambda ids: reads.people(actor, ids), remember
        )


def _clusters(reads: Reads, actor: Actor, ids: list[str]) -> list[Cluster | BaseException | None]:
    """One round trip for each; a provider that does not answer spoils no other's."""
    found: list[Cluster | BaseException | None] = []
    for id in ids:
        try:
            found.append(reads.cluster(actor, id))
        except LabError as error:
            found.append(error)
    return found


def _loader(
    find: Callable[[list[str]], Mapping[str, Row]], remember: bool
) -> DataLoader[str, Row | None]:
    async def load(ids: list[str]) -> list[Row | None]:
        found = await run_in_threadpool(find, ids)
        return [found.get(id) for id in ids]

    return DataLoader(load_fn=load, cache=remember)
