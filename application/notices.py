"""What a channel is told, in the form each kind of receiver takes. Pure.

Names and reasons are written by people and programs nobody vouches for: they are escaped so that
they stay text. Not here: who is told (``application/telling.py``), how it travels.
"""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from domain.errors import shorten

SENTENCE_CHARACTERS = 600
NAME_CHARACTERS = 100
_DISCORD_MARKS = re.compile(r"([\\`*_~|>#\[\]()<:@\-+.!])")
_QUIET_EMBEDS = (
    1 << 2
)  # https://docs.discord.com/developers/resources/message#message-object-message-flags


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """What an event is about. ``owner`` is a job's."""

    id: str
    name: str
    owner: str = ""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One message, as a generic webhook gets it. ``position`` is 0 for a test, which is of no event."""

    id: str
    position: int
    event: str
    at: datetime
    team: str
    channel: str
    sentence: str
    job: Named | None = None
    provider: Named | None = None
    url: str = ""

    @property
    def headline(self) -> str:
        about = self.job or self.provider
        return shorten(about.name, NAME_CHARACTERS) if about else "Labledger"

    @property
    def line(self) -> str:
        """One line for people, of what is printable."""
        return f"{self.headline}: {shorten(self.sentence, SENTENCE_CHARACTERS)}"


def webhook_body(notice: Notice) -> bytes:
    """The same notice always gives the same bytes."""
    return msgspec.json.encode(notice)


def slack_body(notice: Notice) -> bytes:
    """https://docs.slack.dev/messaging/formatting-message-text: the three characters to escape.

    Without ``<`` nothing is a mention or a link; ``mrkdwn`` off leaves ``*`` and ``_`` as they are.
    """
    line = notice.line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = "\n".join(part for part in (line, notice.url) if part)
    message = {"text": text, "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}
    return msgspec.json.encode(message)


def discord_body(notice: Notice) -> bytes:
    """Nobody is mentioned, whatever the text says, and links show no preview.

    https://docs.discord.com/developers/resources/message#allowed-mentions-object
    """
    line = _DISCORD_MARKS.sub(r"\\\1", notice.line)
    text = "\n".join(part for part in (line, notice.url) if part)
    message = {"content": text, "allowed_mentions": {"parse": []}, "flags": _QUIET_EMBEDS}
    return msgspec.json.encode(message)


def mail_text(notice: Notice) -> tuple[str, str]:
    """Subject and body."""
    told = shorten(notice.sentence, SENTENCE_CHARACTERS)
    return f"{notice.headline}: {told}"[:150], "\n\n".join(p for p in (told, notice.url) if p)
