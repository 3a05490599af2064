"""One's API tokens: a new one with what it may and until when, shown once; and the end of each."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from nicegui import ui

from application.commands.tokens import issue_token
from application.permissions import SCOPES, Action
from projections.rows import TokenRow
from ui.components.dialogs import modal, telling
from ui.components.layout import box, button, card, choice, entry, field, html, switch
from ui.components.markup import ago, copyable, empty, icon, note, span
from ui.gateway import Gateway

ENDS = (("30", "30 days"), ("90", "90 days"), ("365", "One year"), ("", "No end"))
ENDS_AT_FIRST = "90"
WORDS = {
    "read": "Read everything",
    "jobs": "Launch and stop jobs",
    "tasks": "Change tasks and experiments",
    "providers": "Manage compute providers",
    "secrets": "Set secrets",
    "quotas": "Change quotas",
    "members": "Manage members",
    "notifications": "Change notifications",
}
"""What a scope lets a token do, within what its owner may; every scope reads."""


def api_tokens(gateway: Gateway, rows: Sequence[TokenRow]) -> None:
    """A card of those that work, and the way to another."""
    with card("API tokens", extra=f'<span class="faint t-sm num">{len(rows)}</span>'):
        if rows:
            html("".join(_token(row) for row in rows), "rows")
        else:
            told = "For scripts and pipelines; the command line gets its own by lab login."
            html(empty("None in this team", told, glyph="key-round"), "empty small")
        if gateway.may(Action.ISSUE_TOKENS):
            with box("body"):
                button("New token", lambda: ask_token(gateway), glyph="plus", cls="s")


def _token(row: TokenRow) -> str:
    scopes = f"may only {', '.join(row.scopes)} · " if row.scopes else ""
    expires = f" · until {row.expires_at:%Y-%m-%d}" if row.expires_at else ""
    seen = (
        f"<code>{escape(row.prefix)}…</code> · {escape(scopes)}made {ago(row.issued_at)}{expires}"
    )
    end = (
        '<form method="post" action="/account/tokens/revoke">'
        f'<input type="hidden" name="token" value="{escape(row.id)}">'
        f'<button class="btn s" aria-label="Revoke {escape(row.name)}">Revoke</button></form>'
    )
    return (
        f'<div class="list-row">{icon("key-round")}<div class="grow">{span(row.name, "b5 ellipsis block")}'
        f'<div class="t-xs muted">{seen}</div></div>{end}</div>'
    )


def ask_token(gateway: Gateway) -> None:
    """Its name, what it may and until when."""
    asked = _Asked(gateway)
    with modal("New API token") as dialog, box("dlg") as place:
        html("<h2>New API token</h2>", "dh")
        with box("body vcol g4"):
            with field("Name", "token-name", hint="Where it is used, such as laptop or nightly."):
                entry("token-name", asked.take_name, autofocus="true")
            with field("Works for", "token-ends"):
                choice("token-ends", list(ENDS), asked.take_end, value=ENDS_AT_FIRST)
            with box("vcol g2", "fieldset"):
                html("May do", "b5", "legend")
                html("Everything that you may, unless you choose.", "t-sm faint", "p")
                for scope in SCOPES:
                    asked.offer(scope)
        with box("df"):
            button("Cancel", dialog.close)
            button("Make it", lambda: telling(_make(asked, place)), cls="primary")
    dialog.open()


class _Asked:
    """What was chosen so far."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._name, self._days = "", ENDS_AT_FIRST
        self._scopes: set[str] = set()

    def take_name(self, value: str) -> None:
        self._name = value.strip()

    def take_end(self, value: str) -> None:
        self._days = value

    def offer(self, scope: str) -> None:
        def take(value: str) -> None:
            (self._scopes.add if value == "true" else self._scopes.discard)(scope)

        switch(f"token-{scope}", WORDS.get(scope, scope), take, on=False)

    async def issue(self) -> str:
        """The secret, which is nowhere afterwards."""
        lab, name, days = self.gateway.use.lab, self._name, self._days
        scopes = [scope for scope in SCOPES if scope in self._scopes]
        _, secret = await self.gateway.do(
            lambda a: issue_token(
                lab, a, name=name, scopes=scopes, days=int(days) if days else None
            )
        )
        return secret


async def _make(asked: _Asked, place: ui.element) -> None:
    secret = await asked.issue()
    place.clear()
    with place:
        html("<h2>Your new token</h2>", "dh")
        with box("body vcol g4"):
            told = "Copy it now: it is shown this once and kept nowhere."
            html(note(told, kind="warn"), "note warn")
            html(copyable(secret), "token-once")
        with box("df"):
            button("Done", ui.navigate.reload, cls="primary")
