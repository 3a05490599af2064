"""Every role × every field of the schema × own team, another team, no team, nobody: denied unless ruled.

A field without a rule fails. What is asked is the smallest operation that the schema allows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)

from application.actor import system
from application.commands.accounts import found_team, open_session, register_user
from application.commands.invitations import invite
from application.commands.members import add_member
from application.commands.notifications import add_channel
from application.commands.service_accounts import make_service_account
from application.commands.tokens import issue_token
from application.permissions import MAY, SCOPES, Action
from domain.artifacts import ArtifactKind, ArtifactSaved
from domain.notifications import ChannelKind
from domain.teams import Role
from tests.graphql_api.operations import SDL
from tests.graphql_api.rig import PASSWORD, TASK, Account, Rig

pytestmark = pytest.mark.postgres

ANYBODY = "anybody"  # no credential
ANYONE_SIGNED_IN = "anyone signed in"  # of no team
RULES: dict[str, Action | str] = {
    **dict.fromkeys(("job", "jobs", "jobCounts", "jobLines", "jobPoints", "artifact"), Action.READ),
    **dict.fromkeys(("experiments", "tasks", "task", "revisions"), Action.READ),
    "validateTask": ANYONE_SIGNED_IN,
    **dict.fromkeys(("providers", "provider", "providerKinds", "offers"), Action.READ),
    **dict.fromkeys(("quota", "usage", "members", "tokens", "secrets"), Action.READ),
    "checkProvider": Action.READ,
    "me": ANYONE_SIGNED_IN,
    **dict.fromkeys(("invitations", "teamTokens"), Action.MANAGE_MEMBERS),
    "invitation": ANYBODY,
    "version": ANYBODY,
    **dict.fromkeys(("events", "eventsBack", "auditHeads"), Action.READ_LOG),
    **dict.fromkeys(("auditVerify", "auditReplay"), Action.PROVE),
    **dict.fromkeys(("timeline", "jobTimeline", "revertPreview", "whatIf"), Action.READ_LOG),
    **dict.fromkeys(("jobDiff", "jobPins"), Action.READ),
    **dict.fromkeys(("jobsChanged", "jobLog", "jobMetrics"), Action.READ),
    **dict.fromkeys(("queueJob", "queueJobs", "rerunJob", "resumeJob"), Action.LAUNCH),
    "stopJob": Action.STOP,
    **dict.fromkeys(
        ("createExperiment", "renameExperiment", "archiveExperiment"), Action.WRITE_EXPERIMENTS
    ),
    **dict.fromkeys(("createTask", "reviseTask", "restoreTask", "archiveTask"), Action.WRITE_TASKS),
    **dict.fromkeys(
        ("addProvider", "reconfigureProvider", "enableProvider", "disableProvider"),
        Action.MANAGE_PROVIDERS,
    ),
    **dict.fromkeys(("mapPerson", "unmapPerson"), Action.MANAGE_PROVIDERS),
    **dict.fromkeys(("startEstimate", "launchCost"), Action.LAUNCH),
    "makeDefaultProvider": Action.MANAGE_PROVIDERS,
    "setQuota": Action.MANAGE_QUOTAS,
    "revert": Action.WRITE_TASKS,  # and what the change itself needs
    "setBudget": Action.MANAGE_QUOTAS,
    "budget": Action.READ,
    **dict.fromkeys(("signIn", "joinTeam"), ANYBODY),
    **dict.fromkeys(("signOut", "acceptInvitation", "createTeam"), ANYONE_SIGNED_IN),
    "revokeToken": ANYONE_SIGNED_IN,
    **dict.fromkeys(("sessions", "endSession", "endOtherSessions"), ANYONE_SIGNED_IN),
    **dict.fromkeys(("changePassword", "requestEmailVerification"), ANYONE_SIGNED_IN),
    **dict.fromkeys(("requestPasswordReset", "resetPassword", "verifyEmail"), ANYBODY),
    **dict.fromkeys(("requestAccount", "register"), ANYBODY),
    **dict.fromkeys(("beginDeviceLogin", "pollDeviceLogin", "redeemLogin"), ANYBODY),
    "accessRules": Action.READ_RULES,
    **dict.fromkeys(("setAccessRule", "removeAccessRule"), Action.MANAGE_RULES),
    "issueToken": Action.ISSUE_TOKENS,
    "tokenScopes": ANYONE_SIGNED_IN,
    "serviceAccounts": Action.READ,
    **dict.fromkeys(("makeServiceAccount", "closeServiceAccount"), Action.MANAGE_SERVICES),
    "issueServiceToken": Action.MANAGE_SERVICES,
    **dict.fromkeys(("setSecret", "deleteSecret", "makeSshKey"), Action.WRITE_SECRETS),
    "secretUses": Action.READ_LOG,
    **dict.fromkeys(("addMember", "setRole", "renameTeam"), Action.MANAGE_MEMBERS),
    **dict.fromkeys(("removeMember", "setTeamLogo", "removeTeamLogo"), Action.MANAGE_MEMBERS),
    **dict.fromkeys(("transferTeam", "archiveTeam"), Action.OWN),
    **dict.fromkeys(("invite", "resendInvitation", "cancelInvitation"), Action.MANAGE_MEMBERS),
    **dict.fromkeys(("channels", "deliveries"), Action.READ),
    "addChannel": Action.NOTIFY_SELF,
    **dict.fromkeys(("changeChannel", "rotateChannelSecret"), Action.MANAGE_CHANNELS),
    **dict.fromkeys(("pauseChannel", "resumeChannel", "removeChannel"), Action.MANAGE_CHANNELS),
    **dict.fromkeys(("replayChannel", "testChannel"), Action.MANAGE_CHANNELS),
    **dict.fromkeys(("jobTags", "views", "experimentNotes", "notesHistory"), Action.READ),
    **dict.fromkeys(("documents", "artifacts"), Action.READ),
    "repositoryTask": Action.WRITE_TASKS,
    "tryProvider": Action.MANAGE_PROVIDERS,
    **dict.fromkeys(("tagJob", "untagJob", "hideJob", "unhideJob"), Action.MARK_JOBS),
    **dict.fromkeys(("starJob", "unstarJob", "saveView", "deleteView"), Action.KEEP_DESK),
    **dict.fromkeys(("describeExperiment", "noteExperiment"), Action.WRITE_EXPERIMENTS),
    **dict.fromkeys(("restoreExperiment", "chooseScore"), Action.WRITE_EXPERIMENTS),
    **dict.fromkeys(("attachDocument", "removeDocument"), Action.WRITE_EXPERIMENTS),
}
"""Who may ask for each field. Another team's things are not found for everybody."""

