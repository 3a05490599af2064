"""The whole schema, with its limits and errors. Built once, when this module is loaded."""

from __future__ import annotations

import strawberry
from strawberry.extensions import (
    AddValidationRules,
    MaxTokensLimiter,
    ParserCache,
    ValidationCache,
)
from strawberry.schema.config import StrawberryConfig

from graphql_api.errors import CodedErrors, QuietSchema
from graphql_api.limits import MAX_BATCH, MAX_TOKENS, RULES
from graphql_api.mutations.accounts import (
    SecretMutations,
    TokenMutations,
)
from graphql_api.mutations.budgets import BudgetMutations
from graphql_api.mutations.cli_login import CliLoginMutations
from graphql_api.mutations.compute import ProviderMutations
from graphql_api.mutations.desks import DeskMutations, MarkMutations, NotesMutations
from graphql_api.mutations.jobs import JobMutations
from graphql_api.mutations.links import LinkMutations
from graphql_api.mutations.notifications import ChannelMutations
from graphql_api.mutations.revert import RevertMutations
from graphql_api.mutations.rules import RuleMutations
from graphql_api.mutations.service_accounts import ServiceAccountMutations
from graphql_api.mutations.sessions import SessionMutations
from graphql_api.mutations.teams import InvitationMutations, MemberMutations, TeamMutations
from graphql_api.mutations.workspace import ExperimentMutations, TaskMutations
from graphql_api.once import OnceExecutor
from graphql_api.queries import Query
from graphql_api.scalars import LONG, MOMENT, Long, Moment
from graphql_api.subscriptions.events import EventSubscriptions
from graphql_api.subscriptions.jobs import JobSubscriptions
from graphql_api.subscriptions.proofs import ProofSubscriptions

CACHED_DOCUMENTS = 256


@strawberry.type
class Mutation(
    JobMutations,
    ExperimentMutations,
    TaskMutations,
    ProviderMutations,
    SessionMutations,
    LinkMutations,
    CliLoginMutations,
    TokenMutations,
    ServiceAccountMutations,
    BudgetMutations,
    RuleMutations,
    SecretMutations,
    TeamMutations,
    MemberMutations,
    InvitationMutations,
    ChannelMutations,
    RevertMutations,
    MarkMutations,
    DeskMutations,
    NotesMutations,
):
    pass


@strawberry.type
class Subscription(JobSubscriptions, EventSubscriptions, ProofSubscriptions):
    pass


SCHEMA = QuietSchema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    execution_context_class=OnceExecutor,
    config=StrawberryConfig(
        batching_config={"max_operations": MAX_BATCH},
        disable_field_suggestions=False,
        scalar_map={Long: LONG, Moment: MOMENT},
    ),
    extensions=[
        CodedErrors,
        lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
        lambda: AddValidationRules(list(RULES)),
        lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
        lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
    ],
)
