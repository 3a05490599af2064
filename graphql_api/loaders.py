"""Nested owners, experiments and providers of a list, each fetched once for the whole list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from strawberry.dataloader import DataLoader

from application.actor import Actor
from application.queries import Person, Reads
from projections.rows import ExperimentRow, ProviderRow

Row = TypeVar("Row")


class Loaders:
    """Of one actor. A missing id loads as ``None``."""

    def __init__(self, reads: Reads, actor: Actor, *, remember: bool) -> None:
        self.experiments: DataLoader[str, ExperimentRow | None] = _loader(
            lambda _: {row.id: row for row in reads.experiments(actor, archived=True)}, remember
        )
        self.providers: DataLoader[str, ProviderRow | None] = _loader(
            lambda _: {row.id: row for row in reads.providers(actor)}, remember
        )
        self.people: DataLoader[str, Person | None] = _loader(
            lambda ids: reads.people(actor, ids), remember
        )


def _loader(
    find: Callable[[list[str]], Mapping[str, Row]], remember: bool
) -> DataLoader[str, Row | None]:
    async def load(ids: list[str]) -> list[Row | None]:
        found = await run_in_threadpool(find, ids)
        return [found.get(id) for id in ids]

    return DataLoader(load_fn=load, cache=remember)
