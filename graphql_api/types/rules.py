"""Access rules, as the API shows them."""

from __future__ import annotations

import strawberry

from application.account_reads import Rule
from domain.rules import Verb

strawberry.enum(Verb, name="AccessVerb", description="What an access rule lets somebody do.")


@strawberry.type(description="What one subject may do with one resource. No verbs: nothing.")
class AccessRule:
    resource: str = strawberry.field(description="An id, or `registry`.")
    subject: str = strawberry.field(description="everyone, a role, or a member's id.")
    verbs: list[Verb]

    @classmethod
    def of(cls, rule: Rule) -> AccessRule:
        return cls(resource=rule.resource, subject=rule.subject, verbs=list(rule.verbs))
