"""Questions about what people put beside the facts."""

from __future__ import annotations

import strawberry

from graphql_api.as_of import past_field
from graphql_api.context import Info, desks_of, in_thread
from graphql_api.limits import PAGE_USUAL
from graphql_api.paging import size_of
from graphql_api.types.desk import Document, ExperimentNotes, JobTag, NotesRevision, View
from graphql_api.types.telemetry import Artifact
from projections.artifact_queries import KINDS


@strawberry.type
class DeskQueries:
    @past_field("The team's tags, the most used first.")
    async def job_tags(self, info: Info) -> list[JobTag]:
        actor = await info.context.actor()
        return [JobTag.of(row) for row in await in_thread(desks_of(info).labels, actor)]

    @past_field(
        "What the team's jobs saved, latest first; `kinds` of model, dataset, checkpoint, artifact."
    )
    async def artifacts(
        self,
        info: Info,
        kinds: list[str] | None = None,
        text: str = "",
        first: int = PAGE_USUAL,
        offset: int = 0,
    ) -> list[Artifact]:
        actor = await info.context.actor()
        rows = await in_thread(
            desks_of(info).artifacts,
            actor,
            kinds=KINDS if kinds is None else kinds,
            text=text,
            limit=size_of(first),
            offset=max(offset, 0),
        )
        return [Artifact.of(row) for row in rows]

    @past_field("Your own, by name.")
    async def views(self, info: Info, page: str) -> list[View]:
        actor = await info.context.actor()
        return [View.of(row) for row in await in_thread(desks_of(info).views, actor, page)]

    @past_field()
    async def experiment_notes(self, info: Info, experiment: strawberry.ID) -> ExperimentNotes:
        actor = await info.context.actor()
        return ExperimentNotes.of(await in_thread(desks_of(info).notes, actor, experiment))

    @strawberry.field(description="Newest first.")
    async def notes_history(self, info: Info, experiment: strawberry.ID) -> list[NotesRevision]:
        actor = await info.context.actor()
        rows = await in_thread(desks_of(info).notes_history, actor, experiment)
        return [NotesRevision.of(row) for row in rows]

    @past_field("By path.")
    async def documents(self, info: Info, experiment: strawberry.ID) -> list[Document]:
        actor = await info.context.actor()
        rows = await in_thread(desks_of(info).documents, actor, experiment)
        return [Document.of(row) for row in rows]
