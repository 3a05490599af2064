"""A real SMTP server on a port of its own that keeps what it is handed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

LINK = re.compile(r"https?://\S+")


class Mailbox:
    """Everything that arrived. ``refusing`` answers so many messages with *try again later*."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refusing = 0
        self.url = ""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refusing:
            self.refusing -= 1
            return "451 try again later"
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in list(self.mails) if mail["To"] == address]

    def secret(self, address: str) -> str:
        """The end of the link in the latest mail to ``address``."""
        text = self.to(address)[-1].get_content()
        return LINK.findall(text)[0].rpartition("/")[2]


@contextmanager
def mail_server(
    port: int, *, authenticator: Callable[..., AuthResult] | None = None
) -> Iterator[Mailbox]:
    """With ``authenticator`` it takes mail only after a login."""
    box = Mailbox()
    options = {"auth_require_tls": False, "auth_required": True} if authenticator else {}
    running = Controller(
        box, hostname="127.0.0.1", port=port, authenticator=authenticator, **options
    )
    running.start()
    box.url = f"smtp://127.0.0.1:{port}"
    try:
        yield box
    finally:
        running.stop()


def only(user: str, password: str) -> Callable[..., AuthResult]:
    """An authenticator for one account."""

    def check(_: SMTP, __: Session, ___: Envelope, ____: str, given: object) -> AuthResult:
        assert isinstance(given, LoginPassword)
        good = (given.login, given.password) == (user.encode(), password.encode())
        return AuthResult(success=good)

    return check