ID_OF = {
    **dict.fromkeys(("job", "stopJob", "rerunJob", "resumeJob"), "job"),
    **dict.fromkeys(("jobTimeline", "jobDiff", "jobPins"), "job"),
    **dict.fromkeys(("jobLines", "jobPoints", "jobLog", "jobMetrics"), "job"),
    **dict.fromkeys(("renameExperiment", "archiveExperiment"), "experiment"),
    **dict.fromkeys(("restoreExperiment", "describeExperiment", "noteExperiment"), "experiment"),
    **dict.fromkeys(("chooseScore", "attachDocument", "removeDocument"), "experiment"),
    **dict.fromkeys(("experimentNotes", "notesHistory", "documents"), "experiment"),
    **dict.fromkeys(("tagJob", "untagJob", "hideJob", "unhideJob"), "job"),
    **dict.fromkeys(("starJob", "unstarJob"), "job"),
    **dict.fromkeys(("task", "revisions", "reviseTask", "restoreTask", "archiveTask"), "task"),
    **dict.fromkeys(("provider", "offers", "checkProvider", "reconfigureProvider"), "provider"),
    **dict.fromkeys(("enableProvider", "disableProvider", "makeDefaultProvider"), "provider"),
    **dict.fromkeys(("mapPerson", "unmapPerson"), "provider"),
    **dict.fromkeys(("resendInvitation", "cancelInvitation"), "invitation"),
    **dict.fromkeys(("setRole", "removeMember", "transferTeam"), "member"),
    **dict.fromkeys(("deliveries", "changeChannel", "rotateChannelSecret"), "channel"),
    **dict.fromkeys(("pauseChannel", "resumeChannel", "replayChannel"), "channel"),
    **dict.fromkeys(("testChannel", "removeChannel"), "channel"),
    **dict.fromkeys(("closeServiceAccount", "issueServiceToken"), "service"),
    "artifact": "artifact",
    "revokeToken": "token",
}
"""What the field's ID argument names."""

