"""Access rules: who may do what with one experiment, task or provider, or with the registry.

Without a rule the role decides. With one, it alone decides for its subject: it may give less than
the role, or more. Owners and admins are subject to none, for they make them. Not here: what each
verb allows (``application/permissions.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeAlias


class Verb(StrEnum):
    READ = "read"
    WRITE = "write"
    RUN = "run"
    MANAGE = "manage"


Verbs: TypeAlias = frozenset[Verb]
Rules: TypeAlias = Mapping[tuple[str, str], Verbs]
"""By resource and subject."""

EVERYONE = "everyone"
REGISTRY = "registry"
"""The one resource without an id: the team's models and datasets."""
UNRULED = ("owner", "admin")
RULED = (EVERYONE, "member", "viewer", "auditor")
"""The subjects that are no single member."""
NOTHING: Verbs = frozenset()


def settled(verbs: Iterable[Verb]) -> tuple[Verb, ...]:
    """``verbs`` in their order, each once; whoever may do anything may read."""
    wanted = set(verbs)
    return tuple(verb for verb in Verb if verb in wanted or (wanted and verb is Verb.READ))


def rules_for(rules: Rules, *, user: str, role: str) -> dict[str, Verbs]:
    """What each resource with a rule for them allows: their own rule, else their role's, else everyone's."""
    if role in UNRULED:
        return {}
    found: dict[str, Verbs] = {}
    for subject in (EVERYONE, role, user):
        found |= {resource: verbs for (resource, of), verbs in rules.items() if of == subject}
    return found
