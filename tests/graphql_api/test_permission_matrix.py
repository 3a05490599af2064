"""Every role × every field of the schema × own team, another team, no team, nobody: denied unless ruled.

A field without a rule fails. What is asked is the smallest operation that the schema allows, each in
one request but queries, which come ten at a time. A failure shows every field that was wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any  # parsed JSON answers

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
from graphql_api.limits import MAX_BATCH
from tests.graphql_api.operations import SDL
from tests.graphql_api.rig import TASK, Account, Rig

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
    **dict.fromkeys(("events", "eventsBack", "eventHistogram", "auditHeads"), Action.READ_LOG),
    **dict.fromkeys(("auditVerify", "auditReplay"), Action.PROVE),
    **dict.fromkeys(("timeline", "jobTimeline", "revertPreview", "whatIf"), Action.READ_LOG),
    **dict.fromkeys(("jobDiff", "jobPins"), Action.READ),
    **dict.fromkeys(("jobsChanged", "jobLog", "jobMetrics"), Action.READ),
    **dict.fromkeys(("queueJob", "queueJobs", "rerunJob", "resumeJob"), Action.LAUNCH),
    **dict.fromkeys(("moveJob", "moveCost"), Action.LAUNCH),
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
    **dict.fromkeys(("artifactVersions", "artifactLineage"), Action.READ),
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
    **dict.fromkeys(("job", "stopJob", "moveJob", "moveCost", "rerunJob", "resumeJob"), "job"),
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
    **dict.fromkeys(("artifact", "artifactLineage"), "artifact"),
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


SUBSCRIBED = {name for kind, name, _ in fields() if kind == "subscription"}
ONCE = {name: (kind, field) for kind, name, field in fields() if kind != "subscription"}
"""Every query and mutation; the queries first."""
Said = dict[str, str]
"""The code of the first error by field, empty when there was none: what a failure shows."""


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


def register(api: Rig, address: str) -> str:
    """Somebody without a password, whose hash would cost more than all that is asked of them."""
    return register_user(api.lab, system("test"), email=address, name="", password=None)


class Team:
    """A team with one member of each role and one of each thing."""

    def __init__(self, api: Rig, name: str) -> None:
        self.api = api
        self.owner: Account = api.account(f"{name}@example.org", name)
        self.users = {Role.OWNER: self.owner.user}
        for role in ROLES[1:]:
            address = f"{name}-{role}@example.org"
            self.users[role] = register(api, address)
            add_member(api.lab, self.owner.actor, email=address, role=role)
        self.ids = self._things()
        api.settle()

    def token(self, role: Role) -> str:
        """A fresh session."""
        return open_session(self.api.lab, self.users[role]).secret

    def _things(self) -> dict[str, str]:
        api, owner = self.api, self.owner
        made = register(api, f"{owner.team}@x.org")
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


class Asker:
    """One who asks everything. ``renew`` makes their credential, and the next when an operation ended it.

    ``team``: where somebody of several teams asks.
    """

    def __init__(self, api: Rig, renew: Callable[[], str], *, team: str = "") -> None:
        self._api, self._renew, self._team = api, renew, team
        self._secret = renew()

    def ask(self, texts: Mapping[str, str]) -> Said:
        """Each operation by its field: queries in batches, mutations one by one, in that order."""
        queries = [name for name in texts if ONCE[name][0] == "query"]
        said: Said = {}
        for start in range(0, len(queries), MAX_BATCH):
            batch = queries[start : start + MAX_BATCH]
            bodies = self._post([{"query": texts[name]} for name in batch])
            said |= {name: _code(body) for name, body in zip(batch, bodies, strict=True)}
        for name in [name for name in texts if ONCE[name][0] == "mutation"]:
            said[name] = _code(self._post({"query": texts[name]}))
        return said

    def _post(self, body: object) -> Any:
        if self._secret and self._api.lab.credentials.find(self._secret) is None:
            self._secret = self._renew()
        headers = {"authorization": f"Bearer {self._secret}"} if self._secret else {}
        headers |= {"x-lab-team": self._team} if self._team else {}
        return self._api.post(body, headers).json()


def _code(body: dict[str, Any]) -> str:
    errors = body.get("errors") or []
    return str(errors[0]["extensions"]["code"]) if errors else ""


def code(api: Rig, text: str, token: str) -> str:
    """The first error's code, or an empty string."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return _code(api.post({"query": text}, headers).json())


def operations(ids: dict[str, str], *but: str) -> dict[str, str]:
    """The operation of every query and mutation ``but`` those."""
    return {n: operation(k, n, field, ids) for n, (k, field) in ONCE.items() if n not in but}


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


@pytest.mark.parametrize("credential", ["", "lab_made-up"], ids=["none", "made up"])
def test_nobody_may_ask_without_a_credential(api: Rig, credential: str) -> None:
    nobody = Asker(api, lambda: credential)
    said = nobody.ask(operations({}))
    assert said.keys() == ONCE.keys()
    open_ = {name for name in said if RULES[name] == ANYBODY}
    assert {n: c for n, c in said.items() if n not in open_ and c != "NOT_AUTHENTICATED"} == {}
    if not credential:
        assert {n: said[n] for n in open_ - {"signIn"} if said[n] in DENIED} == {}


