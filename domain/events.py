"""The catalogue: every event that was ever recorded, by its stored name."""

from __future__ import annotations

from domain import (
    artifacts,
    audit,
    budgets,
    compute,
    desks,
    experiments,
    installation,
    invitations,
    job_events,
    job_marks,
    notifications,
    quotas,
    secrets,
    service_accounts,
    tasks,
    teams,
    tokens,
    users,
)
from domain.model import Event

ALL: tuple[type[Event], ...] = (
    *job_events.EVENTS,
    *job_marks.EVENTS,
    *quotas.EVENTS,
    *budgets.EVENTS,
    *users.EVENTS,
    *teams.EVENTS,
    *invitations.EVENTS,
    *installation.EVENTS,
    *experiments.EVENTS,
    *tasks.EVENTS,
    *compute.EVENTS,
    *tokens.EVENTS,
    *secrets.EVENTS,
    *service_accounts.EVENTS,
    *artifacts.EVENTS,
    *notifications.EVENTS,
    *audit.EVENTS,
    *desks.EVENTS,
)
