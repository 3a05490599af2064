"""What admins do with compute providers, and what pollers learn of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from application.actor import Actor
from application.commands.idempotency import once
from application.commands.naming import claiming, clean_name, holder, user_id
from application.commands.secrets import check_name
from application.lab import Lab
from application.permissions import Action, require, require_on
from domain.compute import (
    Provider,
    ProviderAdded,
    ProviderEvent,
    Setting,
    fold,
    unique_name,
)
from domain.errors import NotFound
from domain.model import Event, Guard, GuardKind
from domain.teams import fold as fold_team


def add_provider(
    lab: Lab,
    actor: Actor,
    *,
    name: str,
    kind: str,
    settings: dict[str, Setting] | None = None,
    default: bool = False,
    key: str = "",
) -> str:
    """A new provider's id. The first of a team becomes its default.

    ``InvalidSettings`` names a bad setting, ``AlreadyExists`` a taken name; nothing is contacted here.
    """
    require(actor, Action.MANAGE_PROVIDERS)
    name = clean_name("name", name)
    given = settings or {}
    lab.providers.validate(kind, given)
    made, now = lab.ids.new("prov"), lab.clock.now()

    def record(guards: tuple[Guard, ...]) -> str:
        added = ProviderAdded(
            team=actor.team, name=name, kind=kind, settings=given,
            originator_id=made, originator_version=1, at=now, by=actor.by,
        )  # fmt: skip
        events: list[Event] = [added]
        own = unique_name(actor.team, name, made)
        needed = [*guards, own]
        if default or not holder(lab, _default_scope(actor.team)):
            events += Provider().evolve(added).make_default(now=now, by=actor.by)
            needed += _default_guards(lab, actor.team, made)
        with claiming(own, kind="provider", name=name):
            lab.append(events, needed, actor=actor)
        return made

    return once(actor, key, ("add_provider", name, kind, given), made=made, record=record)


def make_default(lab: Lab, actor: Actor, provider: str) -> int:
    """The team's provider for tasks that name none; repeatable."""
    own_provider(lab, actor, provider, Action.MANAGE_PROVIDERS)
    if holder(lab, _default_scope(actor.team)) == provider:
        return lab.log.head()
    return lab.change(
        provider,
        fold,
        lambda p: p.make_default(now=lab.clock.now(), by=actor.by),
        actor=actor,
        guards=_default_guards(lab, actor.team, provider),
    ).position


def reconfigure_provider(
    lab: Lab, actor: Actor, provider: str, *, settings: dict[str, Setting]
) -> int:
    """Replace all settings; repeatable."""
    own = own_provider(lab, actor, provider, Action.MANAGE_PROVIDERS)
    lab.providers.validate(own.kind, settings)
    return _change(
        lab, actor, provider, lambda p: p.reconfigure(settings, now=lab.clock.now(), by=actor.by)
    )


def enable_provider(lab: Lab, actor: Actor, provider: str) -> int:
    own_provider(lab, actor, provider, Action.MANAGE_PROVIDERS)
    return _change(lab, actor, provider, lambda p: p.enable(now=lab.clock.now(), by=actor.by))


def disable_provider(lab: Lab, actor: Actor, provider: str) -> int:
    """No new jobs go there; those it has are still observed and can be stopped."""
    own_provider(lab, actor, provider, Action.MANAGE_PROVIDERS)
    return _change(lab, actor, provider, lambda p: p.disable(now=lab.clock.now(), by=actor.by))


def map_person(
    lab: Lab, actor: Actor, provider: str, *, person: str, account: str, key: str
) -> int:
    """Jobs of ``person`` (a member's address or id) run there as ``account`` from now on; repeatable.

    ``key`` names a secret of their own, which they may set later. ``AlreadyExists`` when the account
    is another person's.
    """
    own_provider(lab, actor, provider, Action.MANAGE_PROVIDERS)
    check_name("key", key)
    user = user_id(lab, person)
    if user not in fold_team(lab.log.stream(actor.team)).roles:
        raise NotFound(kind="member", id=person)
    return _change(
        lab,
        actor,
        provider,
        lambda p: p.map_person(user, account=account, key=key, now=lab.clock.now(), by=actor.by),
    )


def unmap_person(lab: Lab, actor: Actor, provider: str, *, person: str) -> int:
    """No new jobs of ``person`` run there; those they have are still looked after. Repeatable."""
    own_provider(lab, actor, provider, Action.MANAGE_PROVIDERS)
    user = user_id(lab, person)
    return _change(
        lab, actor, provider, lambda p: p.unmap_person(user, now=lab.clock.now(), by=actor.by)
    )


def note_reachable(lab: Lab, actor: Actor, provider: str, *, problem: str) -> int:
    """What a poller met: an empty ``problem`` is an answer. Recorded on change."""
    return _change(
        lab,
        actor,
        provider,
        lambda p: p.seen(problem=problem, now=lab.clock.now(), by=actor.by),
    )


def note_orphan_ended(lab: Lab, actor: Actor, provider: str, *, token: str, ref: str) -> int:
    """The sweeper ended something of ours that no live job owns."""
    return _change(
        lab,
        actor,
        provider,
        lambda p: p.ended_orphan(token=token, ref=ref, now=lab.clock.now(), by=actor.by),
    )


def own_provider(lab: Lab, actor: Actor, provider: str, action: Action) -> Provider:
    """The provider, when it is of the actor's team and ``action`` is allowed."""
    found = fold(lab.log.stream(provider))
    require_on(actor, action, provider, team=found.team, kind="provider", id=provider)
    return found


def _change(
    lab: Lab, actor: Actor, provider: str, decide: Callable[[Provider], Sequence[ProviderEvent]]
) -> int:
    return lab.change(provider, fold, decide, actor=actor).position


def _default_scope(team: str) -> str:
    return f"provider_default:{team}"


def _default_guards(lab: Lab, team: str, provider: str) -> list[Guard]:
    scope = _default_scope(team)
    now = holder(lab, scope)
    free = [Guard(GuardKind.UNIQUE, scope, -1, ref=now)] if now else []
    return [*free, Guard(GuardKind.UNIQUE, scope, 1, ref=provider)]
