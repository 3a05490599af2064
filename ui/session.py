"""Who uses the pages: the session cookie, signing in and out, and the guard around pages and sockets.

Pure ASGI, so that it also sees the WebSocket that carries every event of a page. Not here: what a
person may do, which every command and read decides for itself.
"""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlencode, urlsplit

from nicegui import Client
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from application import refusals
from application.account_ports import Caller
from application.actor import Actor
from application.commands.accounts import found_team, sign_in
from application.commands.setup import FirstAccount, set_up, setup_open
from application.commands.tokens import revoke_credential
from application.use import Use
from domain.errors import LabError, NotAuthenticated, NotFound, RateLimited
from ui.rate import Tries

OPEN = frozenset({"/login", "/logout", "/setup", "/forgot", "/register", "/favicon.ico"})
UNGUARDED = (
    "/static/", "/_nicegui/", "/invitation/", "/reset/", "/sign-in/", "/verify/", "/register/",
    "/oidc/",
)  # fmt: skip
SOCKET = "/_nicegui_ws/"
TEAM_COOKIE = "lab_team"
MAX_AGE_S = 14 * 86_400
_FIRST = ("name", "email", "password", "team")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
REFUSED = 4401
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""NiceGUI compiles templates in the browser, hence ``unsafe-eval``; nothing loads from elsewhere."""
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)


class Guard:
    """Lets nothing but the sign-in pages and assets through without a session; adds safety headers."""

    def __init__(self, app: ASGIApp, use: Use) -> None:
        self._app = app
        self._use = use

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        send = _with_headers(send) if scope["type"] == "http" else send
        refusal = await self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": REFUSED})
        else:
            await refusal(scope, receive, send)

    async def _refusal(self, scope: Scope) -> Response | None:
        path = str(scope["path"])
        socket = path.startswith(SOCKET)
        if (socket or scope.get("method", "GET") not in SAFE) and not same_origin(scope, self._use):
            return PlainTextResponse("This request came from another site.", 403)
        if not socket and (path in OPEN or path.startswith(UNGUARDED)):
            return None
        actor = await self._actor(scope)
        scope.setdefault("state", {})["actor"] = actor
        if socket:
            mine = _page_owner(scope) in (None, actor.user if actor else "")
            return None if mine else PlainTextResponse("Sign in first.", 401)
        return None if actor else await self._to_sign_in(scope)

    async def _actor(self, scope: Scope) -> Actor | None:
        cookies = HTTPConnection(scope).cookies
        secret = cookies.get(self._use.session_cookie, "")
        if not secret:
            return None
        return await run_in_threadpool(
            authenticated, self._use, secret, cookies.get(TEAM_COOKIE, "")
        )

    async def _to_sign_in(self, scope: Scope) -> Response:
        if await run_in_threadpool(setup_open, self._use.lab):
            return RedirectResponse("/setup", 303)
        query = scope["query_string"].decode("latin-1")
        wanted = scope["path"] + (f"?{query}" if query else "")
        return RedirectResponse(f"/login?next={quote(wanted)}", 303)


def authenticated(use: Use, secret: str, team: str) -> Actor | None:
    """Who ``secret`` belongs to, in ``team`` or their first one; ``None`` when it is not good."""
    for wanted in dict.fromkeys((team, "")):
        try:
            return use.authenticate(bearer="", cookie=secret, team=wanted)
        except NotFound:
            continue
        except NotAuthenticated:
            return None
    return None


def same_origin(scope: Scope, use: Use) -> bool:
    """Whether the page that sent this is ours: the Origin header, which browsers do not let pages forge."""
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    if origin is None:
        site = headers.get("sec-fetch-site")
        return site == "same-origin" or (site is None and scope.get("method") in SAFE)
    ours = {headers.get("host", ""), urlsplit(use.base_url).netloc}
    return urlsplit(origin).netloc in ours


def local_path(value: str) -> str:
    """``value`` when it is a path on this site, else the first page."""
    local = value.startswith("/") and not value.startswith(("//", "/\\")) and value.isprintable()
    return value if local else "/"


class SignInRoutes:
    """Plain form posts: they work before any script has loaded, and set the cookie themselves."""

    def __init__(self, use: Use) -> None:
        self._use = use
        self._tries = Tries()

    async def sign_in(self, request: Request) -> Response:
        """``POST /login``. Every refusal looks the same, whoever was meant."""
        form = await request.form()
        wanted = local_path(str(form.get("next", "")))
        email, password = str(form.get("email", "")), str(form.get("password", ""))
        caller = caller_of(request)
        try:
            session = await run_in_threadpool(
                sign_in, self._use.lab, email=email, password=password, caller=caller
            )
        except RateLimited as error:
            refusals.mark(request.scope, error.code)
            return RedirectResponse(f"/login?error=rate&next={quote(wanted)}", 303)
        except LabError as error:
            refusals.mark(request.scope, error.code)
            return RedirectResponse(f"/login?error=1&next={quote(wanted)}", 303)
        await self.end_present(request)
        return self.with_session(RedirectResponse(wanted, 303), session.secret)

    async def end_present(self, request: Request) -> None:
        """End the session that this browser had until now: it gets a new one."""
        secret = request.cookies.get(self._use.session_cookie, "")
        if secret:
            await run_in_threadpool(_revoke, self._use, secret)

    async def set_up(self, request: Request) -> Response:
        """``POST /setup``: the first account. A refusal goes back to the form with its sentence."""
        form = {key: str(value) for key, value in (await request.form()).items()}
        source = request.client.host if request.client else ""
        if not self._tries.allowed(source, "setup"):
            return RedirectResponse("/setup?error=rate", 303)
        try:
            first = FirstAccount(**{key: form.get(key, "") for key in _FIRST})
            session = await run_in_threadpool(
                set_up,
                self._use.lab,
                first,
                code=form.get("code", ""),
                secret=self._use.page_secret,
            )
        except LabError as error:
            self._tries.failed(source, "setup")
            kept = {key: form.get(key, "") for key in ("name", "email", "team")}
            return RedirectResponse(f"/setup?{urlencode({'error': str(error), **kept})}", 303)
        await self._use.knows_all()
        return self.with_session(RedirectResponse("/", 303), session.secret)

    def with_session(self, response: Response, secret: str) -> Response:
        """``response`` with the cookie that holds ``secret``."""
        response.set_cookie(
            self._use.session_cookie,
            secret,
            max_age=MAX_AGE_S,
            httponly=True,
            samesite="lax",
            secure=self._use.base_url.startswith("https://"),
        )
        return response

    async def sign_out(self, request: Request) -> Response:
        """``POST /logout``: ends the session and every open page of it, which live on their socket."""
        await self.end_present(request)
        await leave_ended_pages(self._use)
        response = RedirectResponse("/login", 303)
        response.delete_cookie(self._use.session_cookie)
        return response

    async def choose_team(self, request: Request) -> Response:
        """``POST /team``: act in another team from now on. A team one is not in is ignored on use."""
        form = await request.form()
        response = RedirectResponse("/", 303)
        team = str(form.get("team", ""))
        response.set_cookie(TEAM_COOKIE, team, max_age=MAX_AGE_S, httponly=True, samesite="lax")
        return response

    async def make_team(self, request: Request) -> Response:
        """``POST /team/new``: found a team and act in it from now on."""
        form = await request.form()
        secret = request.cookies.get(self._use.session_cookie, "")
        actor = await run_in_threadpool(authenticated, self._use, secret, "")
        if actor is None:
            return RedirectResponse("/login", 303)
        name, lab, user = str(form.get("name", "")), self._use.lab, actor.user
        try:
            made = await run_in_threadpool(lambda: found_team(lab, actor, name=name, owner=user))
        except LabError as error:
            return RedirectResponse(f"/team/new?{urlencode({'error': str(error)})}", 303)
        await self._use.knows_all()
        response = RedirectResponse("/", 303)
        response.set_cookie(TEAM_COOKIE, made, max_age=MAX_AGE_S, httponly=True, samesite="lax")
        return response


def caller_of(request: Request) -> Caller:
    """Where a request came from, for the person's own list of sessions."""
    address = request.client.host if request.client else ""
    return Caller(agent=request.headers.get("user-agent", ""), address=address)


