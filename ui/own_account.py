"""What a person posts about their own account: password, sessions, tokens, and one-time links.

Plain form posts, because each may set the cookie. Not here: signing in by password (``session.py``).
"""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from application.actor import Actor
from application.commands.links import sign_in_by_link
from application.commands.sessions import change_password, end_session, end_sessions
from application.commands.tokens import revoke_credential
from application.use import Use
from domain.errors import LabError
from ui.session import SignInRoutes, caller_of, leave_ended_pages

PAGE = "/account"


class AccountRoutes:
    """A refusal goes back to the page it came from, with its sentence."""

    def __init__(self, use: Use, sign_in: SignInRoutes) -> None:
        self._use = use
        self._sign_in = sign_in

    def routes(self) -> list[BaseRoute]:
        """Those under ``/account`` sit behind the guard; the links are for whoever holds them."""
        posts = {
            "/account/password": self.change_password,
            "/account/sessions/end": self.end_sessions,
            "/account/tokens/revoke": self.revoke_token,
            "/sign-in/{secret}": self.sign_in,
        }
        return [Route(path, handler, methods=["POST"]) for path, handler in posts.items()]

    async def change_password(self, request: Request) -> Response:
        """``POST /account/password``: on in a new session, the others are over."""
        form = await request.form()
        old, new = str(form.get("old", "")), str(form.get("new", ""))
        lab, actor, caller = self._use.lab, _actor(request), caller_of(request)
        try:
            opened = await run_in_threadpool(
                change_password, lab, actor, old=old, new=new, caller=caller
            )
        except LabError as error:
            return _back(PAGE, error=str(error))
        await leave_ended_pages(self._use, own=self._secret(request))
        return self._sign_in.with_session(_back(PAGE, told="password"), opened.secret)

    async def end_sessions(self, request: Request) -> Response:
        """``POST /account/sessions/end``: the one named by ``session``, or all others."""
        session = str((await request.form()).get("session", ""))
        lab, actor = self._use.lab, _actor(request)
        secret = self._secret(request)

        def end() -> None:
            mine = lab.credentials.find(secret)
            if session:
                end_session(lab, actor, session)
            else:
                end_sessions(lab, actor, keep=mine.id if mine else "")

        try:
            await run_in_threadpool(end)
        except LabError as error:
            return _back(PAGE, error=str(error))
        await leave_ended_pages(self._use)
        return _back(PAGE, told="sessions")

    async def revoke_token(self, request: Request) -> Response:
        """``POST /account/tokens/revoke``: one of one's own."""
        token = str((await request.form()).get("token", ""))
        lab, actor = self._use.lab, _actor(request)
        try:
            position = await run_in_threadpool(revoke_credential, lab, actor, token)
        except LabError as error:
            return _back(PAGE, error=str(error))
        await self._use.shown(position, within_s=2.0)
        return _back(PAGE, told="token")

    async def sign_in(self, request: Request) -> Response:
        """``POST /sign-in/{secret}``: signed in. Looking at the link alone, as mail scanners do, is nothing."""
        secret, caller = request.path_params["secret"], caller_of(request)
        try:
            opened = await run_in_threadpool(sign_in_by_link, self._use.lab, secret, caller=caller)
        except LabError as error:
            return _back(f"/sign-in/{secret}", error=str(error))
        await self._sign_in.end_present(request)
        return self._sign_in.with_session(RedirectResponse("/", 303), opened.secret)

    def _secret(self, request: Request) -> str:
        return request.cookies.get(self._use.session_cookie, "")


def _actor(request: Request) -> Actor:
    """Whom the guard let in."""
    actor = request.scope["state"]["actor"]
    assert isinstance(actor, Actor)  # noqa: S101  # the guard lets nobody else in
    return actor


def _back(path: str, **told: str) -> RedirectResponse:
    return RedirectResponse(f"{path}?{urlencode(told)}", 303)
