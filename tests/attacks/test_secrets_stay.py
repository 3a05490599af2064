"""An auditor reads the log and nothing of the secrets; a viewer sees and touches nothing."""

from __future__ import annotations

import secrets

import pytest

from application.commands.secrets import set_secret
from application.permissions import MAY, Action
from domain.teams import Role
from tests.graphql_api.rig import Rig
from tests.graphql_api.test_permission_matrix import RULES, Team, code, fields, operation

pytestmark = pytest.mark.postgres

QUERIES = [(kind, name, field) for kind, name, field in fields() if kind == "query"]


@pytest.mark.parametrize("role", list(Role))
def test_no_question_and_no_page_of_the_log_answers_with_a_value(
    api: Rig, ours: Team, role: Role
) -> None:
    """Owners included: a value is written and never read back."""
    mark = f"canary-{secrets.token_hex(12)}"
    set_secret(api.lab, ours.owner.actor, name="CANARY", value=mark)
    set_secret(api.lab, ours.owner.actor, name="CANARY", value=mark, personal=True)
    api.settle()
    token = ours.token(role)
    for kind, name, field in QUERIES:
        assert mark not in str(api.ask(operation(kind, name, field, ours.ids), token=token)), name
    every = "{events(limit:1000){events{name data sentence}}}"
    said = api.ask(every, token=token)
    assert mark not in str(said)
    if role in (Role.AUDITOR, Role.OWNER):
        assert "secret.set.v1" in {event["name"] for event in said["data"]["events"]["events"]}


def test_an_auditor_reads_the_log_and_writes_nothing(api: Rig, ours: Team) -> None:
    token = ours.token(Role.AUDITOR)
    head = api.lab.log.head()
    assert MAY[Role.AUDITOR] - _FOR_ONESELF == _READS | {
        Action.READ_LOG,
        Action.PROVE,
        Action.READ_RULES,
    }
    for kind, name, field in fields():
        rule = RULES[name]
        if kind == "mutation" and isinstance(rule, Action) and rule not in _FOR_ONESELF:
            said = code(api, operation(kind, name, field, ours.ids), token)
            assert said == "PERMISSION_DENIED" or rule in MAY[Role.AUDITOR], name
    assert api.lab.log.head() == head
    assert api.data("{events{events{position}}}", token=token)["events"]["events"]


def test_a_viewer_sees_and_touches_nothing(api: Rig, ours: Team) -> None:
    token = ours.token(Role.VIEWER)
    head = api.lab.log.head()
    assert MAY[Role.VIEWER] - _FOR_ONESELF == _READS
    for kind, name, field in fields():
        rule = RULES[name]
        if kind == "mutation" and isinstance(rule, Action) and rule not in _FOR_ONESELF:
            said = code(api, operation(kind, name, field, ours.ids), token)
            assert said == "PERMISSION_DENIED", name
    assert api.lab.log.head() == head
    assert api.data("{jobs{edges{node{id}}}}", token=token)["jobs"]["edges"]
    assert api.code("{events{events{position}}}", token=token) == "PERMISSION_DENIED"


_READS = {Action.READ}
_FOR_ONESELF = {Action.ISSUE_TOKENS, Action.NOTIFY_SELF, Action.KEEP_DESK, Action.LEAVE}
"""What everybody may do that is about themselves alone: tokens, notifications, favourites."""
