"""Which channel is told of which event: what it asked for, of its own team, and only while it may know.

Rights are looked at when a message is made and again just before it leaves, in the log itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from application.actor import Actor
from application.lab import Lab
from application.log_reading import Chains, LogReading
from application.notices import Named, Notice
from application.permissions import MAY, Action
from application.sight import may_hear
from domain.artifacts import ArtifactSaved
from domain.codec import topic
from domain.compute import ProviderReachable, ProviderUnreachable
from domain.ids import delivery_id
from domain.jobs import fold as fold_job
from domain.model import Event, Recorded
from domain.notice_topics import plain, selects
from domain.notifications import Channel
from domain.quotas import QuotaExtended, QuotaLimitSet, QuotaReserved, QuotaSettled
from domain.rules import rules_for
from domain.teams import MemberAdded, MemberRemoved, MemberRoleSet, Team
from domain.teams import fold as fold_team
from domain.users import fold as fold_user
from projections.queries import Queries
from projections.rows import ChannelRow

MINUTE_S = 60


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it may be told. ``owner`` is whose own it is; empty when it is nobody's."""

    recorded: Recorded
    team: str
    event: str
    sentence: str
    owner: str = ""
    job: Named | None = None
    provider: Named | None = None
    url: str = ""
    chains: Chains = ()


class Stories:
    """Makes stories of events that the read models show already. ``sentence`` tells a job's."""

    def __init__(
        self, queries: Queries, *, base_url: str, sentence: Callable[[Event], str]
    ) -> None:
        self._queries = queries
        self._log = LogReading(queries)
        self._base_url = base_url
        self._sentence = sentence

    def of(self, recorded: Recorded) -> Story:
        event = recorded.event
        stream = event.originator_id
        story = Story(
            recorded=recorded,
            team=self._log.team_of(stream),
            event=topic(type(event)),
            sentence=_sentence(event) or self._sentence(event),
            chains=self._log.chains_of(stream),
            owner=getattr(event, "user", "") if stream.startswith("team_") else "",
        )
        if stream.startswith("prov_"):
            row = self._queries.provider(stream)
            provider = Named(id=stream, name=row.name if row else stream)
            return msgspec.structs.replace(story, provider=provider)
        job = stream if stream.startswith("job_") else str(getattr(event, "job", ""))
        return self._about_job(story, job) if job else story

    def _about_job(self, story: Story, job: str) -> Story:
        row = self._queries.job(job)
        if row is None or row.team != story.team:
            return story
        return msgspec.structs.replace(
            story,
            owner=row.owner,
            job=Named(id=job, name=row.name, owner=row.owner),
            url=f"{self._base_url}/jobs/{job}",
        )


def hears(channel: ChannelRow, story: Story) -> bool:
    """Whether a channel asked to be told of this, and it is its team's."""
    if channel.paused_at or not story.team or story.team != channel.team:
        return False
    if channel.only_own and (not story.owner or story.owner != channel.user_id):
        return False
    return selects(channel.topics, story.event)


def notice_for(channel: ChannelRow, story: Story) -> Notice:
    """The message, under the id that this event has for this channel."""
    position = story.recorded.position
    return Notice(
        id=delivery_id(channel.id, position),
        position=position,
        event=story.event,
        at=story.recorded.event.at,
        team=story.team,
        channel=channel.id,
        sentence=story.sentence,
        job=story.job,
        provider=story.provider,
        url=story.url,
    )


def may_know(lab: Lab, channel: ChannelRow, story: Story) -> bool:
    """Whether no access rule hides it from the channel's person; the team's channels hear all."""
    if not channel.user_id:
        return True
    return _hears_of(fold_team(lab.log.stream(channel.team)), channel.user_id, story.chains)


def why_not(lab: Lab, channel: Channel, job: str = "") -> str:
    """Why nothing may be told to ``channel`` now, of ``job`` if it is of one; empty when it may be."""
    if not channel.exists:
        return "The channel was removed."
    team = fold_team(lab.log.stream(channel.team))
    if team.archived:
        return "The team is closed."
    if not channel.user:
        return ""
    role = team.roles.get(channel.user)
    if role is None or Action.READ not in MAY[role]:
        return "Its person is no member of the team any more."
    about = fold_job(lab.log.stream(job)) if job else None
    if about and not _hears_of(team, channel.user, ((about.task, about.experiment),)):
        return "An access rule hides it from its person."
    return "" if fold_user(lab.log.stream(channel.user)).enabled else "Its person's account is off."


def _hears_of(team: Team, user: str, chains: Chains) -> bool:
    role = team.roles.get(user)
    rules = rules_for(team.rules, user=user, role=role or "")
    return may_hear(Actor(by="", user=user, team=team.id, role=role, rules=rules), chains)


def _minutes(seconds: int) -> str:
    return f"{seconds / MINUTE_S:.0f} min"


def _limit(event: QuotaLimitSet) -> str:
    of = "the team" if event.scope.startswith("team:") else "a member"
    what = "lifted" if event.seconds < 0 else f"now {_minutes(event.seconds)} a month"
    return f"The compute quota of {of} is {what}."


def _sentence(event: Event) -> str:
    """Of facts that are no job's; persons stay unnamed, for a message cannot be erased."""
    found = _TOLD.get(type(event))
    if found:
        return found(event)
    if event.originator_id.startswith("job_"):
        return ""
    words = plain(topic(type(event))).replace(".", " ").replace("_", " ")
    return f"{words.capitalize()}."


_TOLD: Mapping[type[Event], Callable[[Any], str]] = {  # each arm takes its own event
    ProviderUnreachable: lambda e: f"It cannot be reached: {e.reason or 'no answer'}",
    ProviderReachable: lambda e: "It can be reached again.",
    QuotaLimitSet: _limit,
    QuotaReserved: lambda e: f"{_minutes(e.seconds)} of quota are held.",
    QuotaExtended: lambda e: f"{_minutes(e.seconds)} more of quota are held.",
    QuotaSettled: lambda e: f"{_minutes(e.used)} of quota were used.",
    MemberAdded: lambda e: f"A member was added as {e.role}.",
    MemberRoleSet: lambda e: f"A member is {e.role} now.",
    MemberRemoved: lambda e: "A member left.",
    ArtifactSaved: lambda e: f"{e.kind.capitalize()} {e.name} was saved.",
}
