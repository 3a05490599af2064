"""Service accounts: members that are no persons, and tokens that are limited."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from application.actor import Actor
from application.commands.accounts import register_user
from application.commands.experiments import create_experiment
from application.commands.members import add_member, set_role
from application.commands.service_accounts import close_service_account, make_service_account
from application.commands.tokens import issue_service_token, issue_token, revoke_credential
from application.permissions import SCOPES, Action, allowed
from domain.errors import (
    AlreadyExists,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
)
from domain.teams import Role
from server.authentication import actor_of
from server.bootstrap import System
from tests.accounts.conftest import PASSWORD, Ada

pytestmark = pytest.mark.postgres


class Later:
    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=2)


def bot(ada: Ada, *, role: Role = Role.MEMBER, days: int | None = None) -> tuple[str, str]:
    """``(account, token's secret)``."""
    account = make_service_account(ada.lab, ada.actor, name="ci bot", role=role, days=days)
    return account, issue_service_token(ada.lab, ada.actor, account, name="pipeline")[1]


def acting(parts: System, secret: str) -> Actor:
    return actor_of(parts.lab, parts.queries, bearer=secret)


def test_a_program_acts_in_its_role_in_its_team_and_is_named_in_the_log(
    ada: Ada, parts: System
) -> None:
    account, secret = bot(ada)
    actor = acting(parts, secret)
    assert (actor.user, actor.team, actor.role) == (account, ada.actor.team, Role.MEMBER)
    made = create_experiment(ada.lab, actor, name="by the bot")
    assert ada.lab.log.stream(made)[0].by.startswith("token:")
    with pytest.raises(PermissionDenied):
        make_service_account(ada.lab, actor, name="another", role=Role.MEMBER)


def test_it_owns_no_team_and_issues_itself_no_tokens(ada: Ada, parts: System) -> None:
    account, secret = bot(ada, role=Role.ADMIN)
    with pytest.raises(InvalidInput, match="owns no team"):
        set_role(ada.lab, ada.actor, user=account, role=Role.OWNER)
    with pytest.raises(InvalidInput, match="owns no team"):
        make_service_account(ada.lab, ada.actor, name="boss", role=Role.OWNER)
    with pytest.raises(PermissionDenied):
        issue_token(ada.lab, acting(parts, secret), name="for ever")


def test_a_closed_one_and_its_tokens_open_nothing_and_its_name_is_free(
    ada: Ada, parts: System
) -> None:
    account, secret = bot(ada)
    with pytest.raises(AlreadyExists):
        make_service_account(ada.lab, ada.actor, name="CI Bot", role=Role.VIEWER)
    assert close_service_account(ada.lab, ada.actor, account) == close_service_account(
        ada.lab, ada.actor, account
    )
    with pytest.raises(NotAuthenticated):
        acting(parts, secret)
    with pytest.raises(InvalidInput, match="closed"):
        issue_service_token(ada.lab, ada.actor, account, name="again")
    assert make_service_account(ada.lab, ada.actor, name="ci bot", role=Role.VIEWER) != account


def test_one_with_an_end_is_refused_after_it(ada: Ada, parts: System) -> None:
    account, secret = bot(ada, days=1)
    assert acting(parts, secret).user == account

    with pytest.raises(NotAuthenticated, match="expired"):
        actor_of(dataclasses.replace(parts.lab, clock=Later()), parts.queries, bearer=secret)


def test_an_admin_revokes_its_token_and_a_member_does_not(ada: Ada, parts: System) -> None:
    account, _ = bot(ada)
    token, secret = issue_service_token(ada.lab, ada.actor, account, name="second")
    with pytest.raises(NotFound):
        revoke_credential(ada.lab, replace(ada.actor, user="user_x", role=Role.MEMBER), token)
    revoke_credential(ada.lab, ada.actor, token)
    with pytest.raises(NotAuthenticated):
        acting(parts, secret)


def test_another_teams_account_is_not_found(ada: Ada) -> None:
    account, _ = bot(ada)
    stranger = replace(ada.actor, team="team_other")
    with pytest.raises(NotFound):
        close_service_account(ada.lab, stranger, account)
    with pytest.raises(NotFound):
        issue_service_token(ada.lab, stranger, account, name="stolen")
    person = register_user(ada.lab, ada.actor, email="b@example.org", name="", password=PASSWORD)
    add_member(ada.lab, ada.actor, email="b@example.org", role=Role.MEMBER)
    with pytest.raises(NotFound):
        issue_service_token(ada.lab, ada.actor, person, name="for a person")


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_allows_what_it_says_and_never_makes_anything_unlimited(
    ada: Ada, parts: System, scope: str
) -> None:
    _, secret = issue_token(ada.lab, ada.actor, name=scope, scopes=[scope])
    actor = acting(parts, secret)
    assert {action for action in Action if allowed(actor, action)} == SCOPES[scope]
    assert not SCOPES[scope] & {Action.ISSUE_TOKENS, Action.MANAGE_SERVICES, Action.OWN}
    with pytest.raises(PermissionDenied):
        issue_token(ada.lab, actor, name="more")


def test_when_a_token_was_last_used_is_known(ada: Ada, parts: System) -> None:
    token, secret = issue_token(ada.lab, ada.actor, name="used")
    assert parts.lab.credentials.last_used([token]) == {}
    acting(parts, secret)
    assert token in parts.lab.credentials.last_used([token])
