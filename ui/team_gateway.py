"""The members page's questions and commands, on a page's gateway."""

from __future__ import annotations

from collections.abc import Sequence

from application.account_reads import Invited, Member
from application.actor import Actor
from application.commands import invitations, logos, members
from application.commands.mails import mail_invitation
from application.permissions import Action, require
from domain.teams import Role
from ui.gateway import Gateway, in_thread


class TeamGateway:
    """For one open page."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._lab = gateway.use.lab

    @property
    def me(self) -> str:
        """The id of the person at the page."""
        return self._gateway.actor.user

    @property
    def manages(self) -> bool:
        return self._gateway.may(Action.MANAGE_MEMBERS)

    def assignable(self) -> list[Role]:
        """The roles that this person may give."""
        return [r for r in Role if r is not Role.OWNER or self._gateway.actor.role is Role.OWNER]

    async def members(self) -> Sequence[Member]:
        """By membership age."""
        return await in_thread(lambda: self._gateway.reads.members(self._gateway.actor))

    async def open_invitations(self) -> Sequence[Invited]:
        """Those that can still be taken, newest first; none for whoever may not manage members."""
        if not self.manages:
            return ()
        found = await in_thread(lambda: self._gateway.reads.invitations(self._gateway.actor))
        now = self._lab.clock.now()
        return [i for i in found if _open(i) and i.row.expires_at > now]

    async def show_logo(self, data: bytes) -> None:
        """A picture that is kept as uploaded by the team, and shown from now on."""

        def show(actor: Actor) -> None:
            require(actor, Action.MANAGE_MEMBERS)
            sha256 = self._lab.blobs.put(data)
            self._lab.holdings.hold(actor.team, sha256)
            logos.set_team_logo(self._lab, actor, sha256=sha256)

        await self._gateway.do(show)

    async def remove_logo(self) -> None:
        await self._gateway.do(lambda a: logos.remove_team_logo(self._lab, a))

    async def has_logo(self) -> bool:
        team = (await self._gateway.me()).team
        return bool(team and team.logo)

    async def set_role(self, user: str, role: Role) -> None:
        await self._gateway.do(lambda a: members.set_role(self._lab, a, user=user, role=role))

    async def remove(self, user: str) -> None:
        await self._gateway.do(lambda a: members.remove_member(self._lab, a, user=user))

    async def invite(self, *, email: str, role: Role) -> str:
        """The link, which is shown once, and mailed when there is an address."""

        def ask(actor: Actor) -> str:
            _, secret = invitations.invite(self._lab, actor, role=role, email=email.strip())
            mail_invitation(self._lab, secret)
            return secret

        return self._link(await self._gateway.do(ask))

    async def resend(self, invitation: str) -> str:
        """A new link; the old one opens nothing any more."""

        def ask(actor: Actor) -> str:
            secret = invitations.resend_invitation(self._lab, actor, id=invitation)
            mail_invitation(self._lab, secret)
            return secret

        return self._link(await self._gateway.do(ask))

    async def cancel(self, invitation: str) -> None:
        ask = invitations.cancel_invitation
        await self._gateway.do(lambda a: ask(self._lab, a, id=invitation))

    def _link(self, secret: str) -> str:
        return f"{self._gateway.use.base_url}/invitation/{secret}"


def _open(invited: Invited) -> bool:
    return invited.row.accepted_at is None and invited.row.cancelled_at is None
