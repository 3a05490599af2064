"""Signing in at an identity provider, from the browser's side: going there, coming back, linking.

The state that comes back must be in this browser's cookie too: nobody can be signed in by a link
that somebody else's sign-in ended in. Not here: what is believed of the answer.
"""

from __future__ import annotations

import hmac
from html import escape
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from application import refusals
from application.account_ports import Begun, Identity
from application.actor import Actor
from application.commands.identities import IdentityRefused, link_identity, sign_in_as
from application.use import Use
from domain.errors import NotFound
from ui.session import SignInRoutes, authenticated, caller_of, local_path

STATE_COOKIE = "lab_oidc"
STATE_PATH = "/oidc"
STATE_AGE_S = 600
INVITATION = "/invitation/"


class IdentityRoutes:
    """A refusal goes to the sign-in page, by its reason."""

    def __init__(self, use: Use, sign_in: SignInRoutes) -> None:
        self._use = use
        self._sign_in = sign_in

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/oidc/{provider}/start", self.start, methods=["GET"]),
            Route("/oidc/{provider}/callback", self.callback, methods=["GET"]),
            Route("/account/link/{provider}", self.link, methods=["POST"]),
        ]

    async def start(self, request: Request) -> Response:
        """``GET /oidc/{provider}/start?next=``: to the provider."""
        wanted = local_path(request.query_params.get("next", ""))
        try:
            begun = await self._begin(request, next=wanted, user="")
        except IdentityRefused as error:
            return _refused(error)
        except NotFound as error:
            return PlainTextResponse(str(error), 404)
        return self._with_state(RedirectResponse(begun.url, 303), begun)

    async def link(self, request: Request) -> Response:
        """``POST /account/link/{provider}``: the same, to link what comes back to who is signed in.

        A page that goes on by itself: a form may not be redirected to another site.
        """
        actor = request.scope["state"]["actor"]
        assert isinstance(actor, Actor)  # noqa: S101  # the guard lets nobody else in
        try:
            begun = await self._begin(request, next="/account?told=linked", user=actor.user)
        except (IdentityRefused, NotFound) as error:
            return RedirectResponse(f"/account?{urlencode({'error': str(error)})}", 303)
        return self._with_state(onward(begun.url), begun)

    async def callback(self, request: Request) -> Response:
        """``GET /oidc/{provider}/callback``: signed in, or linked."""
        answer = dict(request.query_params)
        kept = request.cookies.get(STATE_COOKIE, "")
        try:
            _same_browser(kept, answer.get("state", ""))
            response = await self._finish(request, answer)
        except IdentityRefused as error:
            refusals.mark(request.scope, f"{error.code} {error.reason}")
            response = _refused(error)
        except NotFound as error:
            response = PlainTextResponse(str(error), 404)
        response.delete_cookie(STATE_COOKIE, path=STATE_PATH)
        return response

    async def _begin(self, request: Request, *, next: str, user: str) -> Begun:
        provider = request.path_params["provider"]
        back = self._back(provider)
        identities = self._use.lab.identities
        return await run_in_threadpool(
            identities.begin, provider, redirect_uri=back, next=next, user=user
        )

    async def _finish(self, request: Request, answer: dict[str, str]) -> Response:
        provider = request.path_params["provider"]
        back = self._back(provider)
        identity, wanted, user = await run_in_threadpool(
            self._use.lab.identities.finish, provider, redirect_uri=back, answer=answer
        )
        if user:
            return await self._linked(request, identity, user)
        return await self._signed_in(request, identity, local_path(wanted))

    async def _linked(self, request: Request, identity: Identity, user: str) -> Response:
        secret = request.cookies.get(self._use.session_cookie, "")
        actor = await run_in_threadpool(authenticated, self._use, secret, "") if secret else None
        if actor is None or actor.user != user:
            raise IdentityRefused(reason="state")
        await run_in_threadpool(link_identity, self._use.lab, actor, identity)
        return RedirectResponse("/account?told=linked", 303)

    async def _signed_in(self, request: Request, identity: Identity, wanted: str) -> Response:
        invitation = wanted.removeprefix(INVITATION) if wanted.startswith(INVITATION) else ""
        opened = await run_in_threadpool(
            sign_in_as, self._use.lab, identity, invitation=invitation, caller=caller_of(request)
        )
        await self._use.knows_all()
        await self._sign_in.end_present(request)
        return self._sign_in.with_session(RedirectResponse(wanted, 303), opened.secret)

    def _back(self, provider: str) -> str:
        return f"{self._use.base_url}/oidc/{provider}/callback"

    def _with_state(self, response: Response, begun: Begun) -> Response:
        response.set_cookie(
            STATE_COOKIE,
            begun.state,
            max_age=STATE_AGE_S,
            path=STATE_PATH,
            httponly=True,
            samesite="lax",
            secure=self._use.base_url.startswith("https://"),
        )
        return response


def _same_browser(kept: str, state: str) -> None:
    if not kept or not hmac.compare_digest(kept.encode(), state.encode()):
        raise IdentityRefused(reason="state")


def onward(url: str) -> HTMLResponse:
    """A page that goes on to ``url`` by itself."""
    where = escape(url, quote=True)
    head = f'<!doctype html><meta http-equiv="refresh" content="0;url={where}"><title>Going on…</title>'
    return HTMLResponse(f'{head}<p><a href="{where}">Go on</a></p>')


def _refused(error: IdentityRefused) -> RedirectResponse:
    return RedirectResponse(f"/login?{urlencode({'error': error.reason})}", 303)
