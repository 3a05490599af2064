"""Invitation: an offer to join a team in a role, taken once by one person, or withdrawn.

``email_sealed`` is ciphertext under a key of this invitation alone, and may be erased like a
person's. Not here: the link's secret, which is a credential and never a fact.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from domain.errors import InvalidInput, NotFound
from domain.model import Envelope, Event
from domain.teams import Role


class InvitationSent(Event, frozen=True, kw_only=True, tag="invitation.sent.v1"):
    """``email_digest`` is empty for a link that anybody may take who has it."""

    team: str
    role: Role
    expires_at: datetime
    email_sealed: str = ""
    email_digest: str = ""


class InvitationResent(Event, frozen=True, kw_only=True, tag="invitation.resent.v1"):
    """A new link; the old one opens nothing any more."""

    expires_at: datetime


class InvitationCancelled(Event, frozen=True, kw_only=True, tag="invitation.cancelled.v1"):
    pass


class InvitationAccepted(Event, frozen=True, kw_only=True, tag="invitation.accepted.v1"):
    user: str


InvitationEvent: TypeAlias = (
    InvitationSent | InvitationResent | InvitationCancelled | InvitationAccepted
)
EVENTS: tuple[type[Event], ...] = get_args(InvitationEvent)


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""
    version: int = 0
    team: str = ""
    role: Role = Role.VIEWER
    email_sealed: str = ""
    email_digest: str = ""
    expires_at: datetime | None = None
    taken_by: str = ""
    cancelled: bool = False

    def evolve(self, event: Event) -> Invitation:
        s = replace(self, id=event.originator_id, version=event.originator_version)
        match event:
            case InvitationSent():
                return replace(
                    s, team=event.team, role=event.role, expires_at=event.expires_at,
                    email_sealed=event.email_sealed, email_digest=event.email_digest,
                )  # fmt: skip
            case InvitationResent():
                return replace(s, expires_at=event.expires_at)
            case InvitationCancelled():
                return replace(s, cancelled=True)
            case InvitationAccepted():
                return replace(s, taken_by=event.user)
        return s

    @property
    def open(self) -> bool:
        return bool(self.version) and not self.cancelled and not self.taken_by

    def resend(self, *, expires_at: datetime, now: datetime, by: str) -> list[InvitationEvent]:
        """Make it good until ``expires_at``. Each time is a fact of its own."""
        self._must_be_open()
        return [InvitationResent(expires_at=expires_at, **self._next(now, by))]

    def cancel(self, *, now: datetime, by: str) -> list[InvitationEvent]:
        """Withdraw it; what is withdrawn stays so. One that was taken cannot be."""
        if self.cancelled:
            return []
        self._must_be_open()
        return [InvitationCancelled(**self._next(now, by))]

    def accept(
        self, user: str, *, email_digest: str, now: datetime, by: str
    ) -> list[InvitationEvent]:
        """Taken by ``user``; again by the same person adds nothing.

        ``InvalidInput`` when it is over, withdrawn, taken, or for another address.
        """
        if self.taken_by and self.taken_by == user:
            return []
        self._must_be_open()
        if self.expires_at is None or now >= self.expires_at:
            raise _no_good("has expired")
        if self.email_digest and self.email_digest != email_digest:
            raise _no_good("is for another e-mail address")
        return [InvitationAccepted(user=user, **self._next(now, by))]

    def _must_be_open(self) -> None:
        if not self.version:
            raise NotFound(kind="invitation", id=self.id)
        if self.taken_by:
            raise _no_good("was accepted")
        if self.cancelled:
            raise _no_good("was cancelled")

    def _next(self, now: datetime, by: str) -> Envelope:
        return {
            "originator_id": self.id,
            "originator_version": self.version + 1,
            "at": now,
            "by": by,
        }


def fold(events: Iterable[Event]) -> Invitation:
    invitation = Invitation()
    for event in events:
        invitation = invitation.evolve(event)
    return invitation


def _no_good(why: str) -> InvalidInput:
    way_out = f"This invitation {why}; ask an admin of the team for a new one."
    return InvalidInput(field="invitation", value="(not shown)", way_out=way_out)
