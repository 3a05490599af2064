"""Confirming a command line at a page: the one that opened it, or one that shows a code.

Behind the guard, for a session alone. Not here: what is issued (``application/commands/cli_login.py``).
"""

import re
from collections.abc import Callable
from urllib.parse import urlencode

from nicegui import ui
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from application.account_ports import DeviceWaiting
from application.actor import Actor
from application.commands.cli_login import allow_here, answer_device, waiting_device
from application.use import Use
from domain.errors import LabError
from ui.identity import onward
from ui.pages import cli_login as pages

STATE = re.compile(r"[A-Za-z0-9_-]{16,200}")
Head = Callable[[Request], None]


class CliLoginRoutes:
    """The answer goes back to the program over loopback, or waits for it to ask."""

    def __init__(self, use: Use) -> None:
        self._use = use

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/cli", self.answer_here, methods=["POST"]),
            Route("/device", self.answer_device, methods=["POST"]),
        ]

    async def answer_here(self, request: Request) -> Response:
        """``POST /cli``: on to the program with a code, or with the refusal."""
        form = {key: str(value) for key, value in (await request.form()).items()}
        port, state = asked_port(form.get("port", "")), form.get("state", "")
        if not port or not STATE.fullmatch(state):
            return RedirectResponse("/cli", 303)
        told = {"state": state, "error": "denied"}
        if form.get("answer") == "allow":
            name, challenge = form.get("name", ""), form.get("challenge", "")
            lab, actor = self._use.lab, _actor(request)
            try:
                code = await run_in_threadpool(
                    allow_here, lab, actor, name=name, challenge=challenge
                )
            except LabError as error:
                return RedirectResponse(f"/cli?{urlencode({'error': str(error)})}", 303)
            told = {"state": state, "code": code}
        return onward(f"http://127.0.0.1:{port}/?{urlencode(told)}")

    async def answer_device(self, request: Request) -> Response:
        """``POST /device``: what waits with the code, or the answer to it."""
        form = {key: str(value) for key, value in (await request.form()).items()}
        code, answer = form.get("code", ""), form.get("answer", "")
        if not answer:
            return RedirectResponse(f"/device?{urlencode({'code': code})}", 303)
        allowed = answer == "allow"
        lab, actor = self._use.lab, _actor(request)
        try:
            await run_in_threadpool(answer_device, lab, actor, code, allowed=allowed)
        except LabError as error:
            return RedirectResponse(f"/device?{urlencode({'error': str(error)})}", 303)
        return RedirectResponse(f"/device?done={'allowed' if allowed else 'denied'}", 303)

    def build(self, head: Head) -> None:
        """The pages. ``head`` writes what every page's first paint needs."""

        @ui.page("/cli", title="Allow a command line · Labledger")
        async def here(request: Request) -> None:
            head(request)
            asked = dict(request.query_params)
            good = asked_port(asked.get("port", "")) and STATE.fullmatch(asked.get("state", ""))
            pages.here_page(asked if good else {}, await self._who(request), asked.get("error", ""))

        @ui.page("/device", title="Allow a command line · Labledger")
        async def device(request: Request, code: str = "", done: str = "", error: str = "") -> None:
            head(request)
            waiting: DeviceWaiting | None = None
            if code:
                lab, actor = self._use.lab, _actor(request)
                try:
                    waiting = await run_in_threadpool(waiting_device, lab, actor, code)
                except LabError as refused:
                    error = pages.told(refused)
            who = await self._who(request)
            pages.device_page(code, waiting, who, done=done, error=error)

    async def _who(self, request: Request) -> pages.Who:
        actor = _actor(request)

        def ask() -> pages.Who:
            row = self._use.queries.user(actor.user)
            teams = self._use.queries.teams_of(actor.user)
            email = self._use.lab.vault.open(actor.user, row.email_sealed) if row else ""
            team = next((team.name for team in teams if team.id == actor.team), "")
            return pages.Who(email=email, team=team)

        return await run_in_threadpool(ask)


def asked_port(text: str) -> int:
    """The port of a program that listens on this machine, or 0."""
    return (
        int(text) if text.isascii() and text.isdecimal() and 1024 <= int(text[:6]) <= 65535 else 0
    )


def _actor(request: Request) -> Actor:
    actor = request.scope["state"]["actor"]
    assert isinstance(actor, Actor)  # noqa: S101  # the guard lets nobody else in
    return actor
