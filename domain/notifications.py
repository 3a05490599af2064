"""Channel: where a person, or a team, is told of facts, and of which. Addresses and keys are no facts.

``target`` is shown to people: the address without what must stay secret. Not here: what a topic
selects (``domain/notice_topics.py``), what is said, and how it gets there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from domain.errors import InvalidInput, NotFound
from domain.model import Envelope, Event
from domain.notice_topics import check_topics


class ChannelKind(StrEnum):
    WEBHOOK = "webhook"
    SLACK = "slack"
    DISCORD = "discord"
    EMAIL = "email"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel is to be. ``only_own``: of jobs, quota and membership of its user alone."""

    name: str
    target: str
    topics: tuple[str, ...]
    only_own: bool = False


class ChannelAdded(Event, frozen=True, kw_only=True, tag="channel.added.v1"):
    """``user`` is empty for the team's. It hears of what is recorded after this."""

    team: str
    kind: ChannelKind
    name: str
    target: str
    topics: tuple[str, ...]
    user: str = ""
    only_own: bool = False


class ChannelChanged(Event, frozen=True, kw_only=True, tag="channel.changed.v1"):
    """``address`` counts the addresses it has had: the same target may stand for another secret."""

    name: str
    target: str
    topics: tuple[str, ...]
    only_own: bool = False
    address: int = 1


class ChannelSecretRotated(Event, frozen=True, kw_only=True, tag="channel.secret_rotated.v1"):
    """Deliveries are signed with another key from now on; ``number`` counts them."""

    number: int


class ChannelPaused(Event, frozen=True, kw_only=True, tag="channel.paused.v1"):
    """It is told nothing of what happens until it is resumed."""


class ChannelResumed(Event, frozen=True, kw_only=True, tag="channel.resumed.v1"):
    pass


class ChannelReplayAsked(Event, frozen=True, kw_only=True, tag="channel.replay_asked.v1"):
    """It is told again of everything from ``from_position`` on."""

    from_position: int


class ChannelRemoved(Event, frozen=True, kw_only=True, tag="channel.removed.v1"):
    pass


ChannelEvent: TypeAlias = (
    ChannelAdded
    | ChannelChanged
    | ChannelSecretRotated
    | ChannelPaused
    | ChannelResumed
    | ChannelReplayAsked
    | ChannelRemoved
)
EVENTS: tuple[type[Event], ...] = get_args(ChannelEvent)


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""
    version: int = 0
    team: str = ""
    user: str = ""
    kind: ChannelKind = ChannelKind.WEBHOOK
    wish: Wish = Wish(name="", target="", topics=())
    address: int = 1
    secret: int = 1
    paused: bool = False
    removed: bool = False

    def evolve(self, event: Event) -> Channel:
        s = replace(self, id=event.originator_id, version=event.originator_version)
        match event:
            case ChannelAdded():
                return replace(
                    s, team=event.team, user=event.user, kind=event.kind, wish=_wish(event)
                )
            case ChannelChanged():
                return replace(s, wish=_wish(event), address=event.address)
            case ChannelSecretRotated():
                return replace(s, secret=event.number)
            case ChannelPaused() | ChannelResumed():
                return replace(s, paused=isinstance(event, ChannelPaused))
            case ChannelRemoved():
                return replace(s, removed=True)
        return s

    @property
    def exists(self) -> bool:
        return bool(self.version) and not self.removed

    def change(
        self, wish: Wish, *, moved: bool = False, now: datetime, by: str
    ) -> list[ChannelEvent]:
        """``moved``: its secret address is another one, whatever ``target`` shows."""
        self._must_exist()
        check_wish(wish, user=self.user)
        if wish == self.wish and not moved:
            return []
        told = msgspec.structs.asdict(wish)
        return [ChannelChanged(address=self.address + moved, **told, **self._next(now, by))]

    def rotate(self, *, now: datetime, by: str) -> ChannelSecretRotated:
        self._must_exist()
        return ChannelSecretRotated(number=self.secret + 1, **self._next(now, by))

    def pause(self, *, now: datetime, by: str) -> list[ChannelEvent]:
        self._must_exist()
        return [] if self.paused else [ChannelPaused(**self._next(now, by))]

    def resume(self, *, now: datetime, by: str) -> list[ChannelEvent]:
        self._must_exist()
        return [ChannelResumed(**self._next(now, by))] if self.paused else []

    def replay(self, from_position: int, *, now: datetime, by: str) -> ChannelReplayAsked:
        self._must_exist()
        if from_position < 1:
            way_out = "Give a position of the event log; the first is 1."
            raise InvalidInput(field="fromPosition", value=from_position, way_out=way_out)
        return ChannelReplayAsked(from_position=from_position, **self._next(now, by))

    def remove(self, *, now: datetime, by: str) -> list[ChannelEvent]:
        return [ChannelRemoved(**self._next(now, by))] if self.exists else []

    def _must_exist(self) -> None:
        if not self.exists:
            raise NotFound(kind="channel", id=self.id)

    def _next(self, now: datetime, by: str) -> Envelope:
        return {
            "originator_id": self.id,
            "originator_version": self.version + 1,
            "at": now,
            "by": by,
        }


def new_channel(
    id: str, *, team: str, user: str, kind: ChannelKind, wish: Wish, now: datetime, by: str
) -> ChannelAdded:
    """``InvalidInput`` for what no channel can be; an e-mail channel is a person's own."""
    check_wish(wish, user=user)
    if kind is ChannelKind.EMAIL and not user:
        way_out = "Let each member add their own: it goes to the address of their account."
        raise InvalidInput(field="kind", value=kind, way_out=way_out)
    return ChannelAdded(
        team=team, user=user, kind=kind, name=wish.name, target=wish.target, topics=wish.topics,
        only_own=wish.only_own, originator_id=id, originator_version=1, at=now, by=by,
    )  # fmt: skip


def check_wish(wish: Wish, *, user: str) -> None:
    """Nothing, or ``InvalidInput``."""
    check_topics(wish.topics)
    if wish.only_own and not user:
        way_out = "A team has nothing of its own; add a channel of yours for that."
        raise InvalidInput(field="onlyOwn", value=True, way_out=way_out)


def fold(events: Iterable[Event]) -> Channel:
    channel = Channel()
    for event in events:
        channel = channel.evolve(event)
    return channel


def address_name(channel: str) -> str:
    """The secret that holds the whole address; no task can refer to a name with a colon."""
    return f"{channel}:address"


def signing_name(channel: str) -> str:
    """The secret that deliveries are signed with."""
    return f"{channel}:signing"


def _wish(event: ChannelAdded | ChannelChanged) -> Wish:
    return Wish(name=event.name, target=event.target, topics=event.topics, only_own=event.only_own)
