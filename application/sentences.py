"""Every fact as a sentence, made when it is read: its subject is who did it, told beside it.

``names`` are what ids are called for whoever reads; an id without a name stays the id. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from application.job_sentences import job_sentence
from application.wording import duration, plural
from domain import (
    audit,
    budgets,
    compute,
    experiments,
    invitations,
    notifications,
    quotas,
    secrets,
    service_accounts,
    tasks,
    teams,
    tokens,
    users,
)
from domain.artifacts import ArtifactDeleted, ArtifactSaved
from domain.codec import topic
from domain.job_events import JobMoved
from domain.model import UNLIMITED, Event

Names = Mapping[str, str]
Tell = Callable[[Any, Callable[[str], str]], str]


def sentence(event: Event, names: Names) -> str:
    """Never empty; for a person, not for parsing."""

    def called(id: str) -> str:
        return names.get(id, id)

    tell = SENTENCES.get(type(event))
    if tell:
        return tell(event, called)
    words = topic(type(event)).rpartition(".")[0].replace(".", " ").replace("_", " ")
    return job_sentence(event) or f"{words.capitalize()}."


def _scope(scope: str, called: Callable[[str], str]) -> str:
    """``team:t:2026-11`` and ``user:t:u:2026-11``, and the same without a month."""
    kind, *parts = scope.split(":")
    month = parts.pop() if parts and parts[-1][:2] == "20" else ""
    whose = "the team" if kind.endswith("team") else called(parts[-1]) if parts else scope
    return f"{whose} in {month}" if month else whose


def _limit(e: quotas.QuotaLimitSet, called: Callable[[str], str]) -> str:
    if e.seconds == UNLIMITED:
        return f"The quota of {_scope(e.scope, called)} has no limit."
    return f"The quota of {_scope(e.scope, called)} is {duration(e.seconds)}."


def _money(amount: int) -> str:
    return f"{amount / budgets.MILLIONTHS:,.2f}"


def _money_limit(e: budgets.BudgetLimitSet, called: Callable[[str], str]) -> str:
    if e.amount == UNLIMITED:
        return f"The budget of {_scope(e.scope, called)} has no limit."
    return f"The budget of {_scope(e.scope, called)} is {_money(e.amount)}."


def _settled(e: quotas.QuotaSettled, called: Callable[[str], str]) -> str:
    return f"{duration(e.used)} are charged to {_scope(e.scope, called)}; {duration(e.held)} were held."


def _invited(e: invitations.InvitationSent, called: Callable[[str], str]) -> str:
    del called
    how = "by mail" if e.email_sealed else "by link"
    return f"Somebody is invited {how} as {e.role}."


def _revised(e: tasks.TaskRevised, called: Callable[[str], str]) -> str:
    del called
    again = f", restored from revision {e.restored_from}" if e.restored_from else ""
    return f"Revision {e.number} of the task was saved{again}."


def _secret(e: secrets.SecretSet, called: Callable[[str], str]) -> str:
    whose = f" of {called(e.user)}" if e.user else ""
    return f"Secret {e.name}{whose} has value {e.number} now."


def _token(e: tokens.TokenIssued, called: Callable[[str], str]) -> str:
    may = f" that may {', '.join(e.scopes)}" if e.scopes else ""
    return f"API token {e.name} ({e.prefix}…) was made for {called(e.user)}{may}."


SENTENCES: Mapping[type[Event], Tell] = {  # each arm takes its own event
    teams.TeamCreated: lambda e, n: f"Team {e.name} was created.",
    teams.TeamRenamed: lambda e, n: f"The team is called {e.name}.",
    audit.SecretsRead: lambda e, n: f"Secrets were handed to {n(e.job)}: {', '.join(e.names)}.",
    audit.SecretOpened: lambda e, n: f"Secret {e.name} was opened for the team's {e.purpose}.",
    teams.TeamLogoSet: lambda e, n: "The team has a new picture.",
    teams.TeamLogoRemoved: lambda e, n: "The team's picture was removed.",
    teams.TeamArchived: lambda e, n: "The team was closed.",
    teams.MemberAdded: lambda e, n: f"{n(e.user)} joined as {e.role}.",
    teams.MemberRoleSet: lambda e, n: f"{n(e.user)} is {e.role} now.",
    teams.MemberRemoved: lambda e, n: f"{n(e.user)} is no member any more.",
    invitations.InvitationSent: _invited,
    invitations.InvitationResent: lambda e, n: "An invitation was sent again.",
    invitations.InvitationCancelled: lambda e, n: "An invitation was cancelled.",
    invitations.InvitationAccepted: lambda e, n: f"{n(e.user)} took an invitation.",
    experiments.ExperimentCreated: lambda e, n: f"Experiment {e.name} was created.",
    experiments.ExperimentRenamed: lambda e, n: f"The experiment is called {e.name}.",
    experiments.ExperimentArchived: lambda e, n: f"Experiment {n(e.originator_id)} was archived.",
    experiments.ExperimentRestored: lambda e, n: f"Experiment {n(e.originator_id)} is back.",
    tasks.TaskCreated: lambda e, n: f"Task {e.name} was created in {n(e.experiment)}.",
    tasks.TaskRevised: _revised,
    tasks.TaskArchived: lambda e, n: "The task was archived.",
    compute.ProviderAdded: lambda e, n: f"Provider {e.name} ({e.kind}) was added.",
    compute.ProviderReconfigured: lambda e, n: f"Provider {n(e.originator_id)} was reconfigured.",
    compute.ProviderEnabled: lambda e, n: f"Provider {n(e.originator_id)} was enabled.",
    compute.ProviderDisabled: lambda e, n: f"Provider {n(e.originator_id)} was disabled.",
    compute.ProviderMadeDefault: lambda e, n: f"Provider {n(e.originator_id)} is the default.",
    compute.ProviderUnreachable: lambda e, n: (
        f"Provider {n(e.originator_id)} cannot be reached: {e.reason or 'no answer'}"
    ),
    compute.ProviderReachable: lambda e, n: f"Provider {n(e.originator_id)} answers again.",
    compute.OrphanEnded: lambda e, n: f"{e.ref} belonged to no job and was ended.",
    compute.PersonMapped: lambda e, n: f"{n(e.user)} runs as {e.account} on {n(e.originator_id)}.",
    compute.PersonUnmapped: lambda e, n: f"{n(e.user)} has no account on {n(e.originator_id)}.",
    quotas.QuotaLimitSet: _limit,
    quotas.QuotaReserved: lambda e, n: f"{duration(e.seconds)} are held for {_scope(e.scope, n)}.",
    quotas.QuotaExtended: lambda e, n: (
        f"{duration(e.seconds)} more are held for {_scope(e.scope, n)}."
    ),
    quotas.QuotaSettled: _settled,
    quotas.QuotaThresholdReached: lambda e, n: (
        f"{_scope(e.scope, n)} has used {e.percent} % of {duration(e.limit)}."
    ),
    budgets.BudgetLimitSet: _money_limit,
    budgets.BudgetReserved: lambda e, n: f"{_money(e.amount)} is held for {_scope(e.scope, n)}.",
    budgets.BudgetReleased: lambda e, n: (
        f"{_money(e.amount)} is held no longer for {_scope(e.scope, n)}."
    ),
    budgets.BudgetSettled: lambda e, n: (
        f"{_money(e.cost)} is charged to {_scope(e.scope, n)}; {_money(e.held)} was held."
    ),
    budgets.BudgetThresholdReached: lambda e, n: (
        f"{_scope(e.scope, n)} has used {e.percent} % of {_money(e.limit)}."
    ),
    teams.AccessRuleSet: lambda e, n: (
        f"{n(e.subject)} may {' and '.join(e.verbs) or 'do nothing with'} {n(e.resource)}."
    ),
    teams.AccessRuleRemoved: lambda e, n: (
        f"Roles decide again what {n(e.subject)} may do with {n(e.resource)}."
    ),
    service_accounts.ServiceAccountMade: lambda e, n: f"Service account {e.name} was made.",
    service_accounts.ServiceAccountClosed: lambda e, n: (
        f"Service account {n(e.originator_id)} was closed."
    ),
    secrets.SecretSet: _secret,
    secrets.SecretDeleted: lambda e, n: f"Secret {e.name} was deleted.",
    tokens.TokenIssued: _token,
    tokens.TokenRevoked: lambda e, n: "An API token was revoked.",
    JobMoved: lambda e, n: f"Moved: it waits for {n(e.provider)} now.",
    ArtifactSaved: lambda e, n: (
        f"{e.kind.capitalize()} {e.name} was saved ({plural(len(e.files), 'file')})."
    ),
    ArtifactDeleted: lambda e, n: f"An artifact was deleted. {e.reason}".strip(),
    notifications.ChannelAdded: lambda e, n: f"Channel {e.name} ({e.kind}) was added.",
    notifications.ChannelChanged: lambda e, n: f"Channel {e.name} was changed.",
    notifications.ChannelReplayAsked: lambda e, n: (
        f"A channel is told everything again from position {e.from_position}."
    ),
    users.UserErased: lambda e, n: "A person was erased.",
}