DENIED = ("PERMISSION_DENIED", "NOT_AUTHENTICATED")
ROLES = tuple(Role)


def fields() -> Iterator[tuple[str, str, GraphQLField]]:
    for kind in ("Query", "Mutation", "Subscription"):
        root = SDL.get_type(kind)
        assert isinstance(root, GraphQLObjectType)
        for name, field in root.fields.items():
            yield kind.lower(), name, field


ASKED = [pytest.param(kind, name, field, id=f"{kind}-{name}") for kind, name, field in fields()]
SUBSCRIBED = {name for kind, name, _ in fields() if kind == "subscription"}
ASKED_ONCE = [p for p in ASKED if p.values[0] != "subscription"]


def operation(kind: str, name: str, field: GraphQLField, ids: dict[str, str]) -> str:
    id = ids.get(ID_OF.get(name, ""), "x")
    given = [
        f"{argument}: {_value(about, id, name)}"
        for argument, about in field.args.items()
        if _must(about)
    ]
    arguments = f"({', '.join(given)})" if given else ""
    return f"{kind} {{ {name}{arguments}{_leaf(field)} }}"


def _must(about: GraphQLArgument) -> bool:
    written = about.ast_node
    return isinstance(about.type, GraphQLNonNull) and not (written and written.default_value)


def _value(about: GraphQLArgument, id: str, text: str) -> str:
    of = get_named_type(about.type)
    if isinstance(of, GraphQLInputObjectType):
        one = f'{{yaml: "{TASK.encode("unicode_escape").decode()}"}}'
        return f"[{one}]" if "[" in str(about.type) else one
    if isinstance(of, GraphQLEnumType):
        return "VIEWER" if "VIEWER" in of.values else next(iter(of.values))
    plain = {"ID": f'"{id}"', "JSON": "{}", "Int": "1", "Long": "1", "Boolean": "false"}
    plain |= {"Moment": "1", "DateTime": '"2026-01-01T00:00:00Z"'}
    return plain.get(of.name, f'"{text}"')


def _leaf(field: GraphQLField) -> str:
    of = get_named_type(field.type)
    if is_leaf_type(of):
        return ""
    inner = getattr(of, "fields", {})
    plain = [n for n, f in inner.items() if is_leaf_type(get_named_type(f.type)) and not f.args]
    if plain:
        return f" {{ {plain[0]} }}"
    name, deeper = next(iter(inner.items()))
    return f" {{ {name}{_leaf(deeper)} }}"


