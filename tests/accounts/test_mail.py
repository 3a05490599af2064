"""Links by mail through a real SMTP server: passwords, addresses, accounts, invitations."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from application.account_ports import Caller, Mail
from application.actor import person, system
from application.commands.accounts import found_team, register_user, sign_in
from application.commands.invitations import invite
from application.commands.links import (
    LinkSpent,
    register_by_link,
    reset_password,
    verify_email,
)
from application.commands.mails import ask_account, ask_reset, ask_verification, mail_invitation
from application.registration import RegistrationClosed, parse_registration
from domain.errors import AlreadyExists, InvalidInput, RateLimited
from domain.teams import Role
from domain.users import fold as fold_user
from server.bootstrap import System
from server.mail import BackgroundMailer, MailNotSent, MailNow, smtp_from
from server.settings import Settings
from tests.accounts.conftest import EMAIL, PASSWORD, Ada
from tests.fakes.composed import composed
from tests.fakes.mail_server import Mailbox, mail_server, only
from tests.lab.running import until

pytestmark = pytest.mark.postgres

HOME = Caller(agent="a browser", address="192.0.2.7")
NEW = "another horse battery"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server(free_port()) as running:
        yield running


@pytest.fixture
def parts(postgres: str, schema: str, tmp_path: Path, box: Mailbox) -> Iterator[System]:
    settings = Settings(
        home=tmp_path / "home", schema=schema, smtp_url=box.url,
        mail_from="Labledger <lab@example.org>", registration="domain:example.org",
    )  # fmt: skip
    with composed(settings, postgres, connections=8) as built:
        yield built


def arrived(box: Mailbox, address: str, count: int = 1) -> None:
    until(lambda: len(box.to(address)) >= count)


def test_a_forgotten_password_is_replaced_by_a_mailed_link(ada: Ada, box: Mailbox) -> None:
    ask_reset(ada.lab, email=f" {EMAIL} ", caller=HOME)
    arrived(box, EMAIL)
    reset_password(ada.lab, box.secret(EMAIL), password=NEW)
    assert sign_in(ada.lab, email=EMAIL, password=NEW).user == ada.user
    assert fold_user(ada.lab.log.stream(ada.user)).verified
    assert box.mails[0]["Auto-Submitted"] == "auto-generated"


def test_an_unknown_address_is_answered_the_same_and_gets_no_mail(ada: Ada, box: Mailbox) -> None:
    assert ask_reset(ada.lab, email="nobody@example.org", caller=HOME) is None
    assert ask_reset(ada.lab, email=EMAIL, caller=HOME) is None
    arrived(box, EMAIL)
    assert box.to("nobody@example.org") == []


def test_a_mailbox_is_not_filled_by_a_stranger(ada: Ada, box: Mailbox) -> None:
    for number in range(8):
        ask_reset(ada.lab, email=EMAIL, caller=Caller(address=f"192.0.2.{number}"))
    ask_account(ada.lab, email="new@example.org", caller=HOME)
    arrived(box, "new@example.org")
    assert len(box.to(EMAIL)) <= 5
    with pytest.raises(RateLimited):
        for _ in range(21):
            ask_reset(ada.lab, email="nobody@example.org", caller=HOME)


def test_an_address_is_confirmed_once(ada: Ada, box: Mailbox) -> None:
    ask_verification(ada.lab, ada.actor, caller=HOME)
    arrived(box, EMAIL)
    secret = box.secret(EMAIL)
    verify_email(ada.lab, secret)
    assert fold_user(ada.lab.log.stream(ada.user)).verified
    with pytest.raises(LinkSpent):
        verify_email(ada.lab, secret)


def test_an_account_is_only_made_once_its_address_is_confirmed(ada: Ada, box: Mailbox) -> None:
    ask_account(ada.lab, email="new@example.org", caller=HOME)
    arrived(box, "new@example.org")
    secret = box.secret("new@example.org")
    with pytest.raises(InvalidInput):
        register_by_link(ada.lab, secret, name="New", password="short")
    opened = register_by_link(ada.lab, secret, name="New", password=NEW)
    assert fold_user(ada.lab.log.stream(opened.user)).verified
    with pytest.raises(LinkSpent):
        register_by_link(ada.lab, secret, name="New", password=NEW)


def test_who_has_an_account_is_reminded_of_it_and_the_answer_is_the_same(
    ada: Ada, box: Mailbox
) -> None:
    ask_account(ada.lab, email=EMAIL, caller=HOME)
    arrived(box, EMAIL)
    assert "already" in box.to(EMAIL)[0].get_content()


def test_a_link_does_not_outlive_the_account_that_was_made_meanwhile(
    ada: Ada, box: Mailbox
) -> None:
    ask_account(ada.lab, email="new@example.org", caller=HOME)
    arrived(box, "new@example.org")
    by = system("test")
    register_user(ada.lab, by, email="new@example.org", name="", password=PASSWORD)
    with pytest.raises(LinkSpent):
        register_by_link(ada.lab, box.secret("new@example.org"), name="N", password=NEW)
    with pytest.raises(AlreadyExists):
        register_user(ada.lab, by, email="new@example.org", name="", password=PASSWORD)


@pytest.mark.parametrize(
    ("setting", "admitted", "refused"),
    [
        ("invitation", [], ["a@example.org"]),
        ("", [], ["a@example.org"]),
        ("open", ["a@example.org", "b@anywhere.net"], []),
        ("domain:example.org", ["a@EXAMPLE.org"], ["a@sub.example.org", "a@notexample.org"]),
        ("domain:a.org, b.org", ["x@a.org", "x@b.org"], ["a.org@c.org", "x@a.org@c.org"]),
    ],
)
def test_the_policy_says_who_may_make_an_account(
    setting: str, admitted: list[str], refused: list[str]
) -> None:
    policy = parse_registration(setting)
    for email in admitted:
        policy.require(email)
    for email in refused:
        with pytest.raises(RegistrationClosed):
            policy.require(email)


@pytest.mark.parametrize("wrong", ["closed", "open:x", "domain:", "domain:a b", "invitation:x"])
def test_a_policy_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidInput):
        parse_registration(wrong)


def test_an_invitation_for_an_address_is_mailed_and_one_without_is_not(
    ada: Ada, box: Mailbox
) -> None:
    _, secret = invite(ada.lab, ada.actor, role=Role.MEMBER, email="grace@example.org")
    mail_invitation(ada.lab, secret)
    arrived(box, "grace@example.org")
    assert box.secret("grace@example.org") == secret
    assert box.mails[0]["Subject"] == "Join lab"
    _, anybody = invite(ada.lab, ada.actor, role=Role.MEMBER)
    mail_invitation(ada.lab, anybody)
    mail_invitation(ada.lab, "")


def test_somebody_registered_may_found_a_team(ada: Ada, box: Mailbox) -> None:
    ask_account(ada.lab, email="new@example.org", caller=HOME)
    arrived(box, "new@example.org")
    opened = register_by_link(ada.lab, box.secret("new@example.org"), name="N", password=NEW)
    assert found_team(ada.lab, person(opened.user), name="mine", owner=opened.user)


def test_a_server_that_is_busy_gets_the_mail_a_little_later(box: Mailbox) -> None:
    box.refusing = 1
    mailer = BackgroundMailer(smtp_from(box.url, "lab@example.org").deliver, configured=True)
    mailer.post(lambda: Mail(to="a@example.org", subject="s", text="t"))
    arrived(box, "a@example.org")
    mailer.close()


def test_a_notification_is_mailed_now_or_is_told_not_to_be(box: Mailbox) -> None:
    now = MailNow(smtp_from(box.url, "lab@example.org").deliver)
    box.refusing = 1
    with pytest.raises(MailNotSent):
        now.send("b@example.org", "a job ended", "it did")
    now.send("b@example.org", "a job ended", "it did")
    arrived(box, "b@example.org")


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # this machine is what is meant
def test_a_mail_server_that_asks_for_a_password_gets_it() -> None:
    port = free_port()
    with mail_server(port, authenticator=only("lab", "p@ss:word")) as box:
        url = f"smtp://lab:p%40ss%3Aword@127.0.0.1:{port}"
        smtp_from(url, "lab@example.org").deliver(Mail(to="a@example.org", subject="s", text="t"))
        arrived(box, "a@example.org")


@pytest.mark.parametrize(
    ("url", "sender"),
    [("http://x", "a@b.c"), ("smtp://", "a@b.c"), ("smtp://h:x", "a@b.c"), ("smtp://h", "")],
)
def test_settings_that_cannot_work_are_refused_without_the_password(url: str, sender: str) -> None:
    with pytest.raises(InvalidInput):
        smtp_from(url, sender)
    with pytest.raises(InvalidInput) as told:
        smtp_from("gopher://me:geheim@host", "a@b.c")
    assert "geheim" not in str(told.value)
    assert "geheim" not in repr(Settings(home=Path(), smtp_url="smtp://me:geheim@host"))
