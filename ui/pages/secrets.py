"""Secrets of the team and one's own: names alone; values go in and never come out."""

from functools import partial
from html import escape

from nicegui import PageArguments, ui

from application.commands import secrets as commands
from application.permissions import Action
from projections.rows import SecretRow
from ui.components.dialogs import confirmed, modal, telling, toast
from ui.components.layout import area, box, button, card, entry, field, heading, html, switch
from ui.components.markup import ago, empty, icon, span
from ui.gateway import Gateway, in_thread
from ui.pages.ssh_keys import ask_ssh_key, ssh_keys
from ui.shell import Shell
from ui.text import by_whom


async def secrets(shell: Shell, args: PageArguments) -> None:
    """``/secrets``; ``new=1`` asks for one at once, ``new=key`` for an SSH key."""
    shell.crumbs(("Secrets", "/secrets"))
    gateway = shell.gateway
    rows = await in_thread(lambda: gateway.reads.secrets(gateway.actor))
    people = (await gateway.names()).people
    may = gateway.may(Action.WRITE_SECRETS)
    with box("page narrow-page"):
        with box("hrow spread wrap"):
            heading(
                "Secrets",
                "Tasks name them as {{secret.NAME}}; only the machine of a job sees a value.",
            )
            if may:
                button(
                    "Add a secret",
                    lambda: _ask(gateway, "", personal=False),
                    glyph="plus",
                    cls="primary",
                )
        for title, own in (("Of the team", False), ("Your own", True)):
            some = [row for row in rows if bool(row.user_id) is own]
            with (
                card(title, extra=f'<span class="faint t-sm num">{len(some)}</span>'),
                box("list", "ul"),
            ):
                if not some:
                    told = "Keys and tokens that jobs need."
                    with box("", "li"):
                        html(empty("None yet", told, glyph="key-round"), "empty grow small")
                for row in some:
                    _row(gateway, row, by_whom(row.set_by, people), may=may)
        ssh_keys(gateway, rows, may=may)
    asked = args.query_parameters.get("new", "") if may else ""
    if asked == "key":
        ask_ssh_key(gateway)
    elif asked:
        _ask(gateway, "", personal=False)


def _row(gateway: Gateway, row: SecretRow, who: str, *, may: bool) -> None:
    personal = bool(row.user_id)
    with box("", "li"):
        html(
            f"{icon('key-round')}<span class='grow'>{span(row.name, 'b5 mono block ellipsis')}"
            f"<span class='t-sm faint'>set {ago(row.set_at, 'num')} by {span(who)}, version {row.number}</span></span>",
            "hrow g3 grow",
        )
        if may:
            button(
                "Replace", partial(_ask, gateway, row.name, personal=personal), cls="s",
                aria=f"Replace {row.name}",
            )  # fmt: skip
            button(
                "", partial(_delete, gateway, row.name, personal=personal), glyph="trash-2",
                cls="s ghost icon", aria=f"Delete {row.name}",
            )  # fmt: skip


def _ask(gateway: Gateway, name: str, *, personal: bool) -> None:
    given = {"name": name, "value": ""}
    own = [personal]

    async def save() -> None:
        lab = gateway.use.lab
        await gateway.do(
            lambda a: commands.set_secret(
                lab, a, name=given["name"].strip(), value=given["value"], personal=own[0]
            )
        )
        dialog.close()
        toast(f"{given['name']} is set")
        ui.navigate.reload()

    title = f"Replace {name}" if name else "Add a secret"
    with modal(title) as dialog, box("dlg"):
        html(f"<h2>{escape(title)}</h2>", "dh")
        with box("body vcol g4"):
            if not name:
                with field("Name", "secret-name", hint="Letters, digits and _."):
                    entry("secret-name", lambda v: given.update(name=v), autofocus="true")
                switch(
                    "secret-own",
                    "Only for my own jobs",
                    lambda v: own.__setitem__(0, v == "true"),
                    on=personal,
                )
            with field("Value", "secret-value", hint="It is never shown again."):
                area("secret-value", lambda v: given.update(value=v), rows="4", spellcheck="false")
        with box("df"):
            button("Cancel", dialog.close)
            button("Save", lambda: telling(save()), cls="primary")
    dialog.open()


async def _delete(gateway: Gateway, name: str, *, personal: bool) -> None:
    body = "Its value is forgotten for good. Jobs that name it are refused from now on."
    if await confirmed(f"Delete {name}?", body, "Delete secret"):
        await telling(_deleted(gateway, name, personal=personal))


async def _deleted(gateway: Gateway, name: str, *, personal: bool) -> None:
    delete, lab = commands.delete_secret, gateway.use.lab
    await gateway.do(lambda a: delete(lab, a, name=name, personal=personal))
    ui.navigate.reload()