class Team:
    """A team with one member of each role and one of each thing."""

    def __init__(self, api: Rig, name: str) -> None:
        self.api = api
        self.owner: Account = api.account(f"{name}@example.org", name)
        self.users = {Role.OWNER: self.owner.user}
        for role in ROLES[1:]:
            address = f"{name}-{role}@example.org"
            self.users[role] = register_user(
                api.lab, system("test"), email=address, name="", password=PASSWORD
            )
            add_member(api.lab, self.owner.actor, email=address, role=role)
        self.ids = self._things()
        api.settle()

    def token(self, role: Role) -> str:
        """A fresh session: some operations end the one they come with."""
        return open_session(self.api.lab, self.users[role]).secret

    def _things(self) -> dict[str, str]:
        api, owner = self.api, self.owner
        made = register_user(
            api.lab, system("test"), email=f"{owner.team}@x.org", name="", password=PASSWORD
        )
        add_member(api.lab, owner.actor, email=f"{owner.team}@x.org", role=Role.VIEWER)
        ask = {"token": owner.token}
        experiment = api.data("{experiments{id}}", **ask)["experiments"][0]["id"]
        text = "mutation($y:String!,$e:String!){createTask(yaml:$y,experiment:$e){id}}"
        task = api.data(text, y=TASK, e=experiment, **ask)["createTask"]["id"]
        queue = "mutation($l:Launch!){queueJob(launch:$l){id}}"
        job = api.data(queue, l={"yaml": TASK}, **ask)["queueJob"]["id"]
        invitation, _ = invite(api.lab, owner.actor, role=Role.VIEWER)
        token, _ = issue_token(api.lab, owner.actor, name="ci")
        provider = api.data("{providers{id}}", **ask)["providers"][0]["id"]
        return {
            "job": job, "experiment": experiment, "task": task, "provider": provider,
            "artifact": self._artifact(job), "invitation": invitation, "token": token,
            "member": made, "channel": self.channel(), "service": self.service(),
        }  # fmt: skip

    def channel(self) -> str:
        """The team's; where it leads, nobody may be sent."""
        made, _ = add_channel(
            self.api.lab, self.owner.actor, kind=ChannelKind.SLACK, name="bell", of_team=True,
            address="https://localhost/hook", topics=["job.ended"],
        )  # fmt: skip
        return made

    def service(self) -> str:
        name = self.api.lab.ids.new("bot")
        return make_service_account(self.api.lab, self.owner.actor, name=name, role=Role.VIEWER)

    def _artifact(self, job: str) -> str:
        made = self.api.lab.ids.new("art")
        fact = ArtifactSaved(
            team=self.owner.team, experiment="", job=job, attempt=1, name="m",
            kind=ArtifactKind.MODEL, files=(), originator_id=made, originator_version=1,
            at=self.api.lab.clock.now(), by="system:test",
        )  # fmt: skip
        self.api.lab.append([fact], actor=system("test"))
        return made


@pytest.fixture(scope="module")
def ours(api: Rig) -> Team:
    return Team(api, "ours")


@pytest.fixture(scope="module")
def theirs(api: Rig) -> Team:
    return Team(api, "theirs")


def code(api: Rig, text: str, token: str, *, team: str = "") -> str:
    """The first error's code, or an empty string. ``team``: where somebody of several teams asks."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    headers |= {"x-lab-team": team} if team else {}
    errors = api.post({"query": text}, headers).json().get("errors") or []
    return str(errors[0]["extensions"]["code"]) if errors else ""


def first_word(api: Rig, text: str, token: str) -> str:
    """The code of the first error a subscription is answered with, or an empty string."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    headers["accept"] = "text/event-stream"
    with api.client.stream("POST", "/graphql", json={"query": text}, headers=headers) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: {"):
                errors = json.loads(line.removeprefix("data: ")).get("errors") or []
                return str(errors[0]["extensions"]["code"]) if errors else ""
    return ""


def test_every_field_has_a_rule() -> None:
    assert {name for _, name, _ in fields()} == set(RULES)


@pytest.mark.parametrize(("kind", "name", "field"), ASKED_ONCE)
def test_nobody_may_ask_without_a_credential(
    api: Rig, kind: str, name: str, field: GraphQLField
) -> None:
    said = code(api, operation(kind, name, field, {}), "")
    if RULES[name] == ANYBODY:
        assert said not in DENIED or name == "signIn"
    else:
        assert said == "NOT_AUTHENTICATED"
        assert code(api, operation(kind, name, field, {}), "lab_made-up") == "NOT_AUTHENTICATED"


@pytest.mark.parametrize(("kind", "name", "field"), ASKED_ONCE)
def test_somebody_of_no_team_may_do_nothing_in_one(
    api: Rig, ours: Team, kind: str, name: str, field: GraphQLField
) -> None:
    address = f"{name}@alone.example"
    alone = register_user(api.lab, system("test"), email=address, name="", password=PASSWORD)
    api.settle()
    text = operation(kind, name, field, ours.ids)
    said = code(api, text, open_session(api.lab, alone).secret)
    if isinstance(RULES[name], Action):
        assert said in (*DENIED, "NOT_FOUND"), said
    else:
        assert said != "PERMISSION_DENIED"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("kind", "name", "field"), ASKED_ONCE)