def test_somebody_of_no_team_may_do_nothing_in_one(api: Rig, ours: Team) -> None:
    user = register(api, "alone@alone.example")
    api.settle()
    alone = Asker(api, lambda: open_session(api.lab, user).secret)
    said = alone.ask(operations(ours.ids, "createTeam"))  # with which they would be of one
    said |= alone.ask({"createTeam": operations({})["createTeam"]})
    assert said.keys() == ONCE.keys()
    wrong = {
        name: told
        for name, told in said.items()
        if (told not in (*DENIED, "NOT_FOUND"))
        if isinstance(RULES[name], Action)
    }
    assert wrong == {}
    others = {n: told for n, told in said.items() if not isinstance(RULES[n], Action)}
    assert {n: told for n, told in others.items() if told == "PERMISSION_DENIED"} == {}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_its_rule_says_and_no_more(api: Rig, ours: Team, role: Role) -> None:
    asker = Asker(api, lambda: ours.token(role), team=ours.owner.team)  # createTeam makes more
    said = asker.ask(_sparing(ours))
    assert said.keys() == ONCE.keys()
    wrong = {name: told for name, told in said.items() if not _right(name, role, told)}
    assert wrong == {}


def _sparing(ours: Team) -> dict[str, str]:
    """Every operation on the team's own things, without the loss of one that others need."""
    texts = operations(ours.ids)
    instead = {
        "removeMember": ("member", ours.users[Role.OWNER]),  # whom nobody here may remove
        "removeChannel": ("channel", ours.channel()),
        "closeServiceAccount": ("service", ours.service()),
        "transferTeam": ("member", "user_nobody"),  # or the owner would be none any more
    }
    spared = {n: texts[n].replace(ours.ids[kind], id) for n, (kind, id) in instead.items()}
    return texts | spared


def _right(name: str, role: Role, told: str) -> bool:
    rule = RULES[name]
    if isinstance(rule, Action) and rule not in MAY[role]:
        return told == "PERMISSION_DENIED"
    if name == "removeMember":
        return told in ("INVALID_INPUT", "PERMISSION_DENIED")
    return told not in DENIED or name == "signIn"


def test_another_teams_things_are_not_found_by_its_ids(api: Rig, ours: Team, theirs: Team) -> None:
    named = ID_OF.keys() - SUBSCRIBED
    texts = {n: text for n, text in operations(theirs.ids).items() if n in named}
    said = Asker(api, lambda: ours.token(Role.OWNER)).ask(texts)
    assert said.keys() == named
    assert said.pop("removeMember") in ("", "NOT_FOUND")
    assert {n: told for n, told in said.items() if told != "NOT_FOUND"} == {}
    assert theirs.ids["member"] in {m.user_id for m in api.queries.members(theirs.owner.team)}


def test_a_token_that_reads_changes_nothing(api: Rig, ours: Team) -> None:
    reader = Asker(
        api, lambda: issue_token(api.lab, ours.owner.actor, name="reader", scopes=["read"])[1]
    )
    said = reader.ask(operations(ours.ids))
    assert said.keys() == ONCE.keys()
    assert said["createTeam"] == "NOT_AUTHENTICATED"
    ruled = {name: rule for name, rule in RULES.items() if isinstance(rule, Action)}
    denied = {n for n in said if n in ruled and ruled[n] not in SCOPES["read"]}
    assert {n: said[n] for n in denied if said[n] != "PERMISSION_DENIED"} == {}
    free = {n for n in said if n in ruled} - denied
    assert {n: said[n] for n in free if said[n] == "PERMISSION_DENIED"} == {}


def test_an_archived_team_can_be_read_and_nothing_else(api: Rig) -> None:
    owner = api.account("closing@example.org", "closing")
    closed = 'mutation{archiveTeam(name:"closing"){position}}'
    assert code(api, closed, owner.token) == ""
    assert code(api, "{jobs{edges{cursor}}}", owner.token) == ""
    ruled = {n for n, (kind, _) in ONCE.items() if kind == "mutation"}
    ruled = {name for name in ruled if isinstance(RULES[name], Action)}
    texts = {name: text for name, text in operations({}).items() if name in ruled}
    said = Asker(api, lambda: owner.token).ask(texts)
    assert len(said) == len(ruled) > 50
    assert {name: told for name, told in said.items() if told != "PERMISSION_DENIED"} == {}


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
        if rule not in MAY[role]:
            assert first_word(api, text, ours.token(role)) == "PERMISSION_DENIED", role
    if name in ID_OF:
        foreign = operation("subscription", name, field, theirs.ids)
        assert first_word(api, foreign, ours.token(Role.OWNER)) == "NOT_FOUND"
