"""What is changed for a look at another course. Nothing given changes nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta

import msgspec

from application.what_if.trace import Ask
from domain.quotas import scopes
from domain.weights import weight_of


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """``quotas`` are minutes a month (``None``: no limit) and ``factors`` what the recorded limits
    are multiplied with, both by ``team`` or a user's id. ``weights`` replace those of every
    accelerator they name. ``priorities`` are by a user's or an experiment's id, ``slots`` how many
    jobs run at once at a provider.
    """

    quotas: Mapping[str, int | None] = {}
    factors: Mapping[str, float] = {}
    weights: Mapping[str, float] = {}
    priorities: Mapping[str, int] = {}
    slots: Mapping[str, int] = {}

    def limit(self, scope: str, recorded: int | None) -> int | None:
        """Seconds that ``scope`` may use in its month."""
        kind, _, *who, _ = scope.split(":")
        whose = kind if kind == "team" else who[0]
        if whose in self.quotas:
            minutes = self.quotas[whose]
            return None if minutes is None else minutes * 60
        if recorded is None or whose not in self.factors:
            return recorded
        return round(recorded * self.factors[whose])

    def weight(self, ask: Ask) -> float:
        return weight_of(ask.resources, self.weights) if self.weights else ask.weight

    def reserved_s(self, ask: Ask) -> int:
        """Weighted seconds held when it is queued."""
        plain = ask.seconds / ask.weight if ask.weight else ask.seconds
        return round(plain * self.weight(ask))

    def priority(self, ask: Ask) -> int:
        by_owner = self.priorities.get(ask.owner, ask.priority)
        return self.priorities.get(ask.experiment, by_owner)


def charged_s(policy: Policy, ask: Ask, used_s: int, busy: timedelta) -> int:
    """Weighted seconds when it has ended; of one that never ran, as long as it was to run."""
    if not used_s:
        return math.ceil(busy / timedelta(seconds=1) * policy.weight(ask))
    return math.ceil(used_s / (ask.weight or 1) * policy.weight(ask))


def scopes_of(team: str, ask: Ask) -> tuple[str, str]:
    return scopes(team=team, user=ask.owner, at=ask.at)
