"""Questions about versions of what was saved, and where each comes from."""

from __future__ import annotations

import strawberry

from application.lineage import lineage, versions
from graphql_api.as_of import past_field
from graphql_api.context import Info, desks_of, in_thread, reads_of
from graphql_api.types.job import ArtifactOrigin
from graphql_api.types.telemetry import ArtifactVersion


@strawberry.type
class RegistryQueries:
    @past_field("Every save of a kind and name, newest first; at most 1,000.")
    async def artifact_versions(self, info: Info, kind: str, name: str) -> list[ArtifactVersion]:
        actor = await info.context.actor()
        found = await in_thread(versions, desks_of(info), actor, kind=kind, name=name)
        return [ArtifactVersion.of(version) for version in found]

    @past_field(
        "From it back to where it began, by the checkpoints its jobs began from; at most 50."
    )
    async def artifact_lineage(self, info: Info, id: strawberry.ID) -> list[ArtifactOrigin]:
        actor = await info.context.actor()
        found = await in_thread(lineage, reads_of(info), desks_of(info), actor, id)
        return [ArtifactOrigin.of(origin) for origin in found]
