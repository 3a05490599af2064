"""Asking for a link by mail, and using it: a new password, a confirmed address, a new account.

Plain form posts. Every ask is answered alike. Not here: what the pages look like (``pages/links.py``).
"""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from application.actor import Actor
from application.commands import links, mails
from application.use import Use
from domain.errors import LabError
from ui.session import SignInRoutes, caller_of, leave_ended_pages


class MailRoutes:
    """A refusal goes back to the page it came from, with its sentence."""

    def __init__(self, use: Use, sign_in: SignInRoutes) -> None:
        self._use = use
        self._sign_in = sign_in

    def routes(self) -> list[BaseRoute]:
        posts = {
            "/forgot": self.forgot,
            "/reset/{secret}": self.reset,
            "/verify/{secret}": self.verify,
            "/register": self.ask_account,
            "/register/{secret}": self.register,
            "/account/verify": self.ask_verification,
        }
        return [Route(path, handler, methods=["POST"]) for path, handler in posts.items()]

    async def forgot(self, request: Request) -> Response:
        """``POST /forgot``"""
        email = str((await request.form()).get("email", ""))
        try:
            await run_in_threadpool(
                mails.ask_reset, self._use.lab, email=email, caller=caller_of(request)
            )
        except LabError as error:
            return _back("/forgot", error=str(error))
        return _back("/forgot", sent="1")

    async def ask_account(self, request: Request) -> Response:
        """``POST /register``"""
        email = str((await request.form()).get("email", ""))
        try:
            await run_in_threadpool(
                mails.ask_account, self._use.lab, email=email, caller=caller_of(request)
            )
        except LabError as error:
            return _back("/register", error=str(error))
        return _back("/register", sent="1")

    async def ask_verification(self, request: Request) -> Response:
        """``POST /account/verify``: behind the guard."""
        actor = request.scope["state"]["actor"]
        assert isinstance(actor, Actor)  # noqa: S101  # the guard lets nobody else in
        try:
            await run_in_threadpool(
                mails.ask_verification, self._use.lab, actor, caller=caller_of(request)
            )
        except LabError as error:
            return _back("/account", error=str(error))
        return _back("/account", told="mail")

    async def reset(self, request: Request) -> Response:
        """``POST /reset/{secret}``: the new password, and signed in."""
        secret = request.path_params["secret"]
        password = str((await request.form()).get("password", ""))
        lab, caller = self._use.lab, caller_of(request)
        try:
            opened = await run_in_threadpool(
                links.reset_password, lab, secret, password=password, caller=caller
            )
        except LabError as error:
            return _back(f"/reset/{secret}", error=str(error))
        own = request.cookies.get(self._use.session_cookie, "")
        await leave_ended_pages(self._use, own=own)
        return self._sign_in.with_session(RedirectResponse("/", 303), opened.secret)

    async def verify(self, request: Request) -> Response:
        """``POST /verify/{secret}``"""
        secret = request.path_params["secret"]
        try:
            await run_in_threadpool(links.verify_email, self._use.lab, secret)
        except LabError as error:
            return _back(f"/verify/{secret}", error=str(error))
        return _back("/account", told="verified")

    async def register(self, request: Request) -> Response:
        """``POST /register/{secret}``: the account, signed in."""
        secret = request.path_params["secret"]
        form = await request.form()
        name, password = str(form.get("name", "")), str(form.get("password", ""))
        lab, caller = self._use.lab, caller_of(request)
        try:
            opened = await run_in_threadpool(
                links.register_by_link, lab, secret, name=name, password=password, caller=caller
            )
        except LabError as error:
            return _back(f"/register/{secret}", error=str(error))
        await self._use.knows_all()
        return self._sign_in.with_session(RedirectResponse("/", 303), opened.secret)


def _back(path: str, **told: str) -> RedirectResponse:
    return RedirectResponse(f"{path}?{urlencode(told)}", 303)
