"""Access rules: what one may do with one thing, over the whole schema, in lists, feeds, files and the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from graphql import GraphQLField

from application.actor import system
from application.commands.accounts import open_session, register_user
from application.commands.members import add_member, remove_member, set_role
from application.commands.rules import remove_rule, set_rule
from application.permissions import MAY, VERB_OF, Action
from domain.artifacts import ArtifactKind
from domain.errors import InvalidInput
from domain.rules import EVERYONE, REGISTRY, Verb, rules_for
from domain.teams import Role
from tests.graphql_api.rig import PASSWORD, TASK, Rig
from tests.graphql_api.test_permission_matrix import (
    ID_OF,
    RULES,
    Team,
    code,
    fields,
    first_word,
    operation,
)

pytestmark = pytest.mark.postgres

RULED = {
    name: (kind, field)
    for kind, name, field in fields()
    if RULES[name] in VERB_OF and ID_OF.get(name) in ("job", "experiment", "task", "provider")
}
"""Every field that names a thing which access rules are about."""
NAMES_MORE = ("resumeJob", "mapPerson", "moveJob", "moveCost")
"""A checkpoint, a person or a provider, which are not there."""
CASES = [pytest.param(name, *found, id=name) for name, found in RULED.items()]


@pytest.fixture(scope="module")
def team(api: Rig) -> Team:
    return Team(api, "ruled")


@pytest.fixture
def fresh(api: Rig, request: pytest.FixtureRequest) -> Team:
    """One that nobody has changed."""
    return Team(api, f"fresh{abs(hash(request.node.name)) % 10**8}")


@contextmanager
def rule(team: Team, resource: str, *verbs: Verb, subject: str = EVERYONE) -> Iterator[None]:
    given = {"resource": resource, "subject": subject}
    set_rule(team.api.lab, team.owner.actor, **given, verbs=verbs)
    try:
        yield
    finally:
        remove_rule(team.api.lab, team.owner.actor, **given)


def resource_of(team: Team, name: str) -> str:
    kind = ID_OF[name]
    return team.ids["experiment" if kind == "job" else kind]


def answer(team: Team, role: Role, kind: str, name: str, field: GraphQLField) -> str:
    ask = first_word if kind == "subscription" else code
    return ask(team.api, operation(kind, name, field, team.ids), team.token(role))


@pytest.mark.parametrize(("name", "kind", "field"), CASES)
def test_what_a_rule_hides_is_not_found(
    team: Team, name: str, kind: str, field: GraphQLField
) -> None:
    with rule(team, resource_of(team, name)):
        for role in (Role.MEMBER, Role.VIEWER, Role.AUDITOR):
            said = answer(team, role, kind, name, field)
            may = RULES[name] in MAY[role]
            assert said == ("NOT_FOUND" if may else "PERMISSION_DENIED"), role


@pytest.mark.parametrize(("name", "kind", "field"), [c for c in CASES if c.values[1] == "mutation"])
def test_what_a_rule_lets_read_is_touched_by_nobody_below_an_admin(
    team: Team, name: str, kind: str, field: GraphQLField
) -> None:
    with rule(team, resource_of(team, name), Verb.READ):
        for role in (Role.MEMBER, Role.VIEWER, Role.AUDITOR):
            assert answer(team, role, kind, name, field) == "PERMISSION_DENIED", role
        said = answer(team, Role.ADMIN, kind, name, field)
        assert said != "PERMISSION_DENIED"
        assert said != "NOT_FOUND" or name in NAMES_MORE


@pytest.mark.parametrize(("name", "kind", "field"), [c for c in CASES if c.values[1] == "mutation"])
def test_a_rule_may_give_one_person_more_than_their_role(
    team: Team, name: str, kind: str, field: GraphQLField
) -> None:
    viewer = team.users[Role.VIEWER]
    action = RULES[name]
    assert isinstance(action, Action)
    verb = VERB_OF[action]
    with rule(team, resource_of(team, name), verb, subject=viewer):
        said = answer(team, Role.VIEWER, kind, name, field)
        assert said != "PERMISSION_DENIED"
        assert said != "NOT_FOUND" or name in NAMES_MORE
        assert answer(team, Role.AUDITOR, kind, name, field) == "PERMISSION_DENIED"


def test_lists_counts_feed_log_and_files_leave_out_what_is_hidden(fresh: Team) -> None:
    api, token = fresh.api, fresh.token(Role.MEMBER)
    seen = "{jobs{edges{node{id}}} jobCounts{count} experiments{id} tasks{id} events(limit:1000){events{stream}}}"
    before = api.data(seen, token=token)
    with rule(fresh, fresh.ids["experiment"]):
        after = api.data(seen, token=token)
        log = api.client.get(
            f"/api/jobs/{fresh.ids['job']}/log", headers={"authorization": f"Bearer {token}"}
        )
        auditor = api.data(seen, token=fresh.token(Role.AUDITOR))
        owner = api.data(seen, token=fresh.token(Role.OWNER))
    told = {e["stream"] for e in after["events"]["events"]}
    assert before["jobs"]["edges"]
    assert after["jobs"]["edges"] == [] == after["tasks"]
    assert sum(c["count"] for c in after["jobCounts"]) == 0
    assert fresh.ids["experiment"] not in [e["id"] for e in after["experiments"]]
    assert not told & {fresh.ids["job"], fresh.ids["experiment"], fresh.ids["task"]}
    assert fresh.ids["job"] in {e["stream"] for e in auditor["events"]["events"]}
    assert owner["jobs"] == before["jobs"]
    assert log.status_code in (404, 401)


def test_a_rule_about_a_task_goes_before_one_about_its_experiment(fresh: Team) -> None:
    api, token, viewer = fresh.api, fresh.token(Role.VIEWER), fresh.users[Role.VIEWER]
    launch = "mutation($t:String!){queueJob(launch:{task:$t}){id}}"
    with (
        rule(fresh, fresh.ids["experiment"]),
        rule(fresh, fresh.ids["task"], Verb.RUN, subject=viewer),
    ):
        made = api.data(launch, token=token, t=fresh.ids["task"])["queueJob"]["id"]
        api.settle()
        rows = api.data("{jobs{edges{node{id}}}}", token=token)["jobs"]["edges"]
        other = "mutation($y:String!,$e:String!){queueJob(launch:{yaml:$y,experiment:$e}){id}}"
        home = fresh.ids["experiment"]
        assert api.code(other, token=token, y=TASK, e=home) == "NOT_FOUND"
        assert api.code(launch, token=fresh.token(Role.AUDITOR), t=fresh.ids["task"]) == (
            "PERMISSION_DENIED"
        )
    assert [row["node"]["id"] for row in rows] == [made]


def test_nobody_launches_on_a_provider_that_a_rule_closes(fresh: Team) -> None:
    text = 'mutation($y:String!){queueJob(launch:{yaml:$y,experiment:"beta"}){id}}'
    with rule(fresh, fresh.ids["provider"], Verb.READ):
        assert fresh.api.code(text, token=fresh.token(Role.MEMBER), y=TASK) == "PERMISSION_DENIED"


def test_the_registry_hides_models_and_nothing_else(fresh: Team) -> None:
    text = "query($a:ID!){artifact(id:$a){id}}"
    token = fresh.token(Role.VIEWER)
    row = fresh.api.queries.artifact(fresh.ids["artifact"])
    assert row is not None
    assert row.kind == ArtifactKind.MODEL
    with rule(fresh, REGISTRY, subject="viewer"):
        assert fresh.api.code(text, token=token, a=row.id) == "NOT_FOUND"
    assert fresh.api.data(text, token=token, a=row.id)


def test_another_teams_thing_and_another_teams_experiment_in_a_body_are_refused(
    api: Rig, team: Team
) -> None:
    other = api.account("elsewhere@example.org", "elsewhere")
    text = "mutation($r:String!){setAccessRule(resource:$r,verbs:[]){position}}"
    assert api.code(text, token=other.token, r=team.ids["experiment"]) == "NOT_FOUND"
    assert api.code(text, token=other.token, r="nonsense") == "INVALID_INPUT"
    task = "mutation($e:String!,$y:String!){createTask(experiment:$e,yaml:$y){id}}"
    assert api.code(task, token=other.token, e=team.ids["experiment"], y=TASK) == "NOT_FOUND"


def test_nobody_is_locked_out_who_makes_the_rules(team: Team) -> None:
    for subject in (team.users[Role.OWNER], team.users[Role.ADMIN]):
        with pytest.raises(InvalidInput, match="subject to no rules"):
            set_rule(
                team.api.lab,
                team.owner.actor,
                resource=REGISTRY,
                subject=subject,
                verbs=[],
            )
    assert rules_for({(REGISTRY, EVERYONE): frozenset()}, user="u", role="owner") == {}


def test_a_rule_about_somebody_ends_with_their_membership(api: Rig) -> None:
    owner = api.account("leaver@example.org", "leavers")
    user = register_user(api.lab, system("test"), email="x@l.org", name="", password=PASSWORD)
    add_member(api.lab, owner.actor, email="x@l.org", role=Role.MEMBER)
    set_rule(api.lab, owner.actor, resource=REGISTRY, subject="x@l.org", verbs=[Verb.READ])
    set_role(api.lab, owner.actor, user=user, role=Role.VIEWER)
    remove_member(api.lab, owner.actor, user=user)
    add_member(api.lab, owner.actor, email="x@l.org", role=Role.MEMBER)
    api.settle()
    assert api.data("{accessRules{subject}}", token=owner.token)["accessRules"] == []
    assert api.code("{accessRules{subject}}", token=open_session(api.lab, user).secret) == (
        "PERMISSION_DENIED"
    )
