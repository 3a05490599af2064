"""Taking an invitation from the browser: a plain form post, signed in or not."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from application.account_ports import Caller, IdentityProvider
from application.actor import Actor
from application.commands.invitations import (
    Offered,
    accept_invitation,
    join_by_invitation,
    look_at_invitation,
)
from application.use import Use
from domain.errors import LabError, NotFound
from ui.rate import Tries
from ui.session import TEAM_COOKIE, SignInRoutes, authenticated, caller_of

PREFIX = "/invitation/"


class Joining:
    """The routes, and what the page asks first. Tries are limited by the client's address."""

    def __init__(self, use: Use, sign_in: SignInRoutes) -> None:
        self._use = use
        self._sign_in = sign_in
        self._tries = Tries()

    async def offered(self, request: Request, secret: str) -> Offered | None:
        """What the link opens; ``None`` for one that opens nothing."""
        source = request.client.host if request.client else ""
        if not self._tries.allowed(source, f"invitation from {source}"):
            return None
        try:
            return await run_in_threadpool(look_at_invitation, self._use.lab, secret)
        except NotFound:
            self._tries.failed(source, f"invitation from {source}")
            return None

    def elsewhere(self) -> Sequence[IdentityProvider]:
        """Where somebody may sign in or make their account to take it."""
        return self._use.lab.identities.all()

    async def member(self, request: Request) -> tuple[Actor | None, str]:
        """Who is signed in and their address, of whatever team; ``(None, "")`` for nobody."""
        secret = request.cookies.get(self._use.session_cookie, "")
        if not secret:
            return None, ""
        actor = await run_in_threadpool(authenticated, self._use, secret, "")
        return actor, await run_in_threadpool(self._address, actor) if actor else ""

    async def join(self, request: Request) -> Response:
        """``POST /invitation/{secret}``. A refusal goes back to the page with its sentence."""
        secret = request.path_params["secret"]
        form = {key: str(value) for key, value in (await request.form()).items()}
        offered = await self.offered(request, secret)
        if offered is None:
            return RedirectResponse(f"{PREFIX}{secret}", 303)
        actor, address = await self.member(request)
        try:
            if actor:
                take = accept_invitation
                await run_in_threadpool(take, self._use.lab, actor, secret, email=address)
                response: Response = RedirectResponse("/", 303)
            else:
                response = await self._register(secret, form, caller_of(request))
        except LabError as error:
            return RedirectResponse(f"{PREFIX}{secret}?{urlencode({'error': str(error)})}", 303)
        await self._use.knows_all()
        response.set_cookie(TEAM_COOKIE, offered.team, httponly=True, samesite="lax")
        return response

    async def _register(self, secret: str, form: dict[str, str], caller: Caller) -> Response:
        session = await run_in_threadpool(
            join_by_invitation,
            self._use.lab,
            secret,
            email=form.get("email", ""),
            name=form.get("name", ""),
            password=form.get("password", ""),
            caller=caller,
        )
        return self._sign_in.with_session(RedirectResponse("/", 303), session.secret)

    def _address(self, actor: Actor) -> str:
        row = self._use.queries.user(actor.user)
        return self._use.lab.vault.open(actor.user, row.email_sealed) if row else ""
