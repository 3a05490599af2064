"""One's own account: password, open sessions, API tokens. ``own_account.py`` answers its plain forms."""

from collections.abc import Sequence
from html import escape

from nicegui import PageArguments

from application.account_ports import IdentityProvider, SessionSeen
from application.permissions import Action
from ui.components.layout import box, card, heading, html
from ui.components.markup import ago, icon, note, span
from ui.pages.api_tokens import api_tokens, ask_token
from ui.pages.plain_forms import field
from ui.shell import Shell

TOLD = {
    "password": "Your password is changed. Your other sessions have ended.",
    "sessions": "Done. What was open there is signed out.",
    "mail": "A link is on its way to your address. Look into your mailbox.",
    "verified": "Your address is confirmed.",
    "linked": "Linked. You can sign in there from now on.",
    "token": "The token is revoked. It works no more.",
}


async def account(shell: Shell, args: PageArguments) -> None:
    """``/account``; ``new=token`` asks for one at once."""
    shell.crumbs(("Your account", "/account"))
    own = await shell.gateway.own_account()
    told = TOLD.get(str(args.query_parameters.get("told", "")), "")
    error = str(args.query_parameters.get("error", ""))
    with box("page narrow-page"):
        heading("Your account", shell.me.email)
        if told or error:
            html(note(error or told, kind="bad" if error else ""), "note bad" if error else "note")
        if not own.verified and own.sends_mail:
            _unconfirmed()
        _sessions(own.sessions, own.current)
        api_tokens(shell.gateway, own.tokens)
        if own.linked or own.linkable:
            _identities(own.linked, own.linkable)
        _password()
    if args.query_parameters.get("new") == "token" and shell.gateway.may(Action.ISSUE_TOKENS):
        ask_token(shell.gateway)


def _unconfirmed() -> None:
    ask = _form("/account/verify", "Send link")
    text = "Nobody has confirmed yet that this address is yours."
    html(note(text, kind="warn", extra=ask), "note warn")


def _sessions(rows: list[SessionSeen], current: str) -> None:
    others = _form("/account/sessions/end", "End all others") if len(rows) > 1 else ""
    with card("Sessions", extra=others):
        html("".join(_session(row, mine=row.id == current) for row in rows), "rows")


def _session(row: SessionSeen, *, mine: bool) -> str:
    agent = agent_name(row.agent)
    seen = f"last used {ago(row.used_at or row.opened_at)} · opened {ago(row.opened_at)}"
    where = f" · {escape(row.address)}" if row.address else ""
    end = _form("/account/sessions/end", "End", session=row.id)
    side = span("this one", "tag") if mine else end
    return _row("monitor", agent, seen + where, side)


def _identities(linked: Sequence[str], linkable: Sequence[IdentityProvider]) -> None:
    rows = [_row("link", issuer, "linked", "") for issuer in linked]
    rows += [
        _row("link", p.label, "sign in there", _form(f"/account/link/{p.name}", "Link"))
        for p in linkable
    ]
    with card("Sign in elsewhere"):
        html("".join(rows), "rows")


def _password() -> None:
    with card("Password"):
        fields = (
            field("Present password", "old", "password", autocomplete="current-password")
            + field(
                "New password",
                "new",
                "password",
                hint="At least 10 characters. Your other sessions end.",
                autocomplete="new-password",
            )
            + '<button class="btn">Change password</button>'
        )
        form = html(fields, "body vcol g4", "form")
        form.props("method=post action=/account/password")


def _row(glyph: str, name: str, below: str, side: str) -> str:
    return (
        f'<div class="list-row">{icon(glyph)}<div class="grow"><div class="b5 ellipsis">{escape(name)}'
        f'</div><div class="t-xs muted">{below}</div></div>{side}</div>'
    )


def _form(action: str, label: str, **hidden: str) -> str:
    kept = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in hidden.items()
    )
    return (
        f'<form method="post" action="{action}">{kept}<button class="btn s">{label}</button></form>'
    )


def agent_name(agent: str) -> str:
    """What a person calls the program that sent this ``User-Agent``: browser and system, roughly."""
    browsers = {"Edg/": "Edge", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
    systems = {"Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "Mac OS": "macOS"}
    browser = next((name for mark, name in browsers.items() if mark in agent), "")
    system = next(
        (name for mark, name in {**systems, "Linux": "Linux"}.items() if mark in agent), ""
    )
    if browser:
        return f"{browser} on {system}" if system else browser
    if agent.startswith("Python-urllib"):
        return "The command line"
    return agent.partition(" ")[0][:60] or "A program"
