"""Authorised reads: what GraphQL and pages may ask, each allowed first and kept inside the actor's team.

Another team's things are *not found*. Not here: SQL (``projections/queries.py``), sentences about a
job (``application/explain.py``), the event log (``application/log_reading.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from application.account_reads import AccountReads
from application.actor import Actor
from application.audit_reads import AuditReads
from application.budget_reading import Budget, read_budget
from application.cluster_page import with_own_jobs
from application.explain import why
from application.job_reasons import JobReasons
from application.lab import Lab
from application.moments import AsOf, Moment, find_moment
from application.permissions import Action, allowed, require, require_on, require_own
from application.quota_reading import Quota, read_quota
from application.sight import Shown, sees, sight_of
from application.telemetry_reads import TelemetryReads
from application.why import Told
from domain.compute import Account
from domain.compute import fold as fold_provider
from domain.errors import InvalidInput, NotFound
from domain.job_events import JobLaunching, JobStatus
from domain.reasons import Reason
from projections.job_lists import NEWEST, After, JobFilter, JobOrder
from projections.jobs import JOBS_PROJECTION
from projections.queries import DIMENSIONS, Queries
from projections.rows import (
    ArtifactRow,
    ChannelRow,
    ExperimentRow,
    JobRow,
    ProviderRow,
    RevisionRow,
    TaskRow,
    UsageRow,
)
from projections.telemetry_queries import TelemetryQueries
from providers.base import Check, Offer
from providers.cluster import Cluster

Owned = TypeVar("Owned", bound=Shown)
LIVE_AT_MOST = 10_000


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """A job and one sentence about why it is where it is."""

    row: JobRow
    why: str


class Reads(AccountReads, TelemetryReads, AuditReads):
    """Every method raises ``NotAuthenticated``, ``PermissionDenied`` or ``NotFound`` before it answers.

    With a ``moment`` it answers as of then; who may ask is decided as of now.
    """

    def __init__(
        self,
        lab: Lab,
        queries: Queries,
        telemetry: TelemetryQueries,
        moment: Moment | None = None,
    ) -> None:
        AccountReads.__init__(self, lab, queries, moment)
        TelemetryReads.__init__(self, telemetry, moment)
        AuditReads.__init__(self, self._queries)
        self._reasons = JobReasons(self._queries, self._log)

    def at(self, as_of: AsOf) -> Reads:
        """The same reads as of a position or time. ``InvalidInput``, ``PastBehind``."""
        moment = find_moment(self._queries, as_of, now=self._lab.clock.now())
        return Reads(self._lab, self._queries, self._telemetry, moment)

    @property
    def _upto(self) -> int | None:
        return self.moment.position if self.moment else None

    @property
    def _now(self) -> datetime:
        return self.moment.at if self.moment else self._lab.clock.now()

    def job(self, actor: Actor, id: str) -> JobRow:
        return self._own(actor, self._queries.job(id), kind="job", id=id)

    def job_view(self, actor: Actor, id: str) -> JobView:
        row = self.job(actor, id)
        return JobView(row=row, why=why(row))

    def reason(self, actor: Actor, row: JobRow) -> Reason:
        """The one dominant reason why the job is where it is."""
        require_own(actor, row.team, kind="job", id=row.id)
        return self._reasons.reason(row, now=self._now)

    def reason_history(self, actor: Actor, row: JobRow) -> list[Told]:
        """Each change of it, oldest first."""
        require_own(actor, row.team, kind="job", id=row.id)
        return self._reasons.history(row)

    def jobs(
        self,
        actor: Actor,
        where: JobFilter | None = None,
        after: After | None = None,
        limit: int = 50,
        order: JobOrder = NEWEST,
    ) -> list[JobRow]:
        """In ``order``: newest first unless given."""
        require(actor, Action.READ)
        chosen = msgspec.structs.replace(where or JobFilter(), sight=sight_of(actor))
        return self._queries.jobs(actor.team, chosen, after=after, limit=limit, order=order)

    def jobs_position(self) -> int:
        """How far the log is shown in the jobs; of no team."""
        name = JOBS_PROJECTION.position_name
        return next((p.position for p in self._queries.positions() if p.name == name), 0)

    def jobs_changed(self, actor: Actor, *, after: int, upto: int) -> tuple[list[JobRow], int]:
        """Jobs with an event in ``(after, upto]`` as they are now, and the position looked at."""
        require(actor, Action.READ)
        ids, position = self._log.jobs_between(actor.team, after=after, upto=upto)
        rows = (self._queries.job(id) for id in ids)
        return [row for row in rows if row is not None], position

    def job_counts(self, actor: Actor) -> dict[str, int]:
        """By status; statuses without a job are left out."""
        require(actor, Action.READ)
        return self._queries.job_counts(actor.team, sight=sight_of(actor))

    def experiments(self, actor: Actor, *, archived: bool = False) -> list[ExperimentRow]:
        """By name."""
        require(actor, Action.READ)
        rows = self._queries.experiments(actor.team, archived=archived)
        return [row for row in rows if sees(actor, row)]

    def experiment(self, actor: Actor, id: str) -> ExperimentRow:
        return self._own(actor, self._queries.experiment(id), kind="experiment", id=id)

    def tasks(self, actor: Actor, experiment: str = "", *, archived: bool = False) -> list[TaskRow]:
        """Latest revised first."""
        require(actor, Action.READ)
        rows = self._queries.tasks(actor.team, experiment=experiment, archived=archived)
        return [row for row in rows if sees(actor, row)]

    def task(self, actor: Actor, id: str) -> TaskRow:
        return self._own(actor, self._queries.task(id), kind="task", id=id)

    def revisions(self, actor: Actor, task: str) -> list[RevisionRow]:
        """Newest first."""
        self.task(actor, task)
        return self._queries.revisions(task)

    def providers(self, actor: Actor) -> list[ProviderRow]:
        """By name. Settings are shown to those who manage providers; others get none."""
        require(actor, Action.READ)
        rows = self._queries.providers(actor.team)
        return [_for(actor, row) for row in rows if sees(actor, row)]

    def provider(self, actor: Actor, id: str) -> ProviderRow:
        return _for(actor, self._own(actor, self._queries.provider(id), kind="provider", id=id))

    def offers(self, actor: Actor, provider: str) -> Sequence[Offer]:
        """What the provider could give now. Contacts it: ``ProviderError``."""
        self._now_only("What a provider offers")
        self.provider(actor, provider)
        return self._lab.providers.of(provider).offers()

    def check(self, actor: Actor, provider: str) -> Check:
        """Whether a job could run there now. Contacts it: ``ProviderError``."""
        self._now_only("Whether a provider answers")
        self.provider(actor, provider)
        return self._lab.providers.of(provider).check()

    def accounts(self, actor: Actor, provider: str) -> list[Account]:
        """Whose accounts there are now; those who do not manage providers see their own."""
        self.provider(actor, provider)
        every = allowed(actor, Action.MANAGE_PROVIDERS, provider)
        known = fold_provider(self._facts(provider)).accounts
        return [a for a in known if a.current and (every or a.user == actor.user)]

    def cluster(self, actor: Actor, provider: str) -> Cluster | None:
        """What there is and how busy it is now, with the team's jobs. Contacts it: ``ProviderError``."""
        self._now_only("How busy a provider is")
        self.provider(actor, provider)
        found = self._lab.providers.of(provider).cluster()
        if found is None:
            return None
        live = JobFilter(provider=provider, statuses=(JobStatus.LAUNCHING, JobStatus.RUNNING))
        rows = self._queries.jobs(actor.team, live, limit=LIVE_AT_MOST)
        return with_own_jobs(found, {row.id: row.host or "" for row in rows})

    def provider_kinds(self, actor: Actor) -> Sequence[str]:
        require(actor, Action.READ)
        return self._lab.providers.kinds()

    def artifacts(self, actor: Actor, job: str) -> list[ArtifactRow]:
        """Oldest first, without deleted ones."""
        self.job(actor, job)
        return [row for row in self._queries.artifacts(job) if sees(actor, row)]

    def artifact(self, actor: Actor, id: str) -> ArtifactRow:
        return self._own(actor, self._queries.artifact(id), kind="artifact", id=id)

    def begun_from(self, actor: Actor, artifact: ArtifactRow) -> str:
        """The id of the checkpoint that the attempt which saved ``artifact`` began from; often empty."""
        require_own(actor, artifact.team, kind="artifact", id=artifact.id)
        for fact in self._log.recorded([artifact.job], upto=self._upto):
            event = fact.event
            if isinstance(event, JobLaunching) and event.attempt == artifact.attempt:
                return event.resume_checkpoint
        return ""

    def latest_checkpoint(self, actor: Actor, job: str) -> ArtifactRow | None:
        self.job(actor, job)
        return self._queries.latest_checkpoint(job)

    def usage(
        self,
        actor: Actor,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        by: Collection[str] = ("owner",),
    ) -> list[UsageRow]:
        """What jobs that ended in ``[since, until)`` used, most first; this month when not given."""
        require(actor, Action.READ)
        unknown = sorted(set(by) - DIMENSIONS.keys())
        if unknown:
            way_out = f"Choose from {', '.join(DIMENSIONS)}."
            raise InvalidInput(field="by", value=unknown[0], way_out=way_out)
        now = self._now
        begin = since or now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        end = until or max(now, begin) + timedelta(seconds=1)
        if begin.tzinfo is None or end.tzinfo is None or begin > end:
            way_out = "Give times with a zone, the earlier one first."
            raise InvalidInput(field="since", value=begin.isoformat(), way_out=way_out)
        return self._queries.usage(actor.team, since=begin, until=end, by=by)

    def names(self, actor: Actor) -> dict[str, str]:
        """Of the team's members, service accounts, providers and experiments by id, archived ones too."""
        found = {m.person.id: m.person.name for m in self.members(actor)}
        found |= {row.id: row.name for row in self._queries.service_accounts(actor.team)}
        found |= {row.id: row.name for row in self.providers(actor)}
        return found | {row.id: row.name for row in self.experiments(actor, archived=True)}

    def channels(self, actor: Actor) -> list[ChannelRow]:
        """The team's and the actor's own, by name."""
        require(actor, Action.READ)
        return self._queries.channels(actor.team, actor.user)

    def quota(self, actor: Actor) -> Quota:
        """The team's and the actor's own month."""
        require(actor, Action.READ)
        policy, now = self._lab.policy, self._now
        return read_quota(self._queries, policy, team=actor.team, user=actor.user, at=now)

    def budget(self, actor: Actor) -> Budget:
        """The team's and the actor's own month, in money."""
        require(actor, Action.READ)
        lab, now = self._lab, self._now
        return read_budget(self._queries, lab.policy, team=actor.team, user=actor.user, at=now)

    def _own(self, actor: Actor, row: Owned | None, *, kind: str, id: str) -> Owned:
        if row is None:
            require(actor, Action.READ)
            raise NotFound(kind=kind, id=id)
        require_on(actor, Action.READ, team=row.team, kind=kind, id=id)
        if not sees(actor, row):
            raise NotFound(kind=kind, id=id)
        return row


def _for(actor: Actor, row: ProviderRow) -> ProviderRow:
    if allowed(actor, Action.MANAGE_PROVIDERS, row.id):
        return row
    return msgspec.structs.replace(row, settings={})
