"""Questions about the read models, answered with typed rows.

Unauthorised on purpose: ``application/queries.py`` asks whose it is. Pages are keyset pages: a
cursor is the last row's place, so that page 1,000 costs what page 1 costs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from projections.connection import lease
from projections.job_lists import (
    NEWEST,
    NOTHING_HIDDEN,
    SORTS,
    After,
    JobFilter,
    JobOrder,
    Sight,
    conditions_of,
)
from projections.log_queries import LogQueries
from projections.rows import (
    ArtifactRow,
    BudgetRow,
    ChannelRow,
    ExperimentRow,
    GivenSecretRow,
    InvitationRow,
    JobRow,
    MemberRow,
    ProviderRow,
    QuotaRow,
    RevisionRow,
    SecretRow,
    ServiceAccountRow,
    TaskRow,
    TeamRow,
    TokenRow,
    UsageRow,
    UserRow,
    WorkRow,
)

WORK = """
select id, team, owner, status, attempt, token, ref, priority, queued_at, not_before, launching_at,
       wait_code, stop_at, stop_grace_s, unseen_since, ended_at
  from {jobs} where provider = %s
"""


DIMENSIONS = {
    "owner": "owner",
    "provider": "provider",
    "experiment": "experiment",
    "day": "to_char(ended_at at time zone 'UTC', 'YYYY-MM-DD')",
}
USAGE = """
select DIMENSIONS, count(*) as jobs,
       count(*) filter (where status = 'COMPLETE') as complete,
       count(*) filter (where status = 'FAILED') as failed,
       count(*) filter (where status = 'STOPPED') as stopped,
       coalesce(sum(used_s), 0)::bigint as used_s,
       case when count(distinct nullif(currency, '')) < 2 then coalesce(sum(cost), 0) end as cost,
       case when count(distinct nullif(currency, '')) < 2 then max(nullif(currency, '')) end as currency
  from {jobs} where team = %s and ended_at >= %s and ended_at < %s
 GROUPS order by used_s desc, 1, 2, 3, 4 limit 10000
