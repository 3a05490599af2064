"""Access rules of the team."""

from __future__ import annotations

import strawberry

from application.commands import rules
from domain.rules import EVERYONE, Verb
from graphql_api.context import Context, Info, in_thread
from graphql_api.scalars import Key, Long
from graphql_api.types.rules import AccessRule


@strawberry.type(description="The team's rules after the change.")
class RulesPayload:
    position: Long
    rules: list[AccessRule]


@strawberry.type
class RuleMutations:
    @strawberry.mutation(
        description="`resource`: the id of an experiment, task or provider, or `registry`. "
        "`subject`: everyone, member, viewer, auditor, or a member's address or id. They may do "
        "`verbs` with it and nothing else, whatever their role says."
    )
    async def set_access_rule(
        self,
        info: Info,
        resource: str,
        verbs: list[Verb],
        subject: str = EVERYONE,
        idempotency_key: Key = "",
    ) -> RulesPayload:
        actor = await info.context.actor(idempotency_key)
        position = await in_thread(
            rules.set_rule,
            info.context.use.lab,
            actor,
            resource=resource,
            subject=subject,
            verbs=verbs,
            key=idempotency_key,
        )
        return await _payload(info.context, position)

    @strawberry.mutation(description="Let the role decide again; repeatable.")
    async def remove_access_rule(
        self, info: Info, resource: str, subject: str = EVERYONE, idempotency_key: Key = ""
    ) -> RulesPayload:
        actor = await info.context.actor(idempotency_key)
        remove, lab = rules.remove_rule, info.context.use.lab
        position = await in_thread(remove, lab, actor, resource=resource, subject=subject)
        return await _payload(info.context, position)


async def _payload(context: Context, position: int) -> RulesPayload:
    await context.shown(position)
    found = await in_thread(context.reads.rules, await context.actor())
    return RulesPayload(position=Long(position), rules=[AccessRule.of(rule) for rule in found])
