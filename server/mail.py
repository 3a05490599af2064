"""Sends mail by SMTP in the background, or to the server's log where none is set up.

A mail that cannot be sent is tried again twice and then logged, never with its text or address:
whoever waits for one asks again. Not here: what is written (``application/commands/mails.py``).
"""

from __future__ import annotations

import ipaddress
import logging
import smtplib
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from application.account_ports import Mail
from domain.errors import InvalidInput, LabError

TIMEOUT_S = 20.0
AGAIN_AFTER_S = (1.0, 10.0)
WAITING_AT_MOST = 1_000
_log = logging.getLogger(__name__)
_WAYS = "Give smtp://user:password@host:587 (STARTTLS when offered) or smtps://…:465."

Deliver = Callable[[Mail], None]


@dataclass(frozen=True, kw_only=True)
class Smtp:
    """One SMTP server. A password is only sent over TLS, or to this machine."""

    host: str
    port: int
    user: str
    password: str
    tls: bool
    sender: str

    def __repr__(self) -> str:
        return f"Smtp({self.host!r}, {self.port})"

    def deliver(self, mail: Mail) -> None:
        """Hand ``mail`` over. ``smtplib.SMTPException`` or ``OSError``."""
        context = ssl.create_default_context()
        if self.tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=TIMEOUT_S, context=context
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)
        with server:
            server.ehlo()
            safe = self.tls or _loopback(self.host)
            if not self.tls and server.has_extn("starttls"):
                server.starttls(context=context)
                safe = True
            if self.user:
                if not safe:
                    raise smtplib.SMTPNotSupportedError("no TLS: the password is not sent")
                server.login(self.user, self.password)
            server.send_message(_message(mail, self.sender))


def smtp_from(url: str, sender: str) -> Smtp:
    """From ``LAB_SMTP_URL`` and ``LAB_MAIL_FROM``. ``InvalidInput`` never shows the password."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        port, host, parts = None, None, urlsplit("")
    if parts.scheme not in ("smtp", "smtps") or not host:
        raise InvalidInput(field="LAB_SMTP_URL", value="(not shown)", way_out=_WAYS)
    if "@" not in sender:
        way_out = "Give the address that mails come from."
        raise InvalidInput(field="LAB_MAIL_FROM", value=sender, way_out=way_out)
    tls = parts.scheme == "smtps"
    return Smtp(
        host=host,
        port=port or (465 if tls else 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls,
        sender=sender,
    )


class MailNotSent(LabError):
    """The mail server did not take it. Values: ``why``."""

    code = "MAIL_NOT_SENT"
    sentence = "The mail was not sent ({why})."
    transient = True


class MailNow:
    """See ``application.ports.DirectMail``: for whoever keeps count of tries itself."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def send(self, to: str, subject: str, text: str) -> None:
        """``MailNotSent`` without the address, which the words of a server may hold."""
        try:
            self._deliver(Mail(to=to, subject=subject, text=text))
        except (OSError, smtplib.SMTPException) as error:
            raise MailNotSent(why=type(error).__name__) from error


class BackgroundMailer:
    """See ``application.account_ports.Mailer``. Its threads start with the first mail."""

    def __init__(self, deliver: Deliver, *, configured: bool) -> None:
        self._deliver = deliver
        self._configured = configured
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="mail")
        self._room = threading.BoundedSemaphore(WAITING_AT_MOST)
        self._over = threading.Event()

    @property
    def configured(self) -> bool:
        return self._configured

    def post(self, write: Callable[[], Mail | None]) -> None:
        if not self._room.acquire(blocking=False):
            _log.error("a mail was dropped: %d are waiting", WAITING_AT_MOST)
            return
        self._pool.submit(self._send, write)

    def close(self) -> None:
        """Send what waits, without trying again."""
        self._over.set()
        self._pool.shutdown(wait=True)

    def _send(self, write: Callable[[], Mail | None]) -> None:
        try:
            mail = write()
            if mail is not None:
                self._try(mail)
        except (LabError, OSError, smtplib.SMTPException, ValueError) as error:
            _log.error("a mail was not sent: %s", type(error).__name__)  # may hold an address
        finally:
            self._room.release()

    def _try(self, mail: Mail) -> None:
        for wait_s in AGAIN_AFTER_S:
            try:
                return self._deliver(mail)
            except (OSError, smtplib.SMTPException) as error:
                _log.warning("a mail waits %.0f s: %s", wait_s, type(error).__name__)
            if self._over.wait(wait_s):
                break
        return self._deliver(mail)


def to_log(mail: Mail) -> None:
    """For development: the whole mail, with its link."""
    _log.warning("mail to %s: %s\n%s", mail.to, mail.subject, mail.text)


def nowhere(mail: Mail) -> None:
    """Where no mail is set up: that there was one, and nothing of it."""
    del mail
    _log.warning("a mail was not sent: LAB_SMTP_URL is not set")


def _message(mail: Mail, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, mail.to, mail.subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip(">"))
    message["Auto-Submitted"] = "auto-generated"  # https://www.rfc-editor.org/rfc/rfc3834
    message.set_content(mail.text)
    return message


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
