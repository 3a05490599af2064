"""The people of a team on the page of quotas: what each used and may use, in hours and in money."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from functools import partial
from html import escape

from nicegui import ui

from application.account_reads import Member
from application.budget_reading import BudgetView
from application.quota_reading import QuotaView
from domain.errors import InvalidInput
from ui.components.dialogs import modal, telling
from ui.components.layout import box, button, card, entry, field, html
from ui.components.markup import avatar, span
from ui.gateway import in_thread
from ui.shell import Shell
from ui.text import hours, money
from ui.usage_gateway import UsageGateway


async def people(shell: Shell, gateway: UsageGateway, *, manages: bool) -> None:
    """A card of everybody; ``manages``: whether the person may change their limits."""
    reads, actor = shell.gateway.reads, shell.gateway.actor
    members: Sequence[Member] = await in_thread(lambda: reads.members(actor))
    ids = [m.person.id for m in members]
    quotas, budgets, own = await asyncio.gather(
        gateway.of_members(ids), gateway.budgets_of_members(ids), gateway.budget()
    )
    many = f'<span class="faint t-sm num">{len(members)}</span>'
    with card("People", extra=many), box("list", "ul"):
        for member in members:
            one = _Person(
                gateway, member, quotas[member.person.id], budgets[member.person.id], own.currency
            )
            one.draw(manages=manages)


class _Person:
    def __init__(
        self, gateway: UsageGateway, member: Member, quota: QuotaView, budget: BudgetView, coin: str
    ) -> None:
        self._gateway = gateway
        self._id, self._name = member.person.id, member.person.name
        self._quota, self._budget, self._coin = quota, budget, coin
        self._hours, self._money = typed_hours(quota), typed_money(budget)

    def draw(self, *, manages: bool) -> None:
        with box("", "li"):
            html(
                f"{avatar(self._name)}<span class='grow'>{span(self._name, 'b5 block ellipsis')}"
                f"{span(self._told(), 't-sm faint')}</span>"
                f'<span class="w150 hide-s">{quota_bar(self._quota, self._name)}</span>',
                "hrow g3 grow",
            )
            if manages:
                button(
                    "Change", self._ask, glyph="pencil", cls="s ghost",
                    aria=f"Change the limits of {self._name}",
                )  # fmt: skip

    def _told(self) -> str:
        view, spent = self._quota, self._budget
        limit = "no limit of their own" if view.limit is None else f"of {hours(view.limit)}"
        told = f"{hours(view.charged)} used, {hours(view.held)} held, {limit}"
        if spent.limit is not None:
            told += (
                f"; {money(spent.charged, self._coin)} of {money(spent.limit, self._coin)} spent"
            )
        return told

    def _ask(self) -> None:
        typed = {"hours": self._hours, "money": self._money}
        title = f"Limits of {self._name}"
        with modal(title) as dialog, box("dlg"):
            html(f"<h2>{escape(title)}</h2>", "dh")
            with box("body vcol g4"):
                html(
                    "Of every month. Empty lifts a limit; below what is used, only new work is refused.",
                    "muted t-sm", "p",
                )  # fmt: skip
                for key, label in (("hours", "Hours"), ("money", f"Money, {self._coin}")):
                    with field(label, f"limit-{key}"):
                        take = partial(typed.__setitem__, key)
                        entry(f"limit-{key}", take, value=typed[key], inputmode="decimal")
            with box("df"):
                button("Cancel", dialog.close)
                button("Set limits", lambda: telling(self._set(typed, dialog)), cls="primary")
        dialog.open()

    async def _set(self, typed: dict[str, str], dialog: ui.dialog) -> None:
        minutes, spend = minutes_of(typed["hours"].strip()), money_of(typed["money"].strip())
        if typed["hours"].strip() != self._hours:
            await self._gateway.set_limit(minutes, user=self._id)
        if typed["money"].strip() != self._money:
            await self._gateway.set_budget(spend, user=self._id)
        dialog.close()
        ui.navigate.reload()


def typed_hours(view: QuotaView) -> str:
    """The limit as a person would type it; empty without one."""
    return "" if view.limit is None else f"{view.limit / 3600:.10g}"


def typed_money(view: BudgetView) -> str:
    """The limit as a person would type it; empty without one."""
    return "" if view.limit is None else f"{view.limit:.15g}"


def minutes_of(typed: str) -> int | None:
    """Typed hours; nothing typed is no limit."""
    return round(_number(typed, "hours") * 60) if typed else None


def money_of(typed: str) -> float | None:
    """Typed money; nothing typed is no limit."""
    return _number(typed, "money") if typed else None


def _number(typed: str, field: str) -> float:
    try:
        number = float(typed.replace(",", ""))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInput(
            field=field, value=typed, way_out="Give a number, or nothing for no limit."
        )
    return number


def quota_bar(view: QuotaView, name: str) -> str:
    """What is used and held of a limit; nothing without one."""
    if not view.limit:
        return ""
    used, kept = (min(100.0, part / view.limit * 100) for part in (view.charged, view.held))
    label = f"{name}: {used + kept:.0f} percent of the quota is used or held"
    return (
        f'<div class="quota" role="meter" aria-label="{escape(label)}" aria-valuemin="0" aria-valuemax="100"'
        f' aria-valuenow="{min(used + kept, 100):.0f}"><i class="used" style="width:{used:.1f}%"></i>'
        f'<i class="held" style="width:{kept:.1f}%"></i></div>'
    )
