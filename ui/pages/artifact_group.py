"""Everything saved under one name: its versions, and where the chosen one comes from."""

from collections.abc import Sequence
from html import escape

from nicegui import PageArguments

from application.lineage import Origin, Version, lineage, versions
from projections.artifact_queries import KINDS
from ui.components.layout import box, card, heading, html
from ui.components.markup import ago, icon, span
from ui.gateway import Gateway, in_thread
from ui.pages.job.artifacts import GLYPHS, download_html
from ui.shell import Shell
from ui.text import plural, short, size
from ui.theme.status import chip
from ui.views.lineage import (
    artifact_told,
    chosen,
    group_href,
    job_told,
    parameters_told,
    sentence,
)

LISTED = 100


async def artifact_group(shell: Shell, args: PageArguments, kind: str) -> None:
    """``/artifacts/{kind}?name=&version=``"""
    name = str(args.query_parameters.get("name", ""))[:200]
    gateway = shell.gateway
    shown = kind if kind in KINDS else "artifact"
    found = await in_thread(lambda: versions(gateway.desks, gateway.actor, kind=shown, name=name))
    one = chosen(found, str(args.query_parameters.get("version", "")))
    shell.crumbs(("Artifacts", "/artifacts"), (name, ""))
    with box("page"):
        heading(name, f"{shown.title()}, {plural(len(found), 'version')}.")
        with box("two"):
            with box("vcol g4"):
                await _lineage(gateway, one, found)
                _files(one)
            _versions(found, one)


def _versions(found: Sequence[Version], one: Version) -> None:
    rows = "".join(_version_html(version, shown=version is one) for version in found[:LISTED])
    left = len(found) - LISTED
    more = f'<li class="faint t-sm">and {left:,} older ones</li>' if left > 0 else ""
    with card("Versions"):
        html(rows + more, "list", "ol")


def _version_html(version: Version, *, shown: bool) -> str:
    row = version.row
    href = escape(group_href(row.kind, row.name, version.number))
    current = ' aria-current="page"' if shown else ""
    step = f"step {row.step:,}" if row.step is not None and row.step >= 0 else ""
    return (
        f'<li class="hov"><a class="b5 lined" href="{href}"{current}>v{version.number}</a>'
        f'<span class="grow t-sm faint">{step}</span>'
        f'<a class="mono t-sm muted" href="/jobs/{row.job}" aria-label="Its job {short(row.job)}">'
        f"{short(row.job)}</a>{ago(row.saved_at, 'num t-sm faint')}</li>"
    )


async def _lineage(gateway: Gateway, one: Version, every: Sequence[Version]) -> None:
    found = await in_thread(
        lambda: lineage(gateway.reads, gateway.desks, gateway.actor, one.row.id)
    )
    older = next((v for v in every if v.number < one.number), None)
    compare = ""
    if older is not None and older.row.job != one.row.job:
        ids = f"{older.row.job},{one.row.job}"
        compare = (
            f'<span class="grow"></span><a class="btn s" href="/compare?ids={ids}">'
            f"{icon('git-compare', 'sm')}Compare with v{older.number}</a>"
        )
    with card(f"Where v{one.number} comes from", extra=compare):
        last = len(found) - 1
        steps = "".join(_step_html(o, last=n == last) for n, o in enumerate(found))
        html(steps, "list lineage", "ol")


def _step_html(origin: Origin, *, last: bool) -> str:
    """Two lines: what was saved, and by which job."""
    version, job = origin.version, origin.job
    row = version.row
    saved = (
        f'<a class="b5 ellipsis block" href="{escape(group_href(row.kind, row.name, version.number))}">'
        f"{escape(row.name)} v{version.number}</a>{span(artifact_told(row), 't-sm faint block')}"
    )
    told = "".join(
        span(text, f"t-sm {cls} block")
        for text, cls in ((job_told(job), "faint"), (parameters_told(job), "faint mono"))
        if text
    )
    by = (
        f'<span class="hrow wrap g1">{span("saved by", "muted")}'
        f'<a class="lined" href="/jobs/{job.id}">{escape(job.name)}</a>{chip(job.status)}</span>'
        f"{told}{span(sentence(origin, last=last), 't-sm muted block')}"
    )
    return (
        f'<li>{icon(GLYPHS.get(row.kind, "file-text"))}<span class="grow">{saved}</span>'
        f'{ago(row.saved_at, "num t-sm faint")}</li><li class="by">{icon("rocket")}<span class="grow">{by}</span></li>'
    )


def _files(one: Version) -> None:
    rows = "".join(
        f'<li><span class="grow mono t-sm ellipsis">{escape(str(file["path"]))}</span>'
        f"{span(size(int(file.get('size', 0))), 'num t-sm faint')}"
        f"{download_html(one.row.id, str(file['path']))}</li>"
        for file in one.row.files
    )
    with card("Files"):
        html(rows, "list", "ul")