"""


class Queries(LogQueries):
    """Reads of one migrated schema. Every list is ordered as its docstring says.

    In a query ``{jobs}`` is the table of that name: as it is, or as it was (``at``).
    """

    def at(self, position: int) -> Queries:
        """The same questions about every read model as it was at ``position``, and the log up to it.

        ``past_shows(position)`` must hold, else rows are missing.
        """
        return Queries(self._pool, self._schema, at=position)

    def job(self, job: str) -> JobRow | None:
        return self._one(JobRow, "select * from {jobs} where id = %s", (job,))

    def jobs(
        self,
        team: str,
        where: JobFilter,
        *,
        after: After | None = None,
        limit: int = 50,
        order: JobOrder = NEWEST,
    ) -> list[JobRow]:
        """In ``order``, newest first unless given."""
        conditions, values = conditions_of(team, where)
        by, way = SORTS[order.by], "desc" if order.descending else "asc"
        if after:
            conditions.append(f"({by}, id) {'<' if order.descending else '>'} (%s, %s)")
            values += [after.at, after.id]
        text = "select j.* from {jobs} j where " + " and ".join(conditions)  # noqa: S608  # ours
        text += f" order by {by} {way}, id {way} limit %s"
        return self._all(JobRow, text, [*values, limit])

    def job_counts(self, team: str, *, sight: Sight = NOTHING_HIDDEN) -> dict[str, int]:
        """How many jobs a team has in each status; statuses with none are left out."""
        conditions, values = conditions_of(team, JobFilter(sight=sight))
        text = f"select status, count(*) from {{jobs}} j where {' and '.join(conditions)}"  # noqa: S608
        with lease(self._pool) as conn:
            rows = conn.execute(self._sql(f"{text} group by status"), values).fetchall()
        return dict(rows)

    def usage(
        self, team: str, *, since: datetime, until: datetime, by: Collection[str]
    ) -> list[UsageRow]:
        """What jobs that ended in ``[since, until)`` used, by some of ``DIMENSIONS``; most first.

        At most 10,000 rows. A job counts whole on the day it ended.
        """
        shown = [
            f"{text} as {name}" if name in by else f"null as {name}"
            for name, text in DIMENSIONS.items()
        ]
        grouped = [text for name, text in DIMENSIONS.items() if name in by]
        text = USAGE.replace("DIMENSIONS", ", ".join(shown))
        text = text.replace("GROUPS", f"group by {', '.join(grouped)}" if grouped else "")
        return self._all(UsageRow, text, (team, since, until))

    def work(self, provider: str) -> list[WorkRow]:
        """Jobs of a provider that have, or may have, a machine; the longest there first."""
        text = WORK + " and status in ('LAUNCHING', 'RUNNING') order by launching_at, id"
        return self._all(WorkRow, text, (provider,))

    def stopping(self, provider: str) -> list[WorkRow]:
        """Those of ``work`` that were asked to end."""
        text = WORK + " and status in ('LAUNCHING', 'RUNNING') and stop_at is not null"
        return self._all(WorkRow, text + " order by launching_at, id", (provider,))

    def waiting(self, provider: str, *, limit: int, without: Collection[str] = ()) -> list[WorkRow]:
        """Queued jobs of a provider but those of the owners ``without``, most urgent first."""
        text = WORK + " and status = 'QUEUED' and not (owner = any(%s))"
        text += " order by priority desc, queued_at, id limit %s"
        return self._all(WorkRow, text, (provider, list(without), limit))

    def untold(
        self,
        provider: str,
        *,
        code: str,
        now: datetime,
        among: int,
        limit: int,
        without: Collection[str] = (),
    ) -> list[WorkRow]:
        """Of the first ``among`` of ``waiting`` those not told yet that they wait for ``code``; none that rests."""
        first = WORK + " and status = 'QUEUED' and not (owner = any(%s))"
        first += " order by priority desc, queued_at, id limit %s"
        text = f"select * from ({first}) q where wait_code is distinct from %s"  # noqa: S608
        text += " and (not_before is null or not_before <= %s) limit %s"
        return self._all(WorkRow, text, (provider, list(without), among, code, now, limit))

    def waiting_of(self, provider: str, owner: str, *, code: str, limit: int) -> list[WorkRow]:
        """Queued jobs of one owner that are not told yet that they wait for ``code``."""
        text = WORK + " and status = 'QUEUED' and owner = %s and wait_code is distinct from %s"
        return self._all(WorkRow, text + " order by id limit %s", (provider, owner, code, limit))

    def owners_waiting(self, provider: str) -> list[tuple[str, str]]:
        """Team and owner of every queued job of a provider, each pair once."""
        text = "select distinct team, owner from {jobs} where provider = %s and status = 'QUEUED'"
        with lease(self._pool) as conn:
            rows = conn.execute(self._sql(text), (provider,)).fetchall()
        return [(team, owner) for team, owner in rows]

    def ahead(self, job: JobRow) -> tuple[int, str]:
        """How many queued jobs of its provider go before a queued job, and the id of the first.

        Those that are held for an owner who is away go before nobody.
        """
        text = """
        select count(*), (array_agg(id order by priority desc, queued_at, id))[1] from {jobs}
         where team = %s and provider = %s and status = 'QUEUED' and id <> %s
           and coalesce(wait_code, '') not like 'owner\\_away%%'
           and (-priority, queued_at, id) < (-%s::bigint, %s, %s)
        """
        place = (job.priority, job.queued_at, job.id)
        with lease(self._pool) as conn:
            row = conn.execute(self._sql(text), (job.team, job.provider, job.id, *place)).fetchone()
        return (row[0], row[1] or "") if row else (0, "")

    def expired(self, provider: str, *, now: datetime) -> list[WorkRow]:
        """Queued jobs of a provider whose time to live has passed."""
        text = WORK + " and status = 'QUEUED' and expires_at <= %s order by expires_at, id"
        return self._all(WorkRow, text, (provider, now))

    def lately_ended(self, provider: str, *, since: datetime) -> list[WorkRow]:
        """Jobs of a provider that ended after ``since`` and had a machine."""
        text = (
            WORK
            + """
           and status in ('COMPLETE', 'FAILED', 'STOPPED')
           and ended_at > %s and token is not null
        """
        )
        return self._all(WorkRow, text, (provider, since))

    def experiments(self, team: str, *, archived: bool = False) -> list[ExperimentRow]:
        """By name."""
        text = "select * from {experiments} where team = %s and (%s or not archived) order by name"
        return self._all(ExperimentRow, text, (team, archived))

    def experiment(self, experiment: str) -> ExperimentRow | None:
        return self._one(ExperimentRow, "select * from {experiments} where id = %s", (experiment,))

    def tasks(self, team: str, *, experiment: str = "", archived: bool = False) -> list[TaskRow]:
        """Latest revised first."""
        text = """
        select * from {tasks}
         where team = %s and (%s = '' or experiment = %s) and (%s or not archived)
         order by revised_at desc, id desc
        """
        return self._all(TaskRow, text, (team, experiment, experiment, archived))

    def task(self, task: str) -> TaskRow | None:
        return self._one(TaskRow, "select * from {tasks} where id = %s", (task,))

    def revisions(self, task: str) -> list[RevisionRow]:
        """Newest first."""
        text = "select * from {task_revisions} where task = %s order by number desc"
        return self._all(RevisionRow, text, (task,))

    def providers(self, team: str) -> list[ProviderRow]:
        """By name."""
        text = """
        select p.*, d.provider is not null as is_default from {providers} p
          left join {default_providers} d on d.team = p.team and d.provider = p.id
         where p.team = %s order by p.name
        """
        return self._all(ProviderRow, text, (team,))

    def provider(self, provider: str) -> ProviderRow | None:
        text = """
        select p.*, d.provider is not null as is_default from {providers} p
          left join {default_providers} d on d.team = p.team and d.provider = p.id
         where p.id = %s
        """
        return self._one(ProviderRow, text, (provider,))

    def all_providers(self) -> list[ProviderRow]:
        """Of every team, by id: what the worker looks after."""
        text = "select p.*, false as is_default from {providers} p order by id"
        return self._all(ProviderRow, text, ())

    def artifacts(self, job: str) -> list[ArtifactRow]:
        """Oldest first, without deleted ones."""
        text = (
            "select * from {artifacts} where job = %s and deleted_at is null order by saved_at, id"
        )
        return self._all(ArtifactRow, text, (job,))

    def artifact(self, artifact: str) -> ArtifactRow | None:
        return self._one(ArtifactRow, "select * from {artifacts} where id = %s", (artifact,))

    def latest_checkpoint(self, job: str) -> ArtifactRow | None:
        """The checkpoint to resume ``job`` from: the latest complete one."""
        text = """
        select * from {artifacts} where job = %s and kind = 'checkpoint' and deleted_at is null
         order by attempt desc, step desc nulls last, saved_at desc limit 1
        """
        return self._one(ArtifactRow, text, (job,))

    def members(self, team: str) -> list[MemberRow]:
        """By membership age."""
        text = """
        select m.*, u.email_sealed, u.name_sealed from {members} m
          join {users} u on u.id = m.user_id where m.team = %s order by m.since, m.id
        """
        return self._all(MemberRow, text, (team,))

    def invitations(self, team: str) -> list[InvitationRow]:
        """Newest first, those that are over too."""
        text = "select * from {invitations} where team = %s order by sent_at desc, id desc"
        return self._all(InvitationRow, text, (team,))

    def invitations_taken(self, user: str) -> list[InvitationRow]:
        """Those a person accepted, of every team, newest first."""
        text = "select * from {invitations} where accepted_by = %s order by sent_at desc, id desc"
        return self._all(InvitationRow, text, (user,))

    def teams_of(self, user: str) -> list[TeamRow]:
        """By name, archived ones last, with the user's role in each."""
        text = """
        select t.*, m.role from {members} m join {teams} t on t.id = m.team
         where m.user_id = %s order by t.archived_at nulls first, t.name
        """
        return self._all(TeamRow, text, (user,))

    def user(self, user: str) -> UserRow | None:
        return self._one(UserRow, "select * from {users} where id = %s", (user,))

    def all_users(self) -> list[UserRow]:
        """Of the whole installation, oldest first."""
        return self._all(UserRow, "select * from {users} order by registered_at, id", ())

    def users(self, users: Sequence[str]) -> list[UserRow]:
        """Those of ``users`` that exist, in no order."""
        return self._all(UserRow, "select * from {users} where id = any(%s)", (list(users),))

    def tokens(self, user: str, team: str) -> list[TokenRow]:
        """Newest first, revoked ones too."""
        text = "select * from {tokens} where user_id = %s and team = %s order by issued_at desc"
        return self._all(TokenRow, text, (user, team))

    def tokens_of_team(self, team: str) -> list[TokenRow]:
        """Everybody's that are not revoked, newest first."""
        text = "select * from {tokens} where team = %s and revoked_at is null"
        return self._all(TokenRow, text + " order by issued_at desc, id", (team,))

    def service_accounts(self, team: str) -> list[ServiceAccountRow]:
        """By name, closed ones last."""
        text = """
        select s.*, coalesce(m.role, '') as role from {service_accounts} s
          left join {members} m on m.team = s.team and m.user_id = s.id
         where s.team = %s order by s.closed_at nulls first, s.name
        """
        return self._all(ServiceAccountRow, text, (team,))

    def secrets(self, team: str, user: str) -> list[SecretRow]:
        """The team's and the user's own, by name."""
        text = (
            "select * from {secrets} where team = %s and user_id in ('', %s) order by name, user_id"
        )
        return self._all(SecretRow, text, (team, user))

    def channels(self, team: str, user: str) -> list[ChannelRow]:
        """The team's and the user's own, by name."""
        text = "select * from {channels} where team = %s and user_id in ('', %s) order by name"
        return self._all(ChannelRow, text, (team, user))

    def given_secrets(
        self, team: str, user: str, name: str, *, limit: int = 1_000
    ) -> list[GivenSecretRow]:
        """Of the team's and the user's own of that name, newest first."""
        text = """
        select * from {given_secrets} where team = %s and name = %s and user_id in ('', %s)
         order by at desc, id limit %s
        """
        return self._all(GivenSecretRow, text, (team, name, user, limit))

    def budgets(self, scopes: Sequence[str]) -> list[BudgetRow]:
        """As ``quotas``, in money."""
        text = """
        select b.*, coalesce(w.percent, 0) as warned_percent from {budgets} b
          left join {budget_warnings} w on w.id = b.scope || '@' || b.money_limit
         where b.scope = any(%s) order by b.scope
        """
        return self._all(BudgetRow, text, (list(scopes),))

    def quotas(self, scopes: Sequence[str]) -> list[QuotaRow]:
        """Those of ``scopes`` that were ever touched, by scope, warned as under their present limit."""
        text = """
        select q.*, coalesce(w.percent, 0) as warned_percent from {quotas} q
          left join {quota_warnings} w on w.id = q.scope || '@' || q.limit_s
         where q.scope = any(%s) order by q.scope
        """
        return self._all(QuotaRow, text, (list(scopes),))
