"""Signing in elsewhere: what a hostile issuer answers is refused, and an honest one finds the account."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from application.account_ports import Identity
from application.actor import person, system
from application.commands.accounts import SignedIn, register_user
from application.commands.identities import IdentityRefused, link_identity, sign_in_as
from application.commands.invitations import invite
from application.commands.links import confirm_address
from application.lab import Lab
from application.proof import prove_guards
from domain.codec import encode
from domain.errors import InvalidInput, NotFound
from domain.teams import Role
from domain.teams import fold as fold_team
from domain.users import UserIdentityLinked
from server.bootstrap import System
from server.oidc.config import Client, Grant, read_clients
from server.settings import Settings
from tests.accounts.conftest import PASSWORD, Ada
from tests.fakes.composed import composed
from tests.fakes.issuer import CLIENT, SECRET, Claims, Issuer, issuer

pytestmark = pytest.mark.postgres

BACK = "http://lab.example/oidc/idp/callback"
ROLES = {"ml-admins": (Grant(team="lab", role=Role.ADMIN),)}


@pytest.fixture
def idp() -> Iterator[Issuer]:
    with issuer() as running:
        yield running


def client(url: str, name: str = "idp") -> Client:
    return Client(
        name=name, label="The IdP", issuer=url, id=CLIENT, secret=SECRET,
        scopes=("openid", "email"), groups_claim="groups", roles=ROLES,
    )  # fmt: skip


@pytest.fixture
def parts(postgres: str, schema: str, tmp_path: Path, idp: Issuer) -> Iterator[System]:
    settings = Settings(
        home=tmp_path / "home",
        schema=schema,
        oidc_clients=(client(idp.url), client(idp.url, "other")),
    )
    with composed(settings, postgres, connections=8) as built:
        yield built


def identity(lab: Lab, idp: Issuer) -> Identity:
    begun = lab.identities.begin("idp", redirect_uri=BACK, next="/jobs")
    answer = idp.authorize(begun.url)
    return lab.identities.finish("idp", redirect_uri=BACK, answer=answer)[0]


def reason(do: Callable[[], object]) -> str:
    with pytest.raises(IdentityRefused) as refused:
        do()
    return refused.value.reason


def confirmed(ada: Ada) -> Ada:
    confirm_address(ada.lab, system("test"), ada.user)
    return ada


def signed_in(ada: Ada, idp: Issuer) -> SignedIn:
    return sign_in_as(ada.lab, identity(ada.lab, idp))


def test_a_confirmed_address_finds_its_account_and_the_identity_stays_linked(
    ada: Ada, idp: Issuer
) -> None:
    confirmed(ada)
    assert signed_in(ada, idp).user == ada.user
    idp.user = {"email": "moved@example.org", "email_verified": False}
    assert signed_in(ada, idp).user == ada.user
    facts = ada.lab.log.stream(ada.user)
    linked = [fact for fact in facts if isinstance(fact, UserIdentityLinked)]
    assert [fact.issuer for fact in linked] == [idp.url]
    assert b"Ada-1" not in b"".join(encode(fact)[1] for fact in facts)
    assert prove_guards(ada.lab.log) == []


def test_an_address_the_issuer_does_not_vouch_for_finds_nothing(ada: Ada, idp: Issuer) -> None:
    confirmed(ada)
    for verified in (False, None, "true", 1):
        idp.user = {"email_verified": verified}
        assert reason(lambda: signed_in(ada, idp)) == "unverified"


def test_an_account_whose_address_was_never_confirmed_is_linked_by_its_own_person_alone(
    ada: Ada, idp: Issuer
) -> None:
    assert reason(lambda: signed_in(ada, idp)) == "unconfirmed"
    link_identity(ada.lab, ada.actor, identity(ada.lab, idp))
    link_identity(ada.lab, ada.actor, identity(ada.lab, idp))
    assert signed_in(ada, idp).user == ada.user


def test_an_identity_belongs_to_one_account(ada: Ada, idp: Issuer) -> None:
    link_identity(ada.lab, ada.actor, identity(ada.lab, idp))
    eve = register_user(
        ada.lab, system("test"), email="eve@example.org", name="", password=PASSWORD
    )
    assert reason(lambda: link_identity(ada.lab, person(eve), identity(ada.lab, idp))) == "taken"


def test_subjects_that_differ_by_case_are_two_people(ada: Ada, idp: Issuer) -> None:
    link_identity(ada.lab, ada.actor, identity(ada.lab, idp))
    idp.user = {"sub": "ADA-1", "email": "eve@example.org"}
    assert reason(lambda: signed_in(ada, idp)) == "unknown"


def test_nobody_gets_an_account_where_people_are_invited_except_by_an_invitation(
    ada: Ada, idp: Issuer
) -> None:
    idp.user = {"sub": "grace", "email": "grace@example.org"}
    grace = identity(ada.lab, idp)
    assert reason(lambda: sign_in_as(ada.lab, grace)) == "unknown"
    _, other = invite(ada.lab, ada.actor, role=Role.MEMBER, email="hedy@example.org")
    assert reason(lambda: sign_in_as(ada.lab, grace, invitation=other)) == "unknown"
    _, own = invite(ada.lab, ada.actor, role=Role.MEMBER, email="grace@example.org")
    opened = sign_in_as(ada.lab, grace, invitation=own)
    assert not ada.lab.credentials.password_is(opened.user, "")


def test_a_group_gives_its_role_and_takes_none(ada: Ada, idp: Issuer) -> None:
    confirmed(ada)
    idp.user = {"groups": ["ml-admins", "others"]}
    assert fold_team(ada.lab.log.stream(ada.actor.team)).roles[signed_in(ada, idp).user] == "owner"
    _, link = invite(ada.lab, ada.actor, role=Role.VIEWER)
    idp.user |= {"sub": "grace", "email": "grace@example.org"}
    grace = sign_in_as(ada.lab, identity(ada.lab, idp), invitation=link).user
    assert fold_team(ada.lab.log.stream(ada.actor.team)).roles[grace] is Role.ADMIN
    idp.user |= {"groups": []}
    sign_in_as(ada.lab, identity(ada.lab, idp))
    assert fold_team(ada.lab.log.stream(ada.actor.team)).roles[grace] is Role.ADMIN


def changed(**claims: Any) -> Callable[[Claims], Claims]:
    return lambda given: {k: v for k, v in (given | claims).items() if v is not None}


WRONG: dict[str, Callable[[Claims], Claims]] = {
    "another issuer": changed(iss="https://evil.example"),
    "another audience": changed(aud="another-client"),
    "no audience": changed(aud=None),
    "several audiences and no party": changed(aud=[CLIENT, "another"]),
    "another party": changed(aud=[CLIENT, "another"], azp="another"),
    "another party for one audience": changed(azp="another"),
    "another nonce": changed(nonce="made up"),
    "no nonce": changed(nonce=None),
    "expired": changed(exp=int(time.time()) - 3600),
    "no expiry": changed(exp=None),
    "from the future": changed(iat=int(time.time()) + 3600),
    "not yet good": changed(nbf=int(time.time()) + 3600),
    "no subject": changed(sub=None),
    "an empty subject": changed(sub=""),
    "an overlong subject": changed(sub="x" * 256),
}


@pytest.mark.parametrize("lie", WRONG)
def test_a_token_that_says_something_wrong_is_refused(ada: Ada, idp: Issuer, lie: str) -> None:
    confirmed(ada)
    idp.claims = WRONG[lie]
    assert reason(lambda: signed_in(ada, idp)) == "token"
    assert ada.lab.credentials.sessions(ada.user) == []


@pytest.mark.parametrize("way", ["none", "hs256", "stranger", "unknown"])
def test_a_token_that_is_signed_wrongly_is_refused(ada: Ada, idp: Issuer, way: str) -> None:
    confirmed(ada)
    idp.sign = lambda running, claims: str(getattr(running, way)(claims))
    assert reason(lambda: signed_in(ada, idp)) == "token"


def test_a_state_and_a_code_are_good_once_and_for_their_own_flow(ada: Ada, idp: Issuer) -> None:
    identities = ada.lab.identities
    first = identities.begin("idp", redirect_uri=BACK, next="/jobs")
    answer = idp.authorize(first.url)

    def finish(name: str = "idp", **changes: str) -> object:
        return identities.finish(name, redirect_uri=BACK, answer=answer | changes)

    assert reason(lambda: finish(state="labonce_made-up")) == "state"
    finish()
    assert reason(finish) == "state"
    second = identities.begin("idp", redirect_uri=BACK, next="/jobs")
    assert reason(lambda: finish(state=second.state)) == "token"  # the code is spent
    third = identities.begin("idp", redirect_uri=BACK, next="/jobs")
    assert reason(lambda: finish("other", state=third.state)) == "state"


def test_a_code_of_another_flow_is_not_redeemed(ada: Ada, idp: Issuer) -> None:
    mine = ada.lab.identities.begin("idp", redirect_uri=BACK, next="/jobs")
    theirs = idp.authorize(ada.lab.identities.begin("idp", redirect_uri=BACK, next="/").url)
    injected = {"code": theirs["code"], "state": mine.state}
    assert (
        reason(lambda: ada.lab.identities.finish("idp", redirect_uri=BACK, answer=injected))
        == "token"
    )


def test_an_answer_that_names_another_issuer_is_refused(ada: Ada, idp: Issuer) -> None:
    begun = ada.lab.identities.begin("idp", redirect_uri=BACK, next="/jobs")
    answer = {**idp.authorize(begun.url), "iss": "https://evil.example"}
    assert (
        reason(lambda: ada.lab.identities.finish("idp", redirect_uri=BACK, answer=answer))
        == "token"
    )


@pytest.mark.parametrize(
    "document",
    [{"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"},
     {"jwks_uri": 7}],
)  # fmt: skip
def test_an_issuer_that_says_it_is_another_is_not_gone_to(
    ada: Ada, idp: Issuer, document: Claims
) -> None:
    idp.metadata = document
    begin = ada.lab.identities.begin
    assert reason(lambda: begin("idp", redirect_uri=BACK, next="/jobs")) == "away"


def test_a_refusal_there_is_told_as_one(ada: Ada, idp: Issuer) -> None:
    begun = ada.lab.identities.begin("idp", redirect_uri=BACK, next="/jobs")
    answer = {"error": "access_denied", "state": begun.state}
    told = reason(lambda: ada.lab.identities.finish("idp", redirect_uri=BACK, answer=answer))
    assert told == "denied"
    with pytest.raises(NotFound):
        ada.lab.identities.begin("nobody", redirect_uri=BACK, next="/jobs")


ONE = {"name": "idp", "client_id": "x", "issuer": "https://idp.example"}


def test_providers_are_read_from_a_list_or_a_file_and_secrets_by_name(tmp_path: Path) -> None:
    given = {
        **ONE,
        "client_secret_env": "IDP_SECRET",
        "roles": {"g": [{"team": "lab", "role": "admin"}]},
    }
    text = json.dumps([given, {"name": "google", "preset": "google", "client_id": "y"}])
    first, second = read_clients(text, {"IDP_SECRET": "geheim"})
    assert (first.secret, second.issuer) == ("geheim", "https://accounts.google.com")
    assert "geheim" not in repr(first)
    path = tmp_path / "oidc.json"
    path.write_text(text)
    assert read_clients(str(path), {"IDP_SECRET": "geheim"}) == (first, second)
    assert read_clients("", {}) == ()


@pytest.mark.parametrize(
    "wrong",
    [{"issuer": "http://idp.example"}, {"name": "a/b"}, {"unknown": 1}, {"scopes": ["email"]},
     {"client_secret_env": "NOWHERE"}, {"roles": {"g": [{"team": "lab", "role": "owner"}]}}],
)  # fmt: skip
def test_a_provider_that_cannot_be_used_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        read_clients(json.dumps([ONE | wrong]), {})
