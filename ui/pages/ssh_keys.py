"""SSH keys that were made here: the public parts to hand out, and the making of another."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from application.commands.secrets import make_ssh_key
from projections.rows import SecretRow
from ui.components.dialogs import modal, telling
from ui.components.layout import box, button, card, entry, field, html, switch
from ui.components.markup import ago, copyable, empty, icon, span
from ui.gateway import Gateway

SHOWN = 12
"""Last characters of a public key that tell it from others; all of it is copied."""


def ssh_keys(gateway: Gateway, rows: Sequence[SecretRow], *, may: bool) -> None:
    """A card of the keys among ``rows``; ``may``: whether the person may make one."""
    made = [row for row in rows if row.public_key]
    with card("SSH keys", extra=f'<span class="faint t-sm num">{len(made)}</span>'):
        with box("list", "ul"):
            if not made:
                told = (
                    "A cluster lets the holder in once the public part is in its authorized_keys."
                )
                with box("", "li"):
                    html(empty("None yet", told, glyph="key-round"), "empty grow small")
            for row in made:
                _row(row)
        if may:
            with box("body hrow wrap"):
                button("Make an SSH key", lambda: ask_ssh_key(gateway), glyph="plus", cls="s")
                told = "The private part becomes a secret that nobody sees, not even you."
                html(told, "t-sm faint grow", "span")


def _row(row: SecretRow) -> None:
    public = row.public_key or ""
    kind, blob, *_ = public.split()
    whose = "your own" if row.user_id else "of the team"
    with box("", "li"):
        html(
            f"{icon('key-round')}<span class='grow'>{span(row.name, 'b5 mono block ellipsis')}"
            f"<span class='t-sm faint block'>{whose}, made {ago(row.set_at, 'num')}</span>"
            f"{copyable(public, f'{kind} …{blob[-SHOWN:]}')}</span>",
            "hrow g3 grow",
        )


def ask_ssh_key(gateway: Gateway) -> None:
    """A name for a new pair; an old secret of that name is replaced."""
    given = {"name": ""}
    own = [False]

    async def make() -> None:
        lab, name = gateway.use.lab, given["name"].strip()
        await gateway.do(lambda a: make_ssh_key(lab, a, name=name, personal=own[0]))
        dialog.close()
        ui.navigate.to("/secrets")
        ui.navigate.reload()

    with modal("Make an SSH key") as dialog, box("dlg"):
        html("<h2>Make an SSH key</h2>", "dh")
        with box("body vcol g4"):
            hint = "Letters, digits and _. A secret of that name gets the new key as its value."
            with field("Name", "key-name", hint=hint):
                entry("key-name", lambda v: given.update(name=v), autofocus="true")
            switch(
                "key-own",
                "Only for my own jobs",
                lambda v: own.__setitem__(0, v == "true"),
                on=False,
            )
        with box("df"):
            button("Cancel", dialog.close)
            button("Make it", lambda: telling(make()), cls="primary")
    dialog.open()
