"""Tries a provider's settings before it is added: whether jobs could run there, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping

from application.actor import Actor
from application.lab import Lab
from application.permissions import Action, require
from providers.base import Check


def try_provider(lab: Lab, actor: Actor, *, kind: str, settings: Mapping[str, object]) -> Check:
    """Contacts it: ``ProviderError``. ``InvalidSettings`` names a bad setting. Records nothing."""
    require(actor, Action.MANAGE_PROVIDERS)
    lab.providers.validate(kind, settings)
    return lab.providers.tried(kind, settings, team=actor.team).check()
