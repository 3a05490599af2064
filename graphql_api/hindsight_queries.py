"""Questions that look back: timelines, comparisons, what if, and what a reversal would do."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import strawberry

from application.actor import Actor
from application.audit_reads import AuditReads
from application.commands.revert import preview_revert
from application.incident import Incident, incident_between, incident_of_job, markdown
from application.job_diff import compare, pins
from application.moments import AsOf
from application.permissions import Action, require
from application.what_if.ask import named, what_if
from graphql_api.as_of import past_field
from graphql_api.context import Info, in_thread, reads_of
from graphql_api.scalars import Long, Moment
from graphql_api.types.hindsight import (
    JobDifference,
    Pin,
    RevertPreview,
    Timeline,
    WhatIf,
    WhatIfChange,
)


@strawberry.type
class HindsightQueries:
    @past_field("The job's facts in lanes, with its ledger and its provider's troubles.")
    async def job_timeline(self, info: Info, job: strawberry.ID) -> Timeline:
        actor, reads = await info.context.actor(), reads_of(info)

        def found() -> Incident:
            require(actor, Action.READ_LOG)
            row = reads.job(actor, job)
            return incident_of_job(reads, actor, job, provider=row.provider)

        return await _told(info, actor, reads, await in_thread(found))

    @past_field("Everything of the team between two moments, in lanes.")
    async def timeline(self, info: Info, since: Moment, until: Moment) -> Timeline:
        actor, reads = await info.context.actor(), reads_of(info)
        begin, end = cast("AsOf", since), cast("AsOf", until)
        found = await in_thread(incident_between, reads, actor, since=begin, until=end)
        return await _told(info, actor, reads, found)

    @past_field("Every value of two jobs, infrastructure and outcome included.")
    async def job_diff(
        self, info: Info, left: strawberry.ID, right: strawberry.ID
    ) -> list[JobDifference]:
        actor, reads = await info.context.actor(), reads_of(info)
        one = await in_thread(reads.job, actor, left)
        other = await in_thread(reads.job, actor, right)
        return [JobDifference.of(found) for found in compare(one, other)]

    @past_field("What running the job again holds fast, and what not.")
    async def job_pins(self, info: Info, job: strawberry.ID) -> list[Pin]:
        actor = await info.context.actor()
        found = await in_thread(reads_of(info).job, actor, job)
        return [Pin.of(pin) for pin in pins(found)]

    @strawberry.field(description="What taking the change at a position back would do.")
    async def revert_preview(self, info: Info, position: Long) -> RevertPreview:
        actor = await info.context.actor()
        lab = info.context.use.lab
        return RevertPreview.of(await in_thread(preview_revert, lab, actor, position))

    @strawberry.field(description="The jobs asked for in a past window, under another policy.")
    async def what_if(
        self, info: Info, since: datetime, until: datetime, change: WhatIfChange | None = None
    ) -> WhatIf:
        actor = await info.context.actor()
        lab = info.context.use.lab
        policy = await in_thread(named, lab, actor, (change or WhatIfChange()).policy())
        found = await in_thread(what_if, lab, actor, policy, since=since, until=until)
        names = await in_thread(info.context.reads.names, actor)
        return WhatIf.of(found, names)


async def _told(info: Info, actor: Actor, reads: AuditReads, found: Incident) -> Timeline:
    names = await in_thread(reads.names, actor)
    text = markdown(found, base_url=info.context.use.base_url, names=names)
    return Timeline.of(found, text)
