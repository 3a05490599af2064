"""Mounts the pages on the web process's app; the only place that starts NiceGUI.

Everything NiceGUI serves sits behind one guard; the API beside it has its own authentication.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from nicegui import ui
from nicegui.storage import Storage
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from application.actor import Actor
from application.commands.setup import setup_code, setup_open
from application.moments import read_as_of
from application.queries import Reads
from application.use import Use
from domain.errors import LabError, StoreUnavailable
from ui.by_mail import MailRoutes
from ui.cli_login import CliLoginRoutes
from ui.counts import Counts
from ui.gateway import Gateway
from ui.identity import IdentityRoutes
from ui.joining import PREFIX, Joining
from ui.link_pages import build_links
from ui.own_account import AccountRoutes
from ui.pages.account import account
from ui.pages.admin import admin
from ui.pages.artifact_group import artifact_group
from ui.pages.artifacts import artifacts
from ui.pages.audit import audit
from ui.pages.coming import sessions, sweeps
from ui.pages.compare import compare
from ui.pages.experiment import experiment
from ui.pages.experiments import experiments
from ui.pages.gallery import gallery_page
from ui.pages.home import home
from ui.pages.import_task import import_task
from ui.pages.invitation import invitation_page
from ui.pages.job import job
from ui.pages.jobs import jobs
from ui.pages.kit import kit
from ui.pages.launch import launch
from ui.pages.login import login_page, setup_page
from ui.pages.members import members
from ui.pages.no_team import no_team
from ui.pages.notifications import notifications
from ui.pages.provider import provider
from ui.pages.provider_new import provider_new
from ui.pages.providers import providers
from ui.pages.quota import quota
from ui.pages.secrets import secrets
from ui.pages.task import new_task, task
from ui.pages.tasks import tasks
from ui.pages.team_new import team_new
from ui.session import Guard, SignInRoutes, local_path
from ui.shared import Shared
from ui.shell import Page, Shell
from ui.theme.status import STATUS
from ui.views.completion import known_keys

_log = logging.getLogger(__name__)
HERE = Path(__file__).parent
SHEETS = ("tokens", "base", "components", "pages", "more")
ANSWER_S = 15.0
FIRST_PAGE_S = 3.0
TAB_KEPT_S = 60.0
"""NiceGUI makes a store for every browser tab; it would be kept for a month, and is never used here."""
THEMES = frozenset({"light", "dark"})
FIRST_PAINT = (
    '<script>document.documentElement.dataset.theme=(t=>t==="dark"||(t==="auto"&&'
    'matchMedia("(prefers-color-scheme: dark)").matches)?"dark":"light")("{theme}");'
    'document.documentElement.dataset.density="{density}";'
    "window.LAB_STATUS={glyphs}</script>"
    '<link rel="preload" href="/static/fonts/inter-latin.woff2" as="font" type="font/woff2" crossorigin>'
    '<link rel="stylesheet" href="/static/app.css?{version}">'
    '<script defer src="/static/shell.js?{version}"></script>'
)
ROUTES: Mapping[str, Page] = {
    "/": home,
    "/compare": compare,
    "/sweeps": sweeps,
    "/sessions": sessions,
    "/artifacts": artifacts,
    "/artifacts/{kind}": artifact_group,
    "/jobs": jobs,
    "/jobs/{id}": job,
    "/jobs/{id}/{tab}": job,
    "/tasks": tasks,
    "/tasks/new": new_task,
    "/tasks/gallery": gallery_page,
    "/tasks/import": import_task,
    "/tasks/{id}": task,
    "/launch": launch,
    "/providers": providers,
    "/providers/new": provider_new,
    "/providers/{id}": provider,
    "/experiments": experiments,
    "/experiments/{id}": experiment,
    "/experiments/{id}/{tab}": experiment,
    "/quota": quota,
    "/members": members,
    "/audit": audit,
    "/account": account,
    "/secrets": secrets,
    "/notifications": notifications,
    "/admin": admin,
    "/team/new": team_new,
    "/_kit": kit,
}


def mount_pages(app: Starlette, use: Use) -> None:
    """Serve every page from ``app``, at the paths its own routes leave free. Call it last, once."""
    sign_in = SignInRoutes(use)
    joining = Joining(use, sign_in)
    cli = CliLoginRoutes(use)
    own, by_mail = AccountRoutes(use, sign_in), MailRoutes(use, sign_in)
    sheet = "\n".join((HERE / "theme" / f"{name}.css").read_text() for name in SHEETS)
    version = hashlib.sha256(sheet.encode()).hexdigest()[:10]
    pages = Starlette(
        routes=[
            Route("/login", sign_in.sign_in, methods=["POST"]),
            Route("/logout", sign_in.sign_out, methods=["POST"]),
            Route("/setup", sign_in.set_up, methods=["POST"]),
            Route(PREFIX + "{secret}", joining.join, methods=["POST"]),
            Route("/team", sign_in.choose_team, methods=["POST"]),
            Route("/team/new", sign_in.make_team, methods=["POST"]),
            *own.routes(),
            *by_mail.routes(),
            *IdentityRoutes(use, sign_in).routes(),
            *cli.routes(),
            Route("/static/app.css", _style(sheet)),
            Route("/static/task-keys.json", _task_keys),
            Route("/favicon.ico", _mark),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ]
    )
    _build_invitation(joining, version)
    build_links(use, partial(_head, version=version))
    cli.build(partial(_head, version=version))
    _build_pages(use, version)
    _start_nicegui(pages)
    app.mount("/", Guard(pages, use))
    _run_together(app, pages, use)


def _start_nicegui(pages: Starlette) -> None:
    Storage.max_tab_storage_age = TAB_KEPT_S
    ui.run_with(
        pages,  # type: ignore[arg-type]  # a Starlette app has everything that run_with uses
        title="Labledger",
        dark=None,
        language="en-US",
        binding_refresh_interval=None,
        reconnect_timeout=20.0,
        tailwind=False,
        show_welcome_message=False,
    )


def _build_invitation(joining: Joining, version: str) -> None:
    @ui.page(PREFIX + "{secret}", title="Invitation · Labledger")
    async def invitation_route(request: Request, secret: str, error: str = "") -> None:
        _head(request, version)
        offered = await joining.offered(request, secret)
        _, address = await joining.member(request)
        elsewhere = joining.elsewhere()
        invitation_page(offered, secret, member=address, error=error, elsewhere=elsewhere)


def _build_pages(use: Use, version: str) -> None:
    shared = Shared(counts=Counts(Reads(use.lab, use.queries, use.telemetry)))

    @ui.page("/login", title="Sign in · Labledger")
    async def login_route(request: Request, error: str = "", next: str = "/") -> None:
        _head(request, version)
        possible = use.lab.policy.registration.possible
        known = use.lab.identities.all()
        login_page(error, local_path(next), register=possible, elsewhere=known)

    @ui.page("/setup", title="Set up · Labledger")
    async def setup_route(request: Request) -> Response | None:
        if not await run_in_threadpool(setup_open, use.lab):
            return PlainTextResponse("This server is set up. Sign in at /login.", 404)
        _head(request, version)
        setup_page(dict(request.query_params))
        return None

    @ui.page("/", response_timeout=ANSWER_S)
    @ui.page("/{_:path}", response_timeout=ANSWER_S)
    async def window(request: Request) -> Response | None:
        actor = request.scope["state"].get("actor")
        if not isinstance(actor, Actor):  # an address under the assets that is none of them
            return PlainTextResponse("Not found", 404)
        _head(request, version)
        past = await _past(use, request.query_params.get("as_of", ""))
        gateway = Gateway(use, actor, request.cookies.get(use.session_cookie, ""), shared, past)
        me = await gateway.me()
        if me.team is None:
            no_team(me, past=gateway.moment is not None)
            return None
        running = (await gateway.job_counts()).get("RUNNING", 0)
        shell = Shell(gateway, me)
        shell.build(ROUTES, running)
        await _built(shell)
        shell.follow()
        return None


async def _past(use: Use, asked: str) -> Reads | None:
    """The reads of a moment that the address asks for; what is no moment is now."""
    if not asked:
        return None
    try:
        as_of = read_as_of(asked)
        return await run_in_threadpool(Reads(use.lab, use.queries, use.telemetry).at, as_of)
    except LabError as error:
        _log.info("as of %r: %s", asked, error)
        return None


async def _built(shell: Shell) -> None:
    """Answer with the page in it, and its status; a slow one follows over the socket."""
    with suppress(TimeoutError):
        await asyncio.wait_for(shell.built.wait(), FIRST_PAGE_S)


def _head(request: Request, version: str) -> None:
    """What the first paint needs, decided on the server so that no theme flashes."""
    chosen = request.cookies.get("theme", "")
    theme = chosen if chosen in THEMES else "auto"
    glyphs = json.dumps({key: glyph for key, (_, glyph) in STATUS.items()}).replace("</", "<\\/")
    density = "dense" if request.cookies.get("density") == "dense" else ""
    first = FIRST_PAINT.replace("{density}", density)
    head = first.replace("{theme}", theme).replace("{version}", version)
    ui.add_head_html(head.replace("{glyphs}", glyphs))
    _own_main()


def _own_main() -> None:
    """Quasar draws the whole frame as ``<main>``; ours is the real one."""
    slot = ui.context.client.content.parent_slot
    if slot is not None:
        slot.parent.tag = "div"


async def _mark(request: Request) -> Response:
    del request
    return FileResponse(HERE / "static" / "mark.svg", media_type="image/svg+xml")


async def _task_keys(request: Request) -> Response:
    """What the editor offers; it changes with the server alone."""
    del request
    return JSONResponse(known_keys(), headers={"cache-control": "no-cache"})


def _style(sheet: str) -> Callable[[Request], Awaitable[Response]]:
    async def style(request: Request) -> Response:
        del request
        cache = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(sheet, media_type="text/css", headers=cache)

    return style


def _run_together(app: Starlette, pages: Starlette, use: Use) -> None:
    """NiceGUI starts and stops inside the lifespan of ``app``."""
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: Starlette) -> AsyncIterator[Mapping[str, Any]]:
        async with outer(running) as state, pages.router.lifespan_context(pages):
            await run_in_threadpool(_tell_setup, use)
            yield state or {}

    app.router.lifespan_context = lifespan


def _tell_setup(use: Use) -> None:
    try:
        if setup_open(use.lab):
            code = setup_code(use.page_secret)
            _log.warning("No account yet: open %s/setup, set-up code %s", use.base_url, code)
    except StoreUnavailable as error:
        _log.warning("the database is away: %s", error)
