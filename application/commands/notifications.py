"""Where people and teams are told of facts: add, change, test, replay, pause and remove channels.

A channel's whole address and its signing key are secrets; the log holds what may be shown.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from application.actor import Actor
from application.commands.idempotency import once, once_at, was_asked
from application.commands.naming import clean_name
from application.lab import Lab
from application.notices import Notice
from application.permissions import Action, require, require_own
from application.ports import Answer
from domain.codec import EVERYTHING
from domain.errors import InvalidInput, NotFound
from domain.model import Guard
from domain.notice_topics import check_topics, plain
from domain.notifications import (
    Channel,
    ChannelEvent,
    ChannelKind,
    Wish,
    address_name,
    fold,
    new_channel,
    signing_name,
)

ADDRESS_CHARACTERS = 2_000
HINT_CHARACTERS = 4
SIGNED = (ChannelKind.WEBHOOK,)


def add_channel(
    lab: Lab,
    actor: Actor,
    *,
    kind: ChannelKind,
    name: str,
    address: str,
    topics: Sequence[str],
    of_team: bool = False,
    only_own: bool = False,
    key: str = "",
) -> tuple[str, str]:
    """A new channel's id, and the key its deliveries are signed with, shown this once.

    The key is empty for kinds that are not signed, and when ``key`` was used before. Nothing is
    contacted here.
    """
    require(actor, Action.MANAGE_CHANNELS if of_team else Action.NOTIFY_SELF)
    user = "" if of_team else actor.user
    wish = Wish(
        name=clean_name("name", name),
        target=_target(lab, kind, address),
        topics=_topics(topics),
        only_own=only_own,
    )
    made, now = lab.ids.new("chn"), lab.clock.now()
    fact = new_channel(made, team=actor.team, user=user, kind=kind, wish=wish, now=now, by=actor.by)
    signing = _new_key() if kind in SIGNED else ""

    def record(guards: tuple[Guard, ...]) -> str:
        if not was_asked(lab, actor, key):
            channel = Channel().evolve(fact)
            _keep(lab, channel, address_name(made), number=1, value=address)
            _keep(lab, channel, signing_name(made), number=1, value=signing)
        lab.append([fact], guards, actor=actor)
        return made

    asked = ("add_channel", kind, user, wish, lab.vault.digest(address))
    found = once(actor, key, asked, made=made, record=record)
    return found, signing if found == made else ""


def change_channel(
    lab: Lab,
    actor: Actor,
    channel: str,
    *,
    name: str | None = None,
    address: str | None = None,
    topics: Sequence[str] | None = None,
    only_own: bool | None = None,
) -> int:
    """What is ``None`` stays. Repeatable."""
    own = own_channel(lab, actor, channel)
    was = own.wish
    wish = Wish(
        name=was.name if name is None else clean_name("name", name),
        target=was.target if address is None else _target(lab, own.kind, address),
        topics=was.topics if topics is None else _topics(topics),
        only_own=was.only_own if only_own is None else only_own,
    )
    moved = address is not None and address != _secret(lab, own, address_name(channel))

    def decide(now: Channel) -> Sequence[ChannelEvent]:
        facts = now.change(wish, moved=moved, now=lab.clock.now(), by=actor.by)
        if moved and address is not None:
            _keep(lab, now, address_name(channel), number=now.address + 1, value=address)
        return facts

    return _change(lab, actor, channel, decide)


def rotate_channel_secret(
    lab: Lab, actor: Actor, channel: str, *, key: str = ""
) -> tuple[int, str]:
    """The position, and the new signing key, shown this once; empty when ``key`` was used before."""
    own = own_channel(lab, actor, channel)
    if own.kind not in SIGNED:
        way_out = "Only deliveries to a webhook are signed; change the address instead."
        raise InvalidInput(field="id", value=channel, way_out=way_out)
    fact, signing = own.rotate(now=lab.clock.now(), by=actor.by), _new_key()
    kept: list[str] = []

    def record(guards: tuple[Guard, ...]) -> int:
        position = lab.append([fact], guards, actor=actor)
        _keep(lab, own, signing_name(channel), number=fact.number, value=signing)
        kept.append(signing)
        return position

    position = once_at(lab, actor, key, ("rotate_channel_secret", channel), record=record)
    return position, kept[0] if kept else ""


def pause_channel(lab: Lab, actor: Actor, channel: str) -> int:
    """It is told nothing of what happens until it is resumed; repeatable."""
    own_channel(lab, actor, channel)
    return _change(lab, actor, channel, lambda c: c.pause(now=lab.clock.now(), by=actor.by))


def resume_channel(lab: Lab, actor: Actor, channel: str) -> int:
    own_channel(lab, actor, channel)
    return _change(lab, actor, channel, lambda c: c.resume(now=lab.clock.now(), by=actor.by))


def remove_channel(lab: Lab, actor: Actor, channel: str) -> int:
    """Nothing is sent any more, not even what waits; its address and key are forgotten."""
    own = own_channel(lab, actor, channel)
    position = _change(lab, actor, channel, lambda c: c.remove(now=lab.clock.now(), by=actor.by))
    for name in (address_name(channel), signing_name(channel)):
        lab.secrets.delete(team=own.team, user=own.user, name=name)
    return position


def replay_channel(
    lab: Lab, actor: Actor, channel: str, *, from_position: int, key: str = ""
) -> int:
    """Tell it again of everything from a position on, under the same delivery ids."""
    own = own_channel(lab, actor, channel)
    fact = own.replay(from_position, now=lab.clock.now(), by=actor.by)
    asked = ("replay_channel", channel, from_position)

    def record(guards: tuple[Guard, ...]) -> int:
        return lab.append([fact], guards, actor=actor)

    return once_at(lab, actor, key, asked, record=record)


def try_channel(lab: Lab, actor: Actor, channel: str) -> Answer:
    """Send a message that is of no event, now, once, and tell how that went."""
    own = own_channel(lab, actor, channel)
    notice = Notice(
        id=lab.ids.new("dlv"),
        position=0,
        event="test",
        at=lab.clock.now(),
        team=own.team,
        channel=own.id,
        sentence="This is a test; nothing happened.",
        url=lab.policy.server_url,
    )
    return lab.courier.carry(own, notice)


def own_channel(lab: Lab, actor: Actor, channel: str) -> Channel:
    """The channel, when it is the actor's, or the team's and the actor may manage those."""
    require(actor, Action.NOTIFY_SELF)
    found = fold(lab.log.stream(channel))
    require_own(actor, found.team, kind="channel", id=channel)
    if not found.exists or found.user not in ("", actor.user):
        raise NotFound(kind="channel", id=channel)
    if not found.user:
        require(actor, Action.MANAGE_CHANNELS)
    return found


def _topics(topics: Sequence[str]) -> tuple[str, ...]:
    """Each once; ``InvalidInput`` for one that no event has."""
    check_topics(topics, events={plain(name) for name in EVERYTHING.types})
    return tuple(dict.fromkeys(topics))


def _target(lab: Lab, kind: ChannelKind, address: str) -> str:
    """What may be shown of ``address``. ``InvalidInput`` when nothing can be told there."""
    wrong = lab.courier.refuse(kind, address)
    if not wrong and len(address) > ADDRESS_CHARACTERS:
        wrong = f"Give at most {ADDRESS_CHARACTERS} characters."
    if wrong:
        raise InvalidInput(field="address", value="(not shown)", way_out=wrong)
    if kind is ChannelKind.EMAIL:
        return ""
    parts = urlsplit(address)
    host = f"{parts.scheme}://{parts.netloc}"
    if kind is ChannelKind.WEBHOOK:
        return f"{host}{parts.path}"
    return f"{host}/…{address[-HINT_CHARACTERS:]}"


def _keep(lab: Lab, channel: Channel, name: str, *, number: int, value: str) -> None:
    if value:
        lab.secrets.put(team=channel.team, user=channel.user, name=name, number=number, value=value)


def _secret(lab: Lab, channel: Channel, name: str) -> str:
    found = lab.secrets.values(team=channel.team, user=channel.user, names=[name])
    return found.get(name, "")


def _new_key() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


def _change(
    lab: Lab, actor: Actor, channel: str, decide: Callable[[Channel], Sequence[ChannelEvent]]
) -> int:
    return lab.change(channel, fold, decide, actor=actor).position
