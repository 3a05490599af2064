"""The frame around every page: navigation, breadcrumbs, palette, routing, and what shows a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import wraps
from html import escape
from inspect import isawaitable
from typing import ParamSpec
from uuid import uuid4

from nicegui import ui

from application.account_reads import logo_path
from application.live import Change
from application.moments import PresentOnly
from application.permissions import Action
from domain.errors import LabError, NotFound, PermissionDenied
from projections.rows import TeamRow
from ui.components.dialogs import explained, telling, toast
from ui.components.editor import follow_scheme
from ui.components.layout import box, html
from ui.components.markup import avatar, empty, icon
from ui.components.palette import Palette
from ui.gateway import Gateway, Me, in_thread
from ui.jumping import commands, found_by
from ui.live import follow
from ui.navigation import ADMIN, NAV
from ui.views.sentences import granting

P = ParamSpec("P")
Page = Callable[..., Awaitable[None] | None]
UNDOS_KEPT = 8


def guarded(builder: Page) -> Page:
    """Show a failure where the page would have been; NiceGUI only logs one of an async page."""

    @wraps(builder)
    async def build(*args: object, **kwargs: object) -> None:
        shell = kwargs.get("shell")
        with box() as root:
            try:
                if isinstance(shell, Shell):
                    shell.building(1)
                result = builder(*args, **kwargs)
                if isawaitable(result):
                    await result
            except Exception as error:  # noqa: BLE001  # the last place that can tell the person
                root.clear()
                granting = await _granting(shell, error)
                with root:
                    show_failure(error, granting)
            finally:
                if isinstance(shell, Shell):
                    shell.building(-1)
                    shell.built.set()

    return build


async def _granting(shell: object, error: Exception) -> str:
    """Who can give a role that may do what was refused."""
    if isinstance(error, PermissionDenied) and isinstance(shell, Shell):
        with suppress(LabError):
            gateway = shell.gateway
            return granting(await in_thread(lambda: gateway.reads.members(gateway.actor)))
    return ""


def show_failure(error: Exception, granting: str = "") -> None:
    """A page that says what failed and the way out; ``granting`` is who can let a person in."""
    home = '<a class="btn" href="/">Home</a>'
    match error:
        case NotFound():
            ui.status_code(404)
            where = '<a class="btn ghost" href="/audit">Look in the audit log</a>'
            shown = ("Not found", str(error), "search-x", home + where)
        case PermissionDenied():
            ui.status_code(403)
            shown = ("Not allowed", f"{error} {granting}".strip(), "lock", home)
        case PresentOnly():
            what = str(error.values["what"])
            told = f"{what} cannot be shown as of the past: the log does not hold that."
            now = '<a class="btn primary" href="/" data-now>Return to now</a>'
            shown = ("Not kept of the past", told, "history", now)
        case _:
            if not isinstance(error, LabError):
                ui.status_code(500)
            again = '<button class="btn primary" onclick="location.reload()">Try again</button>'
            shown = ("This page could not be shown", explained(error), "circle-alert", home + again)
    title, text, glyph, extra = shown
    html(empty(title, text, glyph=glyph, extra=extra, level=1), "empty")


class Pages(ui.sub_pages):
    """Routes with our own page for an address that is none."""

    def _render_404(self) -> None:
        ui.status_code(404)
        home = '<a class="btn" href="/">Home</a>'
        text = "There is no page at this address."
        html(empty("Page not found", text, glyph="search-x", extra=home, level=1), "empty")


class Shell:
    """Handed to every page builder: breadcrumbs, title, and the gateway."""

    def __init__(self, gateway: Gateway, me: Me) -> None:
        self.gateway = gateway
        self.me = me
        self._links: dict[str, ui.element] = {}
        self._undos: dict[str, Callable[[], Awaitable[None]]] = {}
        self._building = 0
        self._titled = ""
        self.built = asyncio.Event()
        """Set once the first page is there, or shown to have failed: the answer's status is known."""

    def crumbs(self, *parts: tuple[str, str]) -> None:
        """``(label, href)`` from the outside in; the last one is this page and the window's title."""
        last = len(parts) - 1
        out = []
        for place, (label, href) in enumerate(parts):
            cls = "opt" if place < last - 1 else ""
            if place < last:
                out.append(f'<a class="{cls}" href="{escape(href)}">{escape(label)}</a>')
                out.append(f'<span class="sep {cls}">/</span>')
            else:
                out.append(f'<span aria-current="page">{escape(label)}</span>')
        self._crumbs.set_content("".join(out))
        self.title(" · ".join(label for label, _ in reversed(parts)))

    def title(self, text: str) -> None:
        """What the browser's tab says; nothing is sent when it was told so already."""
        if not ui.context.client.has_socket_connection:
            ui.context.client.title = text
        elif text != self._titled:
            self._titled = text
            ui.page_title(text)

    def toast_undo(self, message: str, undo: Callable[[], Awaitable[None]]) -> None:
        """Tell of what was done, with the way back for as long as it is told."""
        name = uuid4().hex
        self._undos = {name: undo, **dict(list(self._undos.items())[:UNDOS_KEPT])}
        toast(message, undo=name)

    async def _undo(self, name: str) -> None:
        undo = self._undos.pop(name, None)
        if undo:
            await telling(undo())

    def building(self, more: int) -> None:
        """One page ``more`` or less is being put together; until none is, nobody need read it out."""
        self._building += more
        if not self._main.is_deleted:
            self._main.props["aria-busy"] = "true" if self._building else "false"

    @property
    def is_admin(self) -> bool:
        return self.gateway.may(Action.MANAGE_MEMBERS)

    def build(self, routes: Mapping[str, Page], running: int) -> None:
        """Lay out the whole window and open the page of the present address."""
        html('<a class="skip" href="#main">Skip to content</a>')
        with box("app"):
            self._sidebar(running)
            with box("main"):
                self._top_bar()
                self._past_bar()
                with box("", "main", id="main", tabindex="-1") as self._main:
                    pages = {path: guarded(page) for path, page in routes.items()}
                    routed = Pages(pages, data={"shell": self}).style("width:100%")
        if routed.has_404:
            self.built.set()
        Palette(
            commands(self.gateway, admin=self.is_admin),
            on_search=lambda text: found_by(self.gateway, text),
        )
        follow_scheme()
        ui.on("lab_undo", lambda e: self._undo(str(e.args)))
        router = ui.context.client.sub_pages_router
        router.on_path_changed(self._activate)
        self._activate(router.current_path)

    def _top_bar(self) -> None:
        with box("topbar", "header"):
            html(
                '<button class="btn ghost icon only-s" data-nav aria-label="Open navigation">'
                f"{icon('menu')}</button>",
                "contents",
                "span",
            )
            self._crumbs = html("", "crumbs grow", "nav")
            self._crumbs.props["aria-label"] = "Breadcrumb"
            launch = ""
            if self.gateway.may(Action.LAUNCH):
                launch = (
                    '<a class="btn primary" href="/launch" aria-label="Launch">'
                    f'{icon("rocket", "sm")}<span class="hide-s">Launch</span></a>'
                )
            html(
                '<button class="btn ghost icon" data-theme-next aria-label="Theme: system">'
                f"{icon('monitor')}</button>{launch}",
                "hrow",
            )

    def _past_bar(self) -> None:
        """Says that it is not now, and how to come back; links stay in the past (``shell.js``)."""
        moment = self.gateway.moment
        if moment is None:
            return
        when = f"{moment.at:%-d %B %Y, %H:%M:%S} UTC"
        told = f"You are looking at the past: {when}, position {moment.position:,}. Nothing can be changed here."
        html(
            f"{icon('history')}<span class='grow'>{escape(told)}</span>"
            f'<a class="btn s" href="/" data-now>{icon("undo-2", "sm")}Return to now</a>',
            "asof",
        ).props.update({"role": "status", "data-as-of": str(moment.position)})

    def _sidebar(self, running: int) -> None:
        with box("side", "nav", aria_label="Main"):
            self._team()
            html(
                f'<button class="find" data-palette>{icon("search", "sm")}'
                '<span class="grow">Search or jump to…</span><kbd>⌘K</kbd></button>'
            )
            with box("navs"):
                for head, items in NAV:
                    if head:
                        html(escape(head), "navhead")
                    for label, href, glyph, _ in items:
                        self._nav_link(label, href, glyph)
                if self.is_admin:
                    self._nav_link(*ADMIN[:3])
            self._show_running(running)
            self._person()

    def _nav_link(self, label: str, href: str, glyph: str) -> None:
        with box("nav", "a", href=href) as entry:
            html(f"{icon(glyph)}<span>{escape(label)}</span>", "contents", "span")
            if href == "/jobs":
                self._running = html("", "live", "span")
                self._live = box("contents", "span")
            elif href == "/providers":
                self._away = html("", "live", "span")
        self._links[href] = entry

    def _team(self) -> None:
        team = self.me.team
        name, role = (team.name, team.role) if team else ("No team", "")
        inner = (
            f'{_logo(team, "logo")}<span class="grow">'
            f'<span class="b6 ellipsis block"><span class="sr">Team: </span>{escape(name)}</span>'
            f'<span class="t-xs muted">{escape(role.title())}</span></span>'
        )
        with box("team", "button", aria_haspopup="menu"):
            html(inner + icon("chevrons-up-down", "sm"), "contents", "span")
            with ui.menu().props("auto-close role=dialog aria-label=Teams"):
                here = team.id if team else ""
                menu = "".join(_team_choice(t, here=t.id == here) for t in self.me.teams)
                new = f'<a class="mi" role="menuitem" href="/team/new">{icon("plus", "sm")}New team…</a>'
                html(menu + new, "", "div").props["role"] = "menu"

    def _person(self) -> None:
        name, email = self.me.name, self.me.email
        html(
            f'{avatar(name, "lg")}<a class="grow" href="/account" title="Your account">'
            f'<span class="b5 ellipsis block">{escape(name)}</span>'
            f'<span class="t-xs faint ellipsis block">{escape(email)}</span></a>'
            '<form method="post" action="/logout"><button class="btn ghost s icon" aria-label="Sign out" '
            f'title="Sign out">{icon("log-out", "sm")}</button></form>',
            "foot",
        )

    def follow(self) -> None:
        """Keep the frame up to date. Called once the page is built: waiting for a connection sends it."""

        async def look(_: list[Change]) -> None:
            self._show_running((await self.gateway.job_counts()).get("RUNNING", 0))
            away = [p.name for p in await self.gateway.providers() if p.unreachable_since]
            dot = '<span class="dot" data-st="FAILED"></span>'
            told = f"<span class='sr'>{escape(', '.join(away))} unreachable</span>"
            self._away.set_content(dot + told if away else "")

        with self._live:
            follow(lambda: self.gateway.watch(lambda c: not c.telemetry), look, every_s=1.0)

    def _show_running(self, count: int) -> None:
        dot = '<span class="dot pulse" data-st="RUNNING"></span>'
        number = f"{dot}{count}<span class='sr'> running</span>" if count else ""
        self._running.set_content(number)

    def _activate(self, path: str) -> None:
        here = path.split("?", maxsplit=1)[0]
        fits = [h for h in self._links if here == h or (h != "/" and here.startswith(f"{h}/"))]
        best = max(fits, key=len, default="")
        for href, entry in self._links.items():
            wanted = "page" if href == best else "false"
            if entry.props.get("aria-current", "false") != wanted:
                entry.props["aria-current"] = wanted
                entry.update()


def _logo(team: TeamRow | None, cls: str) -> str:
    """Its picture, else its first letters; its name is beside it."""
    if team is not None and team.logo:
        src = escape(logo_path(team.id, team.logo))
        return f'<img class="{cls}" src="{src}" alt="" width="26" height="26">'
    name = team.name if team else "No team"
    return f'<span class="{cls}" aria-hidden="true">{escape(name[:2].upper())}</span>'


def _team_choice(team: TeamRow, *, here: bool) -> str:
    tick = f'<span class="grow"></span>{icon("check", "sm")}' if here else ""
    return (
        '<form method="post" action="/team"><button class="mi" role="menuitem" name="team" '
        f'value="{escape(team.id)}">{_logo(team, "logo s")}{escape(team.name)}{tick}</button></form>'
    )
