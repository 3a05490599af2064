"""Compute providers: whether each can be reached, what it says of itself, what could be had there."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from nicegui import background_tasks, ui

from application.permissions import Action
from domain.errors import LabError
from projections.rows import ProviderRow
from providers.base import Check, Offer
from ui.components.dialogs import telling, toast
from ui.components.layout import box, button, heading, html
from ui.components.markup import ago, avatar, empty, icon, note, span
from ui.gateway import Gateway
from ui.shell import Shell
from ui.text import plural
from ui.theme.status import chip

OFFERS = 8


async def providers(shell: Shell) -> None:
    shell.crumbs(("Providers", "/providers"))
    rows = await shell.gateway.providers()
    with box("page"):
        heading("Compute providers", "Machines, clusters and clouds this team can launch on.")
        if not rows:
            told = "Add one with `lab provider add`."
            html(empty("No providers yet", told, glyph="server"), "card empty")
        with box("tiles-wide"):
            for row in rows:
                _Provider(shell.gateway, row).draw()


class _Provider:
    """One card; it asks the provider once the page is there."""

    def __init__(self, gateway: Gateway, row: ProviderRow) -> None:
        self._gateway = gateway
        self._row = row

    def draw(self) -> None:
        row = self._row
        with box("card", "section", aria_label=row.name) as place:
            with box("", "header"):
                html(_name_html(row), "hrow grow g3")
                html(_health_html(row), "contents", "span")
            with box("body vcol g3"):
                if row.unreachable_since:
                    html(_away_html(row), "note bad")
                self._found = html('<div class="skel"></div><div class="skel"></div>', "vcol g3")
                with box("hrow"):
                    button("Check now", lambda: telling(self._ask()), glyph="plug-zap", cls="s")
                    if self._gateway.may(Action.MANAGE_PROVIDERS):
                        label = "Disable" if row.enabled else "Enable"
                        button(label, lambda: telling(self._switch()), cls="s ghost")
        background_tasks.create(telling(self._ask()), name=f"check {row.id}", context=place)

    async def _ask(self) -> None:
        try:
            check = await self._gateway.check(self._row.id)
            offers = await self._gateway.offers(self._row.id)
        except LabError as error:
            self._found.set_content(f'<div class="note bad">{note(str(error), kind="bad")}</div>')
            return
        self._found.set_content(f"{_check_html(check)}{_offers_html(offers)}")

    async def _switch(self) -> None:
        await self._gateway.set_enabled(self._row.id, on=not self._row.enabled)
        toast("Disabled: no new jobs go there" if self._row.enabled else "Enabled")
        ui.navigate.reload()


def _name_html(row: ProviderRow) -> str:
    tag = span("default", "tag") if row.is_default else ""
    return (
        f"{avatar(row.name, 'lg')}<span><h2>{escape(row.name)}</h2>"
        f'<span class="t-sm faint">{escape(row.kind)}</span></span>{tag}'
    )


def _health_html(row: ProviderRow) -> str:
    if not row.enabled:
        return chip("STOPPED", text="Disabled")
    if row.unreachable_since:
        return chip("FAILED", text="Unreachable")
    return chip("COMPLETE", text="Reachable")


def _away_html(row: ProviderRow) -> str:
    since = f"<span class='t-sm'>since {ago(row.unreachable_since, 'num')}</span>"
    return note(row.unreachable_reason or "It does not answer.", kind="bad", extra=since)


def _check_html(check: Check) -> str:
    rows = []
    for what, ok, detail in check.rows:
        colour, glyph = ("complete", "circle-check") if ok else ("failed", "circle-x")
        rows.append(
            f'<div class="check"><span style="color:var(--st-{colour})">{icon(glyph)}</span>'
            f'<span class="grow"><span class="b5">{escape(what)}</span>'
            f'<span class="block faint t-sm prose">{escape(detail)}</span></span></div>'
        )
    return f'<div class="checks">{"".join(rows)}</div>'


def _offers_html(offers: Sequence[Offer]) -> str:
    if not offers:
        return '<p class="faint t-sm">It offers nothing now.</p>'
    rows = "".join(_offer_html(offer) for offer in offers[:OFFERS])
    left = len(offers) - OFFERS
    more = (
        f'<p class="faint t-sm">and {plural(left, "more offer", "more offers")}</p>'
        if left > 0
        else ""
    )
    head = "<tr><th>Offer</th><th>Machine</th><th>Free</th><th>Price</th></tr>"
    return f'<table class="grid-mini"><thead>{head}</thead><tbody>{rows}</tbody></table>{more}'


def _offer_html(offer: Offer) -> str:
    parts = []
    if offer.accelerator:
        parts.append(f"{offer.accelerator_count}×{offer.accelerator}")
    if offer.cpus:
        parts.append(plural(int(offer.cpus), "CPU"))
    if offer.memory_gib:
        parts.append(f"{offer.memory_gib:.0f} GiB")
    free = "—" if offer.available is None else str(offer.available)
    price = f"{offer.price_per_hour:.2f} {offer.currency}/h" if offer.price_per_hour else "free"
    cells = (offer.name, " · ".join(parts), free, price)
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
