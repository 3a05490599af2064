"""Compute providers: whether each can be reached, what it says of itself, what could be had there."""

from __future__ import annotations

from nicegui import background_tasks, ui

from application.permissions import Action
from domain.errors import LabError
from projections.job_lists import JobFilter
from projections.rows import ProviderRow
from ui.components.checking import check_html, health_html, name_html, offers_html
from ui.components.dialogs import telling, toast
from ui.components.layout import box, button, heading, html
from ui.components.markup import ago, empty, icon, note
from ui.gateway import Gateway
from ui.pages.moving import move_jobs
from ui.shell import Shell
from ui.text import plural

OFFERS = 6
MOVED_AT_MOST = 200


async def providers(shell: Shell) -> None:
    """``/providers``"""
    shell.crumbs(("Providers", "/providers"))
    rows = await shell.gateway.providers()
    may = shell.gateway.may(Action.MANAGE_PROVIDERS)
    add = f'<a class="btn primary" href="/providers/new">{icon("plus", "sm")}Add provider</a>'
    with box("page"):
        with box("hrow spread wrap"):
            heading("Compute providers", "Machines, clusters and clouds this team can launch on.")
            if may and rows:
                html(add, "contents", "span")
        if not rows:
            told = "Jobs run on a provider: this machine, a Slurm cluster, a cloud."
            html(
                empty("No providers yet", told, glyph="server", extra=add if may else ""),
                "card empty",
            )
        for row in rows:
            if row.unreachable_since and row.enabled:
                await _away(shell.gateway, row)
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
                html(name_html(row), "hrow grow g3")
                html(health_html(row), "contents", "span")
            with box("body vcol g3"):
                self._found = html('<div class="skel"></div><div class="skel"></div>', "vcol g3")
                with box("hrow wrap"):
                    self._buttons()
        background_tasks.create(telling(self._ask()), name=f"check {row.id}", context=place)

    def _buttons(self) -> None:
        row = self._row
        button(
            "Check now",
            lambda: telling(self._ask()),
            glyph="plug-zap",
            cls="s",
            aria=f"Check {row.name} now",
        )
        if self._gateway.may(Action.MANAGE_PROVIDERS):
            label = "Disable" if row.enabled else "Enable"
            button(
                label, lambda: telling(self._switch()), cls="s ghost", aria=f"{label} {row.name}"
            )
        html(f'<a class="btn s ghost" href="/providers/{row.id}">Open</a>', "contents", "span")

    async def _ask(self) -> None:
        try:
            check = await self._gateway.check(self._row.id)
            offers = await self._gateway.offers(self._row.id)
        except LabError as error:
            self._found.set_content(f'<div class="note bad">{note(str(error), kind="bad")}</div>')
            return
        self._found.set_content(f"{check_html(check)}{offers_html(offers, most=OFFERS)}")

    async def _switch(self) -> None:
        await self._gateway.set_enabled(self._row.id, on=not self._row.enabled)
        toast("Disabled: no new jobs go there" if self._row.enabled else "Enabled")
        ui.navigate.reload()


async def _away(gateway: Gateway, row: ProviderRow) -> None:
    """That it is away, how many jobs wait for it, and a way to let them wait elsewhere."""
    waiting = JobFilter(provider=row.id, statuses=("QUEUED",))
    rows = (await gateway.jobs(waiting, limit=MOVED_AT_MOST)).rows

    async def move() -> None:
        if await move_jobs(gateway, rows):
            ui.navigate.reload()

    with box("note bad"):
        html(_away_html(row, plural(len(rows), "job") if rows else ""), "contents")
        if rows and gateway.may(Action.LAUNCH):
            button("Move queued jobs", lambda: telling(move()), cls="s")


def _away_html(row: ProviderRow, waiting: str) -> str:
    since = f"<span class='t-sm'>since {ago(row.unreachable_since, 'num')}</span>"
    reason = (row.unreachable_reason or "It does not answer").rstrip(".")
    told = f"{reason}. {waiting} waiting for it." if waiting else f"{reason}."
    go = f'<a class="btn s" href="/jobs?provider={row.id}">Its jobs</a>'
    return note(told, kind="bad", title=f"{row.name} cannot be reached", extra=since + go)
