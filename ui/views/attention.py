"""The first page's facts: what needs somebody, and what people did lately. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from application.log_reading import EventView
from application.quota_reading import QuotaView
from projections.rows import JobRow, ProviderRow
from ui.text import by_whom, plural

FEW_PERCENT = 10
LATELY = timedelta(days=1)


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that needs somebody, one click from its cause. ``bad`` or else a warning."""

    glyph: str
    title: str
    told: str
    href: str
    bad: bool = True


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    who: str
    what: str
    at: datetime
    href: str = ""


def matters(
    *,
    failed: Sequence[JobRow],
    providers: Sequence[ProviderRow],
    waiting: Mapping[str, int],
    quota: Sequence[tuple[str, QuotaView]],
    now: datetime,
) -> list[Matter]:
    """Unreachable providers, then quotas that are nearly spent, then jobs that failed in a day."""
    return [*_away(providers, waiting), *_spent(quota), *_failed(failed, now)]


def _away(providers: Sequence[ProviderRow], waiting: Mapping[str, int]) -> Iterator[Matter]:
    for row in providers:
        if row.unreachable_since and row.enabled:
            wait = waiting.get(row.id, 0)
            told = f"{plural(wait, 'job')} waiting for it" if wait else row.unreachable_reason or ""
            href = f"/providers/{row.id}"
            yield Matter(glyph="server-off", title=f"{row.name} unreachable", told=told, href=href)


def _spent(quota: Sequence[tuple[str, QuotaView]]) -> Iterator[Matter]:
    for name, view in quota:
        if view.limit and view.left is not None and view.left * 100 < view.limit * FEW_PERCENT:
            left = f"{view.left // 60:,} of {view.limit // 60:,} minutes left this month"
            title = f"{name}: quota nearly spent"
            yield Matter(glyph="gauge", title=title, told=left, href="/quota", bad=False)


def _failed(jobs: Sequence[JobRow], now: datetime) -> Iterator[Matter]:
    for job in jobs:
        if job.ended_at and now - job.ended_at < LATELY:
            told = job.reason or job.blame or "It failed."
            href = f"/jobs/{job.id}/logs"
            yield Matter(glyph="circle-x", title=f"{job.name} failed", told=told, href=href)


VERBS: Mapping[str, str] = {
    "job.queued": "launched a job",
    "job.stop_requested": "stopped a job",
    "job.tagged": "tagged a job",
    "task.created": "wrote a task",
    "task.revised": "revised a task",
    "experiment.created": "made an experiment",
    "experiment.noted": "wrote notes",
    "experiment.document_attached": "attached a document",
    "provider.added": "added a provider",
    "provider.enabled": "enabled a provider",
    "provider.disabled": "disabled a provider",
    "quota.limit_set": "changed a quota",
    "secret.set": "set a secret",
    "team.member_added": "added a member",
    "team.member_role_set": "changed a role",
    "invitation.sent": "invited somebody",
}


def deeds(events: Iterable[EventView], people: Mapping[str, str], *, most: int) -> list[Deed]:
    """What people did, newest first; several of a kind by one person at once are one deed."""
    found: list[Deed] = []
    for event in events:
        verb = VERBS.get(event.name.removesuffix(".v1"))
        if verb is None or not event.by.startswith("user:"):
            continue
        who = by_whom(event.by, people)
        last = found[-1] if found else None
        if last and (last.who, last.what) == (who, verb):
            continue
        if len(found) == most:
            break
        found.append(Deed(who=who, what=verb, at=event.at, href=_href(event.stream)))
    return found


def _href(stream: str) -> str:
    for prefix, page in (
        ("job_", "/jobs/"),
        ("task_", "/tasks/"),
        ("exp_", "/experiments/"),
        ("prov_", "/providers/"),
    ):
        if stream.startswith(prefix):
            return f"{page}{stream}"
    return ""
