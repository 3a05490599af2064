"""Whose accounts a provider has, what its cluster does, and when a job would start, over the API."""

from __future__ import annotations

import pytest

from application.actor import system
from application.commands.accounts import open_session, register_user
from application.commands.members import add_member
from domain.teams import Role
from tests.graphql_api.rig import PASSWORD, TASK, Account, Rig

pytestmark = pytest.mark.postgres
MAP = """mutation($id:ID!,$person:String!,$account:String!,$key:String!) {
  mapPerson(id:$id, person:$person, account:$account, key:$key) {
    position provider { accounts { userId name key user { email } } } } }"""
UNMAP = "mutation($id:ID!,$person:String!){unmapPerson(id:$id,person:$person){position}}"
SHOWN = "query($id:ID!){provider(id:$id){accounts{userId name key}}}"


@pytest.fixture(scope="module")
def member(api: Rig) -> Account:
    """Somebody in the owner's team who manages nothing."""
    email = "mia@example.org"
    user = register_user(api.lab, system("test"), email=email, name="", password=PASSWORD)
    add_member(api.lab, api.owner.actor, email=email, role=Role.MEMBER)
    api.settle()
    token = open_session(api.lab, user).secret
    return Account(user=user, team=api.owner.team, token=token, email=email, actor=api.owner.actor)


@pytest.fixture(scope="module")
def provider(api: Rig) -> str:
    (row,) = api.data("{ providers { id } }")["providers"]
    return str(row["id"])


def test_an_admin_maps_a_person_by_address_once_and_unmaps_them(
    api: Rig, provider: str, member: Account
) -> None:
    wish = {"id": provider, "person": member.email, "account": "mia7", "key": "HPC"}
    first = api.data(MAP, **wish)["mapPerson"]
    assert first["provider"]["accounts"] == [
        {"userId": member.user, "name": "mia7", "key": "HPC", "user": {"email": member.email}}
    ]
    again = api.data(MAP, **wish | {"person": member.user})["mapPerson"]
    head = api.lab.log.head()
    assert again["provider"] == first["provider"]
    api.data(UNMAP, id=provider, person=member.email)
    assert api.lab.log.head() == head + 1
    api.data(UNMAP, id=provider, person=member.email)
    assert api.lab.log.head() == head + 1
    assert api.data(SHOWN, id=provider)["provider"]["accounts"] == []


def test_people_see_their_own_account_and_map_nobody(
    api: Rig, provider: str, member: Account
) -> None:
    for person, account in ((api.owner.email, "ada1"), (member.email, "mia7")):
        api.data(MAP, id=provider, person=person, account=account, key="HPC")
    mine = {"id": provider, "person": member.email, "account": "ada2", "key": "HPC"}
    assert api.code(MAP, token=member.token, **mine) == "PERMISSION_DENIED"
    assert api.code(UNMAP, token=member.token, id=provider, person="x") == "PERMISSION_DENIED"
    shown = api.data(SHOWN, token=member.token, id=provider)["provider"]["accounts"]
    assert [row["name"] for row in shown] == ["mia7"]
    assert len(api.data(SHOWN, id=provider)["provider"]["accounts"]) == 2


def test_what_cannot_be_mapped_is_refused_by_name(api: Rig, provider: str, member: Account) -> None:
    good = {"id": provider, "person": member.email, "account": "mia7", "key": "HPC"}
    stranger = api.account("zoe@example.org", "zoe")
    for changes, code in (
        ({"person": stranger.email}, "NOT_FOUND"),
        ({"account": "../etc"}, "INVALID_INPUT"),
        ({"key": "-----BEGIN KEY-----"}, "INVALID_INPUT"),
        ({"id": "prov_none"}, "NOT_FOUND"),
    ):
        assert api.code(MAP, **good | changes) == code
    assert api.code(MAP, token=stranger.token, **good) == "NOT_FOUND"


def test_a_cluster_is_shown_with_its_nodes_and_without_the_jobs_of_others(
    api: Rig, provider: str
) -> None:
    text = """query($id:ID!){provider(id:$id){cluster{partitions{name pending}
      nodes{name state reason cpus cpusUsed memoryUsedGib countables{name free} jobs}}}}"""
    found = api.data(text, id=provider)["provider"]["cluster"]
    assert found["partitions"] == [{"name": "batch", "pending": 2}]
    assert found["nodes"] == [
        {
            "name": "n1", "state": "drained", "reason": "a new fan", "cpus": 8, "cpusUsed": 3,
            "memoryUsedGib": 0.5, "countables": [{"name": "gpu:A100", "free": 1}], "jobs": [],
        }
    ]  # fmt: skip


def test_a_start_is_estimated_and_a_refusal_told_in_the_clusters_words(api: Rig) -> None:
    text = "query($launch:Launch!){startEstimate(launch:$launch){startAt words}}"
    head = api.lab.log.head()
    found = api.data(text, launch={"yaml": TASK})["startEstimate"]
    assert (found["startAt"][:10], found["words"]) == ("2030-12-31", "at the end")
    wish = {"yaml": TASK, "resources": {"num_nodes": 40}}
    (error,) = api.ask(text, launch=wish)["errors"]
    assert error["extensions"]["code"] == "PROVIDER_REFUSED"
    assert "idle: error: too many nodes" in error["message"]
    assert api.lab.log.head() == head
