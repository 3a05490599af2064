"""Carries one notice to one channel: finds its secret address, signs, sends, and reads the answer.

Not here: when it is tried again (``server/notifying.py``), what it says (``application/notices.py``).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException

from application.notices import Notice, discord_body, mail_text, slack_body, webhook_body
from application.ports import Answer, Clock, DirectMail
from domain.errors import LabError, shorten
from domain.notifications import Channel, ChannelKind, address_name, signing_name
from server.posting import Posted, Poster
from server.reachable import Forbidden, refuse_url

FINAL = frozenset({410})
NO_MAIL = "Mail is not set up here: ask an admin to set LAB_SMTP_URL."
BODIES: Mapping[ChannelKind, Callable[[Notice], bytes]] = {
    ChannelKind.WEBHOOK: webhook_body,
    ChannelKind.SLACK: slack_body,
    ChannelKind.DISCORD: discord_body,
}
_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?")
Secret = Callable[[str, str, str], str]
"""A secret's value by team, user and name; ``KeyError`` without one."""


class HttpCourier:
    """See ``application.ports.Courier``. ``email_of`` opens the address of an account."""

    def __init__(
        self,
        poster: Poster,
        *,
        clock: Clock,
        secret: Secret,
        email_of: Callable[[str], str],
        mailer: DirectMail | None = None,
        local: bool = False,
    ) -> None:
        self._poster = poster
        self._clock = clock
        self._secret = secret
        self._email_of = email_of
        self._mailer = mailer
        self._local = local

    def refuse(self, kind: str, address: str) -> str:
        """See ``Courier.refuse``."""
        if kind == ChannelKind.EMAIL:
            if self._mailer is None:
                return NO_MAIL
            return "Leave the address out: it goes to that of your account." if address else ""
        return refuse_url(address, local=self._local)

    def carry(self, channel: Channel, notice: Notice) -> Answer:
        """See ``Courier.carry``."""
        try:
            if channel.kind is ChannelKind.EMAIL:
                return self._mail(channel, notice)
            return self._post(channel, notice)
        except KeyError:
            return Answer(ok=False, reason="Its address is gone; set it again.", final=True)
        except Forbidden as refused:
            return Answer(ok=False, reason=str(refused), final=True)
        except (OSError, HTTPException) as error:
            told = shorten(str(error) or type(error).__name__, 200)
            return Answer(ok=False, reason=f"It does not answer: {told}")
        except LabError as error:
            return Answer(ok=False, reason=shorten(str(error), 200), final=not error.transient)

    def _post(self, channel: Channel, notice: Notice) -> Answer:
        url = self._secret(channel.team, channel.user, address_name(channel.id))
        body = BODIES[channel.kind](notice)
        headers = {"Content-Type": "application/json", "User-Agent": "Labledger"}
        if channel.kind is ChannelKind.WEBHOOK:
            key = self._secret(channel.team, channel.user, signing_name(channel.id))
            now = self._clock.now()
            headers |= {
                "Labledger-Delivery": notice.id,
                "Labledger-Event": notice.event,
                "Labledger-Signature": signature(key, body, at=now),
            }
        return read_answer(self._poster.post(url, body, headers), now=self._clock.now())

    def _mail(self, channel: Channel, notice: Notice) -> Answer:
        if self._mailer is None:
            return Answer(ok=False, reason=NO_MAIL, final=True)
        subject, text = mail_text(notice)
        self._mailer.send(self._email_of(channel.user), subject, text)
        return Answer(ok=True)


def signature(key: str, body: bytes, *, at: datetime) -> str:
    """``t=<Unix seconds>,v1=<hex>``: HMAC-SHA256 of ``<t>.<body>``, so that no old body can be sent anew."""
    stamp = str(int(at.timestamp()))
    mac = hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256)
    return f"t={stamp},v1={mac.hexdigest()}"


def read_answer(posted: Posted, *, now: datetime) -> Answer:
    """2xx is delivered; a redirect is never followed; 410 asks never to come again."""
    status = posted.status
    if 200 <= status < 300:
        return Answer(ok=True, status=status)
    if 300 <= status < 400:
        told = "It redirects, which is not followed; set the address it redirects to."
        return Answer(ok=False, status=status, reason=told, final=True)
    said = f": {shorten(posted.text.strip(), 200)}" if posted.text.strip() else ""
    return Answer(
        ok=False,
        status=status,
        reason=f"It answered {status}{said}",
        final=status in FINAL,
        retry_after_s=_retry_after(posted.headers.get("retry-after", ""), now),
    )


def _retry_after(text: str, now: datetime) -> float | None:
    """https://www.rfc-editor.org/rfc/rfc9110#field.retry-after: seconds (some send fractions) or a date."""
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds(), 0.0)