async def leave_ended_pages(use: Use, *, own: str = "") -> None:
    """Send every page of this process whose session has ended to the sign-in page.

    Not those of the session ``own``: the browser that asked is being answered with a new one.
    """
    pages = list(Client.instances.values())
    every = {page.id: page.request.cookies.get(use.session_cookie, "") for page in pages}
    secrets = {page: secret for page, secret in every.items() if secret != own}

    def ended() -> set[str]:
        known = {secret: use.lab.credentials.find(secret) for secret in set(secrets.values())}
        return {page for page, secret in secrets.items() if known[secret] is None}

    over = await run_in_threadpool(ended)
    for page in pages:
        if page.id in over and isinstance(page.request.scope.get("state", {}).get("actor"), Actor):
            page.run_javascript('location.replace("/login")')


def _revoke(use: Use, secret: str) -> None:
    found = use.lab.credentials.find(secret)
    actor = authenticated(use, secret, "")
    if found and actor:
        revoke_credential(use.lab, actor, found.id)


def _page_owner(scope: Scope) -> str | None:
    """The user whose page a socket wants to drive; ``None`` for a page of nobody, as the sign-in page is."""
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("client_id", [""])[0]
    page = Client.instances.get(asked)
    owner = page.request.scope.get("state", {}).get("actor") if page else None
    return owner.user if isinstance(owner, Actor) else None


def _with_headers(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *HEADERS]
        await send(message)

    return answer
