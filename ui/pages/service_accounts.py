"""Members that are no persons: made, shown with their role, and closed, from the members page."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from application.commands import service_accounts as commands
from application.permissions import Action
from domain.teams import Role
from projections.rows import ServiceAccountRow
from ui.components.dialogs import confirmed, modal, telling
from ui.components.layout import box, button, card, choice, entry, field, html
from ui.components.markup import ago, icon, span
from ui.gateway import Gateway, in_thread

ROLES = (Role.MEMBER, Role.VIEWER, Role.ADMIN)


async def service_accounts(gateway: Gateway) -> None:
    """A card; absent for whoever may not look after them."""
    if not gateway.may(Action.MANAGE_SERVICES):
        return
    rows = await in_thread(lambda: gateway.reads.service_accounts(gateway.actor))
    with card("Service accounts"):
        with box("list", "ul"):
            for row in rows:
                _row(gateway, row)
        with box("body hrow wrap"):
            button("New service account", lambda: _new(gateway), glyph="plus", cls="s")
            html(
                "For pipelines: tokens of its own, a role of its own, no person.",
                "t-sm faint",
                "span",
            )


def _row(gateway: Gateway, row: ServiceAccountRow) -> None:
    end = f" · until {row.expires_at:%Y-%m-%d}" if row.expires_at else ""
    with box("", "li"):
        html(
            f"{icon('terminal')}<span class='grow'>{span(row.name, 'b5 block ellipsis')}"
            f"<span class='t-sm faint'>{span(row.role.title() or 'closed')}, made {ago(row.made_at, 'num')}"
            f"{span(end)}</span></span>",
            "hrow g3 grow",
        )
        if row.closed_at is None:
            button("Close", partial(_close, gateway, row), cls="s ghost", aria=f"Close {row.name}")


def _new(gateway: Gateway) -> None:
    given = {"name": "", "role": Role.MEMBER.value}

    async def save() -> None:
        make = commands.make_service_account
        await gateway.do(
            lambda a: make(gateway.use.lab, a, name=given["name"], role=Role(given["role"]))
        )
        dialog.close()
        ui.navigate.reload()

    with modal("New service account") as dialog, box("dlg"):
        html("<h2>New service account</h2>", "dh")
        with box("body vcol g4"):
            with field("Name", "service-name"):
                entry("service-name", lambda v: given.update(name=v), autofocus="true")
            with field("Role", "service-role"):
                options = [(role.value, role.title()) for role in ROLES]
                choice("service-role", options, lambda v: given.update(role=v), value=given["role"])
        with box("df"):
            button("Cancel", dialog.close)
            button("Make it", lambda: telling(save()), cls="primary")
    dialog.open()


async def _close(gateway: Gateway, row: ServiceAccountRow) -> None:
    async def close() -> None:
        await gateway.do(lambda a: commands.close_service_account(gateway.use.lab, a, row.id))
        ui.navigate.reload()

    body = "Its tokens stop working at once and it can do nothing any more. What it did stays."
    if await confirmed(f"Close {row.name}?", body, "Close it"):
        await telling(close())
