"""One compute provider: what it has and how busy it is, who waits for it, its settings."""

from __future__ import annotations

import json
from html import escape

from nicegui import background_tasks, ui

from application.permissions import Action
from domain.compute import Setting
from domain.errors import InvalidInput, LabError
from projections.rows import JobRow, ProviderRow
from providers.cluster import Cluster, ClusterNode, Partition
from ui.components.checking import check_html, health_html, offers_html
from ui.components.dialogs import confirmed, modal, telling, toast
from ui.components.layout import area, box, button, card, field, heading, html
from ui.components.markup import ago, avatar, empty, note, pairs, span
from ui.compute_gateway import ComputeGateway
from ui.shell import Shell
from ui.text import plural, short
from ui.theme.status import chip
from ui.views.job_row import shown_status

OFFERS = 40


async def provider(shell: Shell, id: str) -> None:
    """``/providers/{id}``"""
    gateway = ComputeGateway(shell.gateway)
    row = await gateway.provider(id)
    shell.crumbs(("Providers", "/providers"), (row.name, ""))
    with box("page"):
        page = _Provider(shell, gateway, row)
        page.head()
        with box("two"):
            with box("vcol g4"):
                page.busy()
                await page.jobs()
            with box("vcol g4"):
                page.checks()
                page.settings()


class _Provider:
    def __init__(self, shell: Shell, gateway: ComputeGateway, row: ProviderRow) -> None:
        self._shell = shell
        self._gateway = gateway
        self._row = row
        self._manages = shell.gateway.may(Action.MANAGE_PROVIDERS)

    def head(self) -> None:
        row = self._row
        with box("hrow spread wrap"):
            with box("hrow wrap g3"):
                heading(row.name, row.kind)
                html(health_html(row), "contents", "span")
            with box("hrow wrap"):
                if self._manages and not row.is_default:
                    button(
                        "Make default", lambda: telling(self._default()), glyph="flag", cls="ghost"
                    )
                if self._manages:
                    label = "Disable" if row.enabled else "Enable"
                    button(
                        label,
                        lambda: telling(self._switch()),
                        glyph="pause" if row.enabled else "play",
                    )
        if row.unreachable_since:
            since = f"<span class='t-sm'>since {ago(row.unreachable_since, 'num')}</span>"
            html(
                note(row.unreachable_reason or "It does not answer.", kind="bad", extra=since),
                "note bad",
            )

    def busy(self) -> None:
        """Cluster and offers, asked of it once the page is there."""
        with box("vcol g4") as place:
            self._cluster = box("contents")
            with card("Offers"):
                self._offers = html(
                    '<div class="pad vcol"><div class="skel"></div></div>', "wide-table"
                )
        background_tasks.create(telling(self._ask()), name=f"look {self._row.id}", context=place)

    async def _ask(self) -> None:
        try:
            offers = await self._shell.gateway.offers(self._row.id)
            found = await self._gateway.cluster(self._row.id)
        except LabError as error:
            told = note(str(error), kind="bad")
            self._offers.set_content(f'<div class="pad"><div class="note bad">{told}</div></div>')
            return
        self._offers.set_content(f'<div class="pad">{offers_html(offers, most=OFFERS)}</div>')
        if found:
            with self._cluster:
                cluster_cards(found)

    async def jobs(self) -> None:
        rows = await self._gateway.jobs(self._row.id)
        people = (await self._shell.gateway.names()).people
        with card("Jobs there", extra=f'<span class="faint t-sm num">{len(rows)}</span>'):
            told = empty("None now", "Jobs that wait for it or run there.", glyph="list-checks")
            nothing = f'<div class="empty small">{told}</div>'
            html("".join(_job(row, people.get(row.owner, "?")) for row in rows) or nothing, "list")

    def checks(self) -> None:
        with card("Check"):
            self._check = html('<p class="pad muted">Not checked yet.</p>', "")
            with box("body"):
                button("Check now", lambda: telling(self._run_check()), glyph="plug-zap")

    async def _run_check(self) -> None:
        try:
            self._check.set_content(
                f'<div class="pad">{check_html(await self._shell.gateway.check(self._row.id))}</div>'
            )
        except LabError as error:
            told = note(str(error), kind="bad")
            self._check.set_content(f'<div class="pad"><div class="note bad">{told}</div></div>')

    def settings(self) -> None:
        if not self._manages:
            return
        with card("Settings"):
            rows = [(key, span(value, "mono t-sm")) for key, value in self._row.settings.items()]
            rows.append(("added", ago(self._row.added_at)))
            html(pairs(rows), "kv body", "dl")
            with box("body"):
                button("Change…", self._change, glyph="pencil", cls="s")

    def _change(self) -> None:
        typed = [json.dumps(self._row.settings, indent=2)]

        def take(value: str) -> None:
            typed[0] = value

        async def save() -> None:
            await self._gateway.reconfigure(self._row.id, _parsed(typed[0]))
            dialog.close()
            ui.navigate.reload()

        with modal("Settings") as dialog, box("dlg"):
            html("<h2>Settings</h2>", "dh")
            hint = "JSON. Credentials are names of secrets, never the secret itself."
            with box("body"), field("Settings", "settings-json", hint=hint):
                area("settings-json", take, value=typed[0], rows="12").classes("mono")
            with box("df"):
                button("Cancel", dialog.close)
                button("Save", lambda: telling(save()), cls="primary")
        dialog.open()

    async def _default(self) -> None:
        await self._gateway.make_default(self._row.id)
        toast("Tasks that name no provider run here from now on")
        ui.navigate.reload()

    async def _switch(self) -> None:
        row = self._row
        body = "No new jobs go there. Jobs that run there go on and can be stopped."
        if row.enabled and not await confirmed(f"Disable {row.name}?", body, "Disable"):
            return
        await self._shell.gateway.set_enabled(row.id, on=not row.enabled)
        ui.navigate.reload()


