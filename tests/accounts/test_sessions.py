"""Sessions, passwords and what guessing costs, over a real database."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace

from application.account_ports import Caller
from application.actor import system as system_actor
from application.commands.accounts import SignedIn, open_session, register_user, sign_in
from application.commands.links import (
    LinkSpent,
    Purpose,
    issue_link,
    reset_password,
    sign_in_by_link,
)
from application.commands.sessions import change_password, end_session, end_sessions
from application.lab import Lab
from domain.codec import encode
from domain.errors import (
    InvalidInput,
    LabError,
    NotAuthenticated,
    NotFound,
    RateLimited,
    TokenLimited,
)
from domain.tokens import SessionRefused
from domain.users import UserLinkIssued
from server import __main__ as program
from server.authentication import actor_of
from server.bootstrap import System
from server.settings import Settings
from tests.accounts.conftest import EMAIL, PASSWORD, Ada
from tests.fakes.composed import composed

pytestmark = pytest.mark.postgres

HOME = Caller(agent="Mozilla/5.0 Firefox/140.0", address="192.0.2.7")
NEW = "another horse battery"


def signed_in(lab: Lab, password: str = PASSWORD) -> SignedIn:
    return sign_in(lab, email=EMAIL, password=password, caller=HOME)


def good(lab: Lab, session: SignedIn) -> bool:
    return lab.credentials.find(session.secret) is not None


def test_a_person_sees_where_their_sessions_came_from_and_the_log_does_not(ada: Ada) -> None:
    signed_in(ada.lab)
    (seen,) = ada.lab.credentials.sessions(ada.user)
    assert (seen.agent, seen.address) == (HOME.agent, HOME.address)
    written = b"".join(encode(fact.event)[1] for fact in ada.lab.log.read(0, 1000))
    for told in (HOME.agent, HOME.address, EMAIL, PASSWORD):
        assert told.encode() not in written


def test_one_session_is_ended_and_the_others_stay(ada: Ada) -> None:
    first, second = signed_in(ada.lab), signed_in(ada.lab)
    end_session(ada.lab, ada.actor, first.id)
    end_session(ada.lab, ada.actor, first.id)
    assert (good(ada.lab, first), good(ada.lab, second)) == (False, True)
    names = [type(event).__name__ for event in ada.lab.log.stream(first.id)]
    assert names == ["SessionOpened", "SessionClosed"]


def test_all_other_sessions_are_ended_at_once(ada: Ada) -> None:
    kept, *others = (signed_in(ada.lab) for _ in range(3))
    assert end_sessions(ada.lab, ada.actor, keep=kept.id) == 2
    assert [good(ada.lab, session) for session in (kept, *others)] == [True, False, False]


def test_anothers_session_is_not_found(ada: Ada) -> None:
    by = system_actor("test")
    eve = register_user(ada.lab, by, email="eve@example.org", name="", password=PASSWORD)
    session = open_session(ada.lab, eve)
    with pytest.raises(NotFound):
        end_session(ada.lab, ada.actor, session.id)
    assert good(ada.lab, session)


def test_a_limited_token_ends_no_session_and_changes_no_password(ada: Ada) -> None:
    limited = replace(ada.actor, scopes=("read",))
    with pytest.raises(TokenLimited):
        end_sessions(ada.lab, limited)
    with pytest.raises(TokenLimited):
        change_password(ada.lab, limited, old=PASSWORD, new=NEW)


def test_a_changed_password_ends_every_session_and_opens_a_new_one(ada: Ada) -> None:
    before = [signed_in(ada.lab), signed_in(ada.lab)]
    after = change_password(ada.lab, ada.actor, old=PASSWORD, new=NEW)
    assert [good(ada.lab, s) for s in (*before, after)] == [False, False, True]
    with pytest.raises(NotAuthenticated):
        signed_in(ada.lab)
    assert good(ada.lab, signed_in(ada.lab, NEW))


def test_a_wrong_old_password_changes_nothing_and_is_not_told_back(ada: Ada) -> None:
    session = signed_in(ada.lab)
    with pytest.raises(InvalidInput) as refused:
        change_password(ada.lab, ada.actor, old="a guess of mine", new=NEW)
    assert "a guess" not in str(refused.value)
    with pytest.raises(InvalidInput):
        change_password(ada.lab, ada.actor, old=PASSWORD, new="short")
    assert good(ada.lab, session)


def outcome(lab: Lab, email: str, password: str = "") -> str:
    try:
        sign_in(lab, email=email, password=password)
    except LabError as error:
        return error.code
    return "SIGNED_IN"


def test_a_guesser_is_slowed_down_whether_or_not_the_address_has_an_account(ada: Ada) -> None:
    known = [outcome(ada.lab, EMAIL) for _ in range(11)]
    assert outcome(ada.lab, EMAIL, PASSWORD) == "RATE_LIMITED"
    unknown = [outcome(ada.lab, "nobody@example.org") for _ in range(11)]
    assert known == unknown == ["NOT_AUTHENTICATED"] * 10 + ["RATE_LIMITED"]
    refusals = [f.event for f in ada.lab.log.read(0, 1000) if isinstance(f.event, SessionRefused)]
    assert [r.failures for r in refusals] == [10, 10]
    assert refusals[0].email_digest == ada.lab.vault.digest(EMAIL)


def test_several_web_processes_count_together_even_for_tries_sent_at_once(
    ada: Ada, parts: System, postgres: str, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path / "home", schema=parts.settings.schema)
    with composed(settings, postgres, connections=4) as other:
        labs = [parts.lab, other.lab] * 10
        with ThreadPoolExecutor(8) as pool:
            told = list(pool.map(lambda lab: outcome(lab, EMAIL), labs))
    assert told.count("NOT_AUTHENTICATED") == 10
    assert told.count("RATE_LIMITED") == 10


def test_signing_in_forgets_earlier_failures(ada: Ada) -> None:
    for _ in range(9):
        outcome(ada.lab, EMAIL)
    assert outcome(ada.lab, EMAIL, PASSWORD) == "SIGNED_IN"
    assert [outcome(ada.lab, EMAIL) for _ in range(10)] == ["NOT_AUTHENTICATED"] * 10


def test_one_network_address_is_slowed_down_over_many_accounts(ada: Ada) -> None:
    with pytest.raises(RateLimited):
        for number in range(61):
            try:
                sign_in(ada.lab, email=f"{number}@example.org", password="x", caller=HOME)
            except NotAuthenticated:
                continue
    assert outcome(ada.lab, EMAIL, PASSWORD) == "SIGNED_IN"


def test_a_link_resets_the_password_once_and_ends_what_was_open(ada: Ada) -> None:
    session = signed_in(ada.lab)
    earlier = issue_link(ada.lab, system_actor("console"), ada.user, Purpose.RESET)
    secret = issue_link(ada.lab, system_actor("console"), ada.user, Purpose.RESET)
    with pytest.raises(LinkSpent):
        reset_password(ada.lab, earlier, password=NEW)
    with pytest.raises(InvalidInput):
        reset_password(ada.lab, secret, password="weak")
    opened = reset_password(ada.lab, secret, password=NEW)
    assert [good(ada.lab, s) for s in (session, opened)] == [False, True]
    with pytest.raises(LinkSpent):
        reset_password(ada.lab, secret, password=PASSWORD)
    assert good(ada.lab, signed_in(ada.lab, NEW))


def test_of_two_who_hold_a_sign_in_link_one_gets_in(ada: Ada) -> None:
    secret = issue_link(ada.lab, system_actor("console"), ada.user, Purpose.SIGN_IN)

    def attempt(_: int) -> bool:
        try:
            sign_in_by_link(ada.lab, secret)
        except LinkSpent:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


def test_a_link_is_good_for_its_purpose_alone(ada: Ada) -> None:
    secret = issue_link(ada.lab, system_actor("console"), ada.user, Purpose.VERIFY)
    with pytest.raises(LinkSpent):
        sign_in_by_link(ada.lab, secret)
    assert ada.lab.credentials.find(secret) is not None


@pytest.fixture
def console(parts: System, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the server's own program reads."""
    for name, value in {
        "LAB_DATABASE_URL": postgres,
        "LAB_DATABASE_SCHEMA": parts.settings.schema,
        "LAB_HOME": str(parts.settings.home),
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("action", ["reset-password", "sign-in-link"])
def test_the_console_prints_a_link_that_works_and_is_recorded_as_made_there(
    ada: Ada,
    parts: System,
    action: str,
    capsys: pytest.CaptureFixture[str],
    console: None,
) -> None:
    assert program.main(["admin", action, EMAIL.upper()]) == 0
    secret = capsys.readouterr().out.splitlines()[0].rpartition("/")[2]
    fact = ada.lab.log.stream(ada.user)[-1]
    assert isinstance(fact, UserLinkIssued)
    assert fact.by == "system:console"
    if action == "sign-in-link":
        assert good(ada.lab, sign_in_by_link(ada.lab, secret))
    else:
        assert good(ada.lab, reset_password(ada.lab, secret, password=NEW))
    assert program.main(["admin", action, "nobody@example.org"]) == 2


def test_the_console_lists_disables_and_enables_accounts(
    ada: Ada,
    parts: System,
    capsys: pytest.CaptureFixture[str],
    console: None,
) -> None:
    assert program.main(["admin", "users", "--json"]) == 0
    (account,) = json.loads(capsys.readouterr().out)
    assert (account["email"], account["name"], account["teams"]) == (EMAIL, "Ada", ["lab: owner"])
    session = open_session(ada.lab, ada.user).secret
    assert program.main(["admin", "disable-user", EMAIL, "--reason", "left"]) == 0
    with pytest.raises(NotAuthenticated, match="disabled"):
        actor_of(parts.lab, parts.queries, bearer=session)
    assert program.main(["admin", "users"]) == 0
    assert "(disabled)" in capsys.readouterr().out
    assert program.main(["admin", "enable-user", ada.user]) == 0
    assert actor_of(parts.lab, parts.queries, bearer=session).user == ada.user
    assert program.main(["admin", "disable-user", "nobody@example.org"]) == 2
    assert "no account" in capsys.readouterr().err
