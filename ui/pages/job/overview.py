"""The first things to look at: two curves, the end of the log, the details."""

from __future__ import annotations

from html import escape

from projections.rows import JobRow
from ui.components.layout import box, card, html
from ui.components.markup import copyable, link, pairs, span
from ui.pages.job.context import JobView, Section
from ui.pages.job.logs import preview
from ui.pages.job.metrics import first_metrics
from ui.text import accelerators, duration, money, size

CURVES = 2
PARAMETERS = 8


async def overview(view: JobView) -> list[Section]:
    with box("two"):
        with box("vcol g4"):
            sections = [await first_metrics(view, CURVES), await preview(view)]
        with box("vcol g4"):
            _details(view)
            await _saved(view)
    return sections


def _details(view: JobView) -> None:
    row, names = view.row, view.names
    retries = row.spec.get("retries", {})
    rows = [
        ("Experiment", escape(names.experiments.get(row.experiment, "?"))),
        ("Provider", escape(names.providers.get(row.provider, "?"))),
        ("Machine", escape(accelerators(row.spec.get("resources", {})))),
        ("Attempt", span(max(row.attempt, 1), "num")),
    ]
    if row.task:
        named = f"revision {row.task_revision}" if row.task_revision else "open"
        rows.insert(0, ("Task", link(named, f"/tasks/{row.task}", "b5 lined")))
    if row.host:
        rows.append(("Host", span(row.host, "mono t-sm")))
    if row.cloned_from:
        rows.append(
            ("Repeats", link(row.cloned_from[-8:], f"/jobs/{row.cloned_from}", "mono lined"))
        )
    if retries.get("user"):
        rows.append(("Retries", span(retries["user"], "num")))
    commit = (row.spec.get("git") or {}).get("commit", "")
    if commit:
        rows.append(("Commit", copyable(commit, commit[:10])))
    rows += _money(row)
    given = list(row.spec.get("parameters", {}).items())[:PARAMETERS]
    rows += [(name, span(value, "mono t-sm num")) for name, value in given]
    with card("Details"):
        html(pairs(rows), "kv body", "dl")


def _money(row: JobRow) -> list[tuple[str, str]]:
    """What it costs: by the hour while it runs, in all once it is over."""
    found = []
    if row.price_per_hour:
        found.append(
            ("Price", span(f"{money(row.price_per_hour, row.currency or '')} an hour", "num"))
        )
    if row.cost:
        found.append(("Cost", span(money(row.cost, row.currency or ""), "num b5")))
    if row.used_s is not None:
        found.append(("Charged", span(f"{duration(row.used_s)} of quota", "num")))
    return found


async def _saved(view: JobView) -> None:
    found = await view.gateway.artifacts(view.row.id)
    if not found:
        return
    told = f'<span class="faint t-sm num">{len(found)} · {size(sum(a.size for a in found))}</span>'
    with card("Artifacts", extra=told):
        html(
            "".join(
                f'<a class="li" href="/jobs/{view.row.id}/artifacts"><span class="grow">'
                f'<span class="ellipsis b5 block">{escape(a.name)}</span>'
                f'<span class="t-xs faint">{escape(a.kind)}</span></span>'
                f'<span class="t-sm faint num">{size(a.size)}</span></a>'
                for a in found[-6:]
            ),
            "list",
        )
