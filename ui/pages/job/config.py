"""What a job was launched with. Secrets are names; their values are never here."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import msgspec

from ui.components.layout import box, card, html
from ui.components.markup import copyable, link, pairs, span
from ui.pages.job.context import JobView, Section
from ui.text import duration, size

Spec = Mapping[str, object]


async def config(view: JobView) -> list[Section]:
    spec: Spec = view.row.spec
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
