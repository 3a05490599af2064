"""Signing in at GitHub: by the account's number, with its verified primary address, and no other way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from application.account_ports import Identity
from application.actor import system
from application.commands.identities import IdentityRefused, sign_in_as
from application.commands.links import confirm_address
from application.lab import Lab
from domain.errors import InvalidInput
from server.bootstrap import System
from server.oidc.config import read_clients
from server.settings import Settings
from tests.accounts.conftest import Ada
from tests.fakes.composed import composed
from tests.fakes.github import GitHubServer, github

pytestmark = pytest.mark.postgres

BACK = "http://lab.example/oidc/github/callback"
ROLES = {"fieldmouse": [{"team": "lab", "role": "member"}]}


@pytest.fixture
def there() -> Iterator[GitHubServer]:
    with github() as running:
        running.person = {"id": 583231, "login": "ada", "name": None}
        running.addresses = [
            {"email": "other@example.org", "primary": False, "verified": True},
            {"email": "ada@example.org", "primary": True, "verified": True},
        ]
        running.organisations = [{"login": "fieldmouse"}]
        yield running


@pytest.fixture
def parts(postgres: str, schema: str, tmp_path: Path, there: GitHubServer) -> Iterator[System]:
    setting = [
        {"name": "github", "preset": "github", "issuer": there.url, "client_id": "lab",
         "client_secret_env": "GITHUB_SECRET", "roles": ROLES},
    ]  # fmt: skip
    clients = read_clients(json.dumps(setting), {"GITHUB_SECRET": "secret"})
    settings = Settings(home=tmp_path / "home", schema=schema, oidc_clients=clients)
    with composed(settings, postgres, connections=8) as built:
        yield built


def identity(lab: Lab, there: GitHubServer, **changed: str) -> Identity:
    begun = lab.identities.begin("github", redirect_uri=BACK, next="/")
    answer = there.authorize(begun.url) | changed
    return lab.identities.finish("github", redirect_uri=BACK, answer=answer)[0]


def test_the_primary_address_finds_the_account_when_it_is_verified(
    ada: Ada, there: GitHubServer
) -> None:
    found = identity(ada.lab, there)
    assert (found.subject, found.issuer, found.name) == ("583231", there.url, "ada")
    assert (found.email, found.email_verified) == ("ada@example.org", True)
    assert [m.team for m in found.memberships] == ["lab"]
    assert there.scopes == ["read:user", "user:email", "read:org"]
    confirm_address(ada.lab, system("test"), ada.user)
    assert sign_in_as(ada.lab, found).user == ada.user
    there.addresses[1]["email"] = "moved@example.org"
    assert sign_in_as(ada.lab, identity(ada.lab, there)).user == ada.user


def test_an_address_github_has_not_verified_finds_nobody(ada: Ada, there: GitHubServer) -> None:
    confirm_address(ada.lab, system("test"), ada.user)
    there.addresses[1]["verified"] = False
    with pytest.raises(IdentityRefused) as refused:
        sign_in_as(ada.lab, identity(ada.lab, there))
    assert refused.value.reason == "unverified"


@pytest.mark.parametrize("changed", [{"code": "made up"}, {"state": "made up"}])
def test_a_made_up_answer_is_refused(
    ada: Ada, there: GitHubServer, changed: dict[str, str]
) -> None:
    with pytest.raises(IdentityRefused):
        identity(ada.lab, there, **changed)


def test_the_preset_needs_no_issuer_and_other_providers_need_openid() -> None:
    (plain,) = read_clients('[{"name": "gh", "preset": "github", "client_id": "x"}]', {})
    assert (plain.issuer, plain.scopes) == ("https://github.com", ("read:user", "user:email"))
    wrong = '[{"name": "g", "preset": "google", "client_id": "x", "scopes": ["email"]}]'
    with pytest.raises(InvalidInput, match="openid"):
        read_clients(wrong, {})
