"""Mail goes to the address of one's account, where there is a mailer."""

from __future__ import annotations

from datetime import UTC, datetime

from application.clock import SystemClock
from application.notices import Notice
from domain.errors import StoreUnavailable
from domain.notifications import Channel, ChannelKind
from server.courier import NO_MAIL, HttpCourier
from server.posting import Poster

CHANNEL = Channel(id="chn_1", version=1, team="t", user="ada", kind=ChannelKind.EMAIL)
NOTICE = Notice(
    id="dlv_1", position=1, event="job.failed.v1", at=datetime(2026, 11, 3, tzinfo=UTC),
    team="t", channel="chn_1", sentence="Failed: it broke",
)  # fmt: skip


class Mailbox:
    """A mailer whose messages stay here; it can be away."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, str]] = []
        self.away = False

    def send(self, to: str, subject: str, text: str) -> None:
        if self.away:
            raise StoreUnavailable(why="the mail server is away")
        self.got.append((to, subject, text))


def courier(mailer: Mailbox | None) -> HttpCourier:
    return HttpCourier(
        Poster(),
        clock=SystemClock(),
        secret=lambda *_: "",
        email_of=lambda user: f"{user}@example.org",
        mailer=mailer,
    )


def test_mail_goes_to_ones_own_address() -> None:
    box = Mailbox()
    assert courier(box).refuse(ChannelKind.EMAIL, "") == ""
    assert courier(box).refuse(ChannelKind.EMAIL, "boss@example.org") != ""
    assert courier(box).carry(CHANNEL, NOTICE).ok
    assert box.got == [("ada@example.org", "Labledger: Failed: it broke", "Failed: it broke")]


def test_a_mailer_that_is_away_is_tried_again() -> None:
    box = Mailbox()
    box.away = True
    answer = courier(box).carry(CHANNEL, NOTICE)
    assert (answer.ok, answer.final) == (False, False)


def test_without_a_mailer_mail_is_refused() -> None:
    assert courier(None).refuse(ChannelKind.EMAIL, "") == NO_MAIL
    answer = courier(None).carry(CHANNEL, NOTICE)
    assert (answer.final, answer.reason) == (True, NO_MAIL)


def test_an_address_that_is_gone_is_final() -> None:
    def gone(team: str, user: str, name: str) -> str:
        raise KeyError(name)

    made = HttpCourier(Poster(), clock=SystemClock(), secret=gone, email_of=str)
    answer = made.carry(Channel(id="chn_2", version=1, team="t"), NOTICE)
    assert (answer.ok, answer.final) == (False, True)