def cluster_cards(found: Cluster) -> None:
    """Partitions with their queues, and nodes with what is used of them."""
    with card("Partitions"):
        head = "".join(
            f'<th scope="col">{h}</th>'
            for h in ("Partition", "Nodes", "Running", "Pending", "State")
        )
        rows = "".join(_partition(one) for one in found.partitions)
        html(
            f'<table class="grid-mini"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>',
            "wide-table",
        )
    with card("Nodes", extra=f'<span class="faint t-sm num">{len(found.nodes)}</span>'):
        html("".join(map(_node, found.nodes)), "nodes")


def _partition(one: Partition) -> str:
    tag = f" {span('default', 'tag')}" if one.is_default else ""
    state = "up" if one.up else "down"
    return (
        f"<tr><td>{escape(one.name)}{tag}</td><td>{one.nodes}</td><td>{one.running}</td>"
        f"<td>{one.pending}</td><td>{state}</td></tr>"
    )


def _node(node: ClusterNode) -> str:
    bars = [
        ("CPU", node.cpus_used, node.cpus),
        ("GiB", round(node.memory_used_gib), round(node.memory_gib)),
    ]
    bars += [(one.name.removeprefix("gpu:"), one.used, one.total) for one in node.countables]
    shown = "".join(_bar(label, used, total) for label, used, total in bars)
    state = "" if node.answers else " bad"
    reason = span(node.reason, "t-xs faint ellipsis block") if node.reason else ""
    jobs = (
        f'<span class="t-xs faint">{plural(len(node.jobs), "job")} of ours</span>'
        if node.jobs
        else ""
    )
    return (
        f'<div class="node-card{state}"><div class="hrow">{span(node.name, "b5 mono grow")}'
        f"{span(node.state, 'tag')}</div>{shown}{reason}{jobs}</div>"
    )


def _bar(label: str, used: int, total: int) -> str:
    share = min(100.0, used / total * 100) if total else 0.0
    told = f"{used} of {total} {label} used"
    return (
        f'<div class="hrow meter-line"><span class="t-xs faint w40">{escape(label)}</span>'
        f'<span class="bar grow" role="meter" aria-label="{escape(told)}" aria-valuemin="0" aria-valuemax="{total}" '
        f'aria-valuenow="{used}"><i style="width:{share:.0f}%"></i></span>'
        f'<span class="t-xs num muted">{used}/{total}</span></div>'
    )


def _job(row: JobRow, owner: str) -> str:
    return (
        f'<a class="li" href="/jobs/{row.id}">{avatar(owner)}<span class="grow">'
        f"{span(row.name, 'b5 ellipsis block')}{span(short(row.id), 't-xs faint mono')}</span>"
        f'{ago(row.queued_at, "t-sm faint num hide-s")}<span class="w104">{chip(shown_status(row))}</span></a>'
    )


def _parsed(text: str) -> dict[str, Setting]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidInput(
            field="settings", value=text, way_out=f"This is no JSON: {error}."
        ) from None
    if not isinstance(found, dict):
        raise InvalidInput(field="settings", value=text, way_out="Give a JSON object.")
    return found