def test_a_role_may_do_what_its_rule_says_and_no_more(
    api: Rig, ours: Team, role: Role, kind: str, name: str, field: GraphQLField
) -> None:
    rule = RULES[name]
    text = operation(kind, name, field, ours.ids)
    if name == "removeMember":  # the owner, whom nobody here may remove
        text = text.replace(ours.ids["member"], ours.users[Role.OWNER])
    if name == "removeChannel":  # the others need it
        text = text.replace(ours.ids["channel"], ours.channel())
    if name == "closeServiceAccount":  # the others need it
        text = text.replace(ours.ids["service"], ours.service())
    if name == "transferTeam":  # to nobody, or the owner would be none any more
        text = text.replace(ours.ids["member"], "user_nobody")
    said = code(api, text, ours.token(role), team=ours.owner.team)  # createTeam made them others
    if isinstance(rule, Action) and rule not in MAY[role]:
        assert said == "PERMISSION_DENIED"
    elif name == "removeMember":
        assert said in ("INVALID_INPUT", "PERMISSION_DENIED")
    else:
        assert said not in DENIED or name == "signIn"


@pytest.mark.parametrize("name", sorted(ID_OF.keys() - SUBSCRIBED))
def test_another_teams_things_are_not_found_by_its_ids(
    api: Rig, ours: Team, theirs: Team, name: str
) -> None:
    kind, _, field = next(found for found in fields() if found[1] == name)
    said = code(api, operation(kind, name, field, theirs.ids), ours.token(Role.OWNER))
    assert said == "NOT_FOUND" or (name == "removeMember" and said == "")
    assert theirs.ids["member"] in {m.user_id for m in api.queries.members(theirs.owner.team)}


@pytest.mark.parametrize(("kind", "name", "field"), ASKED_ONCE)
def test_a_token_that_reads_changes_nothing(
    api: Rig, ours: Team, kind: str, name: str, field: GraphQLField
) -> None:
    _, secret = issue_token(api.lab, ours.owner.actor, name="reader", scopes=["read"])
    rule = RULES[name]
    said = code(api, operation(kind, name, field, ours.ids), secret)
    if isinstance(rule, Action):
        denied = rule not in SCOPES["read"]
        assert (said == "PERMISSION_DENIED") is denied
    elif name == "createTeam":
        assert said == "NOT_AUTHENTICATED"


def test_an_archived_team_can_be_read_and_nothing_else(api: Rig) -> None:
    owner = api.account("closing@example.org", "closing")
    closed = 'mutation{archiveTeam(name:"closing"){position}}'
    assert code(api, closed, owner.token) == ""
    assert code(api, "{jobs{edges{cursor}}}", owner.token) == ""
    for kind, name, field in fields():
        rule = RULES[name]
        if isinstance(rule, Action) and kind == "mutation":
            said = code(api, operation(kind, name, field, {}), owner.token)
            assert said == "PERMISSION_DENIED", name


def test_found_teams_are_apart(api: Rig, ours: Team) -> None:
    second = found_team(api.lab, ours.owner.actor, name="second of ada", owner=ours.owner.user)
    headers = {"authorization": f"Bearer {ours.token(Role.VIEWER)}", "x-lab-team": second}
    body = api.post({"query": "{jobs{edges{cursor}}}"}, headers).json()
    assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("name", sorted(SUBSCRIBED))
def test_a_subscription_is_denied_and_apart_as_everything_else(
    api: Rig, ours: Team, theirs: Team, name: str
) -> None:
    field = next(f for kind, known, f in fields() if (kind, known) == ("subscription", name))
    rule = RULES[name]
    assert isinstance(rule, Action)
    text = operation("subscription", name, field, ours.ids)
    assert first_word(api, text, "") == "NOT_AUTHENTICATED"
    for role in ROLES:
        denied = rule not in MAY[role]
        if denied:
            assert first_word(api, text, ours.token(role)) == "PERMISSION_DENIED", role
    if name in ID_OF:
        foreign = operation("subscription", name, field, theirs.ids)
        assert first_word(api, foreign, ours.token(Role.OWNER)) == "NOT_FOUND"
