"""Everybody's API tokens in the team, for those who manage its members: whose, when last used, and their end."""

from functools import partial

from nicegui import ui

from application.account_reads import TokenHeld
from application.commands.tokens import revoke_credential
from application.permissions import Action
from ui.components.dialogs import confirmed, telling
from ui.components.layout import box, button, card, html
from ui.components.markup import ago, icon, span
from ui.gateway import Gateway, in_thread


async def team_tokens(gateway: Gateway) -> None:
    """A card; absent for others, and where there are none."""
    if not gateway.may(Action.MANAGE_MEMBERS):
        return
    held = await in_thread(lambda: gateway.reads.team_tokens(gateway.actor))
    if not held:
        return
    with card("API tokens"), box("list", "ul"):
        for one in held:
            _row(gateway, one)


def _row(gateway: Gateway, held: TokenHeld) -> None:
    row, whose = held.seen.row, held.holder.email or held.holder.name
    may = f" · may only {', '.join(row.scopes)}" if row.scopes else ""
    used = f"used {ago(held.seen.used_at, 'num')}" if held.seen.used_at else "never used"
    end = f" · until {row.expires_at:%Y-%m-%d}" if row.expires_at else ""
    with box("", "li"):
        html(
            f"{icon('key-round')}<span class='grow'>{span(f'{row.name} of {whose}', 'b5 block ellipsis')}"
            f"<span class='t-sm faint'>{span(row.prefix + '…', 'mono')} · {used}{span(may + end)}</span>"
            "</span>",
            "hrow g3 grow",
        )
        label = f"Revoke {row.name} of {whose}"
        button("Revoke", partial(_revoke_told, gateway, held), cls="s ghost", aria=label)


async def _revoke_told(gateway: Gateway, held: TokenHeld) -> None:
    await telling(_revoke(gateway, held))


async def _revoke(gateway: Gateway, held: TokenHeld) -> None:
    row = held.seen.row
    told = "It works no more from now on; whoever uses it needs another."
    if await confirmed(f"Revoke {row.name}?", told, "Revoke"):
        await gateway.do(lambda a: revoke_credential(gateway.use.lab, a, row.id))
        ui.navigate.reload()
