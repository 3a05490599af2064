"""What a team has: members, experiments, tasks, providers, tokens, quotas, artifacts. One row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from domain import compute, experiments, invitations, secrets, tasks, teams, tokens, users
from domain.artifacts import ArtifactDeleted, ArtifactSaved
from domain.job_events import JobSecretsGiven
from domain.model import Event
from projections.base import Column, Patch, Projection, SqlType, Table, Value
from projections.budgets import BUDGET_PATCHES, BUDGET_TABLES
from projections.given_secrets import GIVEN_TABLES, given
from projections.quotas import QUOTA_PATCHES, QUOTA_TABLES
from projections.service_accounts import SERVICE_PATCHES, SERVICE_TABLES

BIGINT, TIME, JSONB, BOOLEAN = (
    SqlType.BIGINT,
    SqlType.TIMESTAMPTZ,
    SqlType.JSONB,
    SqlType.BOOLEAN,
)

Row = dict[str, Value]

TABLES = (
    Table(
        name="users",
        columns=(
            Column(name="email_sealed"),
            Column(name="name_sealed"),
            Column(name="enabled", type=BOOLEAN),
            Column(name="registered_at", type=TIME),
        ),
    ),
    Table(
        name="teams",
        columns=(
            Column(name="name"),
            Column(name="slug"),
            Column(name="created_at", type=TIME),
            Column(name="archived_at", type=TIME),
            Column(name="logo"),
        ),
    ),
    Table(
        name="invitations",
        columns=(
            Column(name="team"),
            Column(name="role"),
            Column(name="email_sealed"),
            Column(name="sent_at", type=TIME),
            Column(name="sent_by"),
            Column(name="expires_at", type=TIME),
            Column(name="cancelled_at", type=TIME),
            Column(name="accepted_at", type=TIME),
            Column(name="accepted_by"),
        ),
        indexes=("team, sent_at desc",),
    ),
    Table(
        name="members",
        columns=(
            Column(name="team"),
            Column(name="user_id"),
            Column(name="role"),
            Column(name="since", type=TIME),
        ),
        indexes=("team", "user_id"),
    ),
    Table(
        name="experiments",
        columns=(
            Column(name="team"),
            Column(name="name"),
            Column(name="archived", type=BOOLEAN),
            Column(name="created_at", type=TIME),
            Column(name="created_by"),
        ),
        indexes=("team, name",),
    ),
    Table(
        name="tasks",
        columns=(
            Column(name="team"),
            Column(name="experiment"),
            Column(name="name"),
            Column(name="revision", type=BIGINT),
            Column(name="yaml"),
            Column(name="files", type=JSONB),
            Column(name="archived", type=BOOLEAN),
            Column(name="created_at", type=TIME),
            Column(name="revised_at", type=TIME),
            Column(name="revised_by"),
        ),
        indexes=("team, experiment, name",),
    ),
    Table(
        name="task_revisions",
        columns=(
            Column(name="task"),
            Column(name="number", type=BIGINT),
            Column(name="yaml"),
            Column(name="files", type=JSONB),
            Column(name="restored_from", type=BIGINT),
            Column(name="at", type=TIME),
            Column(name="by"),
        ),
        indexes=("task, number desc",),
    ),
    Table(
        name="providers",
        columns=(
            Column(name="team"),
            Column(name="name"),
            Column(name="kind"),
            Column(name="settings", type=JSONB),
            Column(name="enabled", type=BOOLEAN),
            Column(name="unreachable_since", type=TIME),
            Column(name="unreachable_reason"),
            Column(name="added_at", type=TIME),
        ),
        indexes=("team, name",),
    ),
    Table(name="default_providers", key="team", columns=(Column(name="provider"),)),
    Table(
        name="tokens",
        columns=(
            Column(name="user_id"),
            Column(name="team"),
            Column(name="name"),
            Column(name="prefix"),
            Column(name="scopes", type=JSONB),
            Column(name="issued_at", type=TIME),
            Column(name="expires_at", type=TIME),
            Column(name="revoked_at", type=TIME),
        ),
        indexes=("user_id",),
    ),
    Table(
        name="secrets",
        columns=(
            Column(name="team"),
            Column(name="user_id"),
            Column(name="name"),
            Column(name="number", type=BIGINT),
            Column(name="set_at", type=TIME),
            Column(name="set_by"),
            Column(name="public_key"),
        ),
        indexes=("team, name",),
    ),
    *GIVEN_TABLES,
    *QUOTA_TABLES,
    *BUDGET_TABLES,
    *SERVICE_TABLES,
    Table(
        name="artifacts",
        columns=(
            Column(name="team"),
            Column(name="experiment"),
            Column(name="job"),
            Column(name="attempt", type=BIGINT),
            Column(name="kind"),
            Column(name="name"),
            Column(name="step", type=BIGINT),
            Column(name="size", type=BIGINT),
            Column(name="files", type=JSONB),
            Column(name="metadata", type=JSONB),
            Column(name="saved_at", type=TIME),
            Column(name="deleted_at", type=TIME),
        ),
        indexes=("job, saved_at", "team, kind, saved_at desc"),
    ),
)


def _registered(e: users.UserRegistered) -> Patch:
    row: Row = {
        "email_sealed": e.email_sealed,
        "name_sealed": e.name_sealed,
        "enabled": True,
        "registered_at": e.at,
    }
    return Patch("users", e.originator_id, set=row)


def _member(e: teams.MemberAdded | teams.MemberRoleSet) -> Patch:
    row: dict[str, Value] = {"team": e.originator_id, "user_id": e.user, "role": e.role}
    if isinstance(e, teams.MemberAdded):
        row["since"] = e.at
    return Patch("members", f"{e.originator_id}/{e.user}", set=row)


def _invitation(e: invitations.InvitationSent) -> Patch:
    row: Row = {
        "team": e.team,
        "role": e.role,
        "email_sealed": e.email_sealed,
        "sent_at": e.at,
        "sent_by": e.by,
        "expires_at": e.expires_at,
    }
    return Patch("invitations", e.originator_id, set=row)


def _experiment(e: experiments.ExperimentCreated) -> Patch:
    row: Row = {
        "team": e.team,
        "name": e.name,
        "archived": False,
        "created_at": e.at,
        "created_by": e.by,
    }
    return Patch("experiments", e.originator_id, set=row)


def _task(e: tasks.TaskCreated) -> Patch:
    row: Row = {
        "team": e.team,
        "experiment": e.experiment,
        "name": e.name,
        "archived": False,
        "created_at": e.at,
    }
    return Patch("tasks", e.originator_id, set=row)


def _revised(e: tasks.TaskRevised) -> tuple[Patch, Patch]:
    files = msgspec.to_builtins(e.files)
    latest: Row = {
        "revision": e.number,
        "yaml": e.yaml,
        "files": files,
        "revised_at": e.at,
        "revised_by": e.by,
    }
    revision: Row = {
        "task": e.originator_id,
        "number": e.number,
        "yaml": e.yaml,
        "files": files,
        "restored_from": e.restored_from,
        "at": e.at,
        "by": e.by,
    }
    key = f"{e.originator_id}@{e.number}"
    return (
        Patch("tasks", e.originator_id, set=latest),
        Patch("task_revisions", key, set=revision),
    )


def _provider(e: compute.ProviderAdded) -> Patch:
    row: Row = {
        "team": e.team,
        "name": e.name,
        "kind": e.kind,
        "settings": e.settings,
        "enabled": True,
        "added_at": e.at,
    }
    return Patch("providers", e.originator_id, set=row)


def _token(e: tokens.TokenIssued) -> Patch:
    row: Row = {
        "user_id": e.user,
        "team": e.team,
        "name": e.name,
        "prefix": e.prefix,
        "scopes": list(e.scopes),
        "issued_at": e.at,
        "expires_at": e.expires_at,
    }
    return Patch("tokens", e.originator_id, set=row)


def _secret(e: secrets.SecretSet) -> Patch:
    row: Row = {
        "team": e.team,
        "user_id": e.user,
        "name": e.name,
        "number": e.number,
        "set_at": e.at,
        "set_by": e.by,
        "public_key": e.public_key,
    }
    return Patch("secrets", e.originator_id, set=row)


def _artifact(e: ArtifactSaved) -> Patch:
    row: Row = {
        "team": e.team,
        "experiment": e.experiment,
        "job": e.job,
        "attempt": e.attempt,
        "kind": e.kind,
        "name": e.name,
        "step": None if e.step < 0 else e.step,
        "size": sum(f.size for f in e.files),
        "files": msgspec.to_builtins(e.files),
        "metadata": e.metadata,
        "saved_at": e.at,
    }
    return Patch("artifacts", e.originator_id, set=row)


def _set(table: str, **row: Any) -> Callable[[Event], Patch]:
    return lambda e: Patch(table, e.originator_id, set=row)


PATCHES: Mapping[type[Event], Callable[[Any], Patch | tuple[Patch, ...]]] = {
    users.UserRegistered: _registered,
    users.UserDisabled: _set("users", enabled=False),
    users.UserEnabled: _set("users", enabled=True),
    users.UserErased: _set("users", enabled=False),
    teams.TeamCreated: lambda e: Patch(
        "teams", e.originator_id, set={"name": e.name, "slug": e.slug, "created_at": e.at}
    ),
    teams.TeamRenamed: lambda e: Patch("teams", e.originator_id, set={"name": e.name}),
    teams.MemberAdded: _member,
    teams.MemberRoleSet: _member,
    teams.MemberRemoved: lambda e: Patch("members", f"{e.originator_id}/{e.user}", delete=True),
    teams.TeamLogoSet: lambda e: Patch("teams", e.originator_id, set={"logo": e.sha256}),
    teams.TeamLogoRemoved: _set("teams", logo=None),
    teams.TeamArchived: lambda e: Patch("teams", e.originator_id, set={"archived_at": e.at}),
    invitations.InvitationSent: _invitation,
    invitations.InvitationResent: lambda e: Patch(
        "invitations", e.originator_id, set={"expires_at": e.expires_at}
    ),
    invitations.InvitationCancelled: lambda e: Patch(
        "invitations", e.originator_id, set={"cancelled_at": e.at}
    ),
    invitations.InvitationAccepted: lambda e: Patch(
        "invitations", e.originator_id, set={"accepted_at": e.at, "accepted_by": e.user}
    ),
    experiments.ExperimentCreated: _experiment,
    experiments.ExperimentRenamed: lambda e: Patch(
        "experiments", e.originator_id, set={"name": e.name}
    ),
    experiments.ExperimentArchived: _set("experiments", archived=True),
    experiments.ExperimentRestored: _set("experiments", archived=False),
    tasks.TaskCreated: _task,
    tasks.TaskRevised: _revised,
    tasks.TaskArchived: _set("tasks", archived=True),
    compute.ProviderAdded: _provider,
    compute.ProviderReconfigured: lambda e: Patch(
        "providers", e.originator_id, set={"settings": e.settings}
    ),
    compute.ProviderEnabled: _set("providers", enabled=True),
    compute.ProviderDisabled: _set("providers", enabled=False),
    compute.ProviderMadeDefault: lambda e: Patch(
        "default_providers", e.team, set={"provider": e.originator_id}
    ),
    compute.ProviderUnreachable: lambda e: Patch(
        "providers",
        e.originator_id,
        set={"unreachable_since": e.at, "unreachable_reason": e.reason},
    ),
    compute.ProviderReachable: _set("providers", unreachable_since=None, unreachable_reason=None),
    tokens.TokenIssued: _token,
    tokens.TokenRevoked: lambda e: Patch("tokens", e.originator_id, set={"revoked_at": e.at}),
    secrets.SecretSet: _secret,
    secrets.SecretDeleted: lambda e: Patch("secrets", e.originator_id, delete=True),
    **QUOTA_PATCHES,
    **BUDGET_PATCHES,
    JobSecretsGiven: given,
    **SERVICE_PATCHES,
    ArtifactSaved: _artifact,
    ArtifactDeleted: lambda e: Patch("artifacts", e.originator_id, set={"deleted_at": e.at}),
}


def fold_workspace(event: Event, position: int) -> Sequence[Patch]:
    """The patches of one event."""
    patch = PATCHES.get(type(event))
    if patch is None:
        return ()
    patches = patch(event)
    return patches if isinstance(patches, tuple) else (patches,)


WORKSPACE_PROJECTION = Projection(name="workspace", version=5, tables=TABLES, fn=fold_workspace)
