"""What a job was launched with. Secrets are names; their values are never here."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import msgspec
from nicegui import ui

from projections.job_lists import JobFilter
from ui.components.differing import differing_html
from ui.components.layout import box, card, choice, field, html
from ui.components.markup import copyable, link, pairs, span
from ui.pages.job.context import JobView, Section
from ui.text import duration, short, size
from ui.views.differences import differences

Spec = Mapping[str, object]


async def config(view: JobView) -> list[Section]:
    """``?with=JOB`` compares it with another run."""
    spec: Spec = view.row.spec
    await _against(view)
    with box("two"):
        with box("vcol g4"):
            for title, key in (("Run", "run"), ("Setup", "setup")):
                _script(title, str(spec.get(key, "")))
        with box("vcol g4"):
            _table("Parameters", _mapping(spec, "parameters"))
            _table("Resources", _mapping(spec, "resources"))
            _names("Environment", list(_mapping(spec, "envs")))
            _names("Secrets", [str(name) for name in _list(spec, "secrets")])
            _limits(view, spec)
            _files(spec)
    return []


async def _against(view: JobView) -> None:
    """What is different in another run: the one it repeats, else one of the same task."""
    row = view.row
    where = JobFilter(task=row.task) if row.task else JobFilter(experiment=row.experiment)
    near = [r for r in (await view.gateway.jobs(where, limit=30)).rows if r.id != row.id]
    if row.cloned_from and all(r.id != row.cloned_from for r in near):
        near = [*await view.gateway.job_rows([row.cloned_from]), *near]
    if not near:
        return
    asked = view.asked.get("with", "")
    other = next((r for r in near if r.id == (asked or row.cloned_from)), None)
    options = [("", "Choose a run…"), *((r.id, f"{r.name} · {short(r.id)}") for r in near)]
    with card("Compared with another run"):
        with box("body"), field("Other run", "diff-with"):
            choice(
                "diff-with", options, lambda id: ui.navigate.to(f"/jobs/{row.id}/config?with={id}"),
                value=other.id if other else "",
            )  # fmt: skip
        if other:
            heads = [copyable(r.id, short(r.id)) for r in (row, other)]
            table = differing_html(differences([row, other]), heads, only=True)
            html(table, "wide-table").props["tabindex"] = "0"


def _script(title: str, text: str) -> None:
    if text:
        with card(title):
            html(escape(text), "code", "pre")


def _table(title: str, values: Mapping[str, object]) -> None:
    if values:
        with card(title):
            shown = [(key, span(_short(value), "mono t-sm")) for key, value in values.items()]
            html(pairs(shown), "kv body", "dl")


def _names(title: str, names: list[str]) -> None:
    if names:
        with card(title), box("body hrow wrap"):
            html("".join(span(name, "tag mono") for name in names), "contents", "span")


def _limits(view: JobView, spec: Spec) -> None:
    rows = [("Priority", span(spec.get("priority", 50), "num"))]
    timeout = spec.get("timeout_s")
    if isinstance(timeout, int | float):
        rows.append(("Timeout", span(duration(timeout), "num")))
    minutes = spec.get("minutes_requested")
    if minutes is not None:
        rows.append(("Quota asked", span(f"{minutes} minutes", "num")))
    git = _mapping(spec, "git")
    if git:
        rows.append(("Repository", span(git.get("url", ""), "mono t-sm")))
        rows.append(
            ("Commit", copyable(str(git.get("commit", "")), str(git.get("commit", ""))[:12]))
        )
    if view.row.task:
        rows.append(("Task", link("open", f"/tasks/{view.row.task}", "lined")))
    with card("Limits and source"):
        html(pairs(rows), "kv body", "dl")


def _files(spec: Spec) -> None:
    files = [file for file in _list(spec, "files") if isinstance(file, Mapping)]
    if files:
        with card("Files"):
            rows = [(str(f.get("path")), span(size(int(f.get("size", 0))), "num")) for f in files]
            html(pairs(rows), "kv body", "dl")


def _mapping(spec: Spec, key: str) -> Mapping[str, object]:
    value = spec.get(key)
    return value if isinstance(value, Mapping) else {}


def _list(spec: Spec, key: str) -> list[object]:
    value = spec.get(key)
    return list(value) if isinstance(value, list | tuple) else []


def _short(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
