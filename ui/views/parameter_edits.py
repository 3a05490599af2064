"""Changes a parameter's default in the text of a task file, and nothing else: comments and order stay. Pure."""

from __future__ import annotations

import re

import yaml


def set_default(text: str, name: str, value: str) -> str | None:
    """``text`` with parameter ``name``'s default as typed; ``None`` where its place is not found.

    Both ways of writing one are known: ``name: value`` and ``name: {type: …, default: value}``.
    """
    lines = text.splitlines(keepends=True)
    found = _place(lines, name)
    if found is None:
        return None
    at, inline = found
    changed = _inline(lines[at], value) if inline else _nested(lines, at, value)
    if changed is None:
        return None
    line, new = (at, changed) if isinstance(changed, str) else changed
    return "".join([*lines[:line], new, *lines[line + 1 :]])


def _place(lines: list[str], name: str) -> tuple[int, bool] | None:
    inside = False
    for at, line in enumerate(lines):
        if re.match(r"\S", line):
            inside = bool(re.match(r"parameters\s*:", line))
        found = re.match(rf"(\s+)({re.escape(name)}|\"{re.escape(name)}\")\s*:\s*(.*)$", line)
        if inside and found:
            return at, bool(found[3].split("#")[0].strip())
    return None


def _inline(line: str, value: str) -> str | None:
    head, _, rest = line.partition(":")
    body = rest.split(" #")[0].strip()
    comment = line[line.index(" #") :].rstrip("\n") if " #" in line else ""
    if not body.startswith("{"):
        return f"{head}: {_quoted(value)}{comment}\n"
    pattern = r"(default\s*:\s*)(\[[^\]]*\]|\"[^\"]*\"|'[^']*'|[^,}]*)"
    if not re.search(pattern, body):
        return f"{head}: {body[:-1].rstrip()}, default: {_quoted(value)}}}{comment}\n"
    new = re.sub(pattern, lambda m: m[1] + _quoted(value), body, count=1)
    return f"{head}: {new}{comment}\n"


def _nested(lines: list[str], at: int, value: str) -> tuple[int, str] | None:
    depth = len(lines[at]) - len(lines[at].lstrip())
    for line in range(at + 1, len(lines)):
        text = lines[line]
        if text.strip() and len(text) - len(text.lstrip()) <= depth:
            return None
        found = re.match(r"(\s+default\s*:\s*)(.*?)(\s+#.*)?$", text.rstrip("\n"))
        if found:
            return line, f"{found[1]}{_quoted(value)}{found[3] or ''}\n"
    return None


def _quoted(value: str) -> str:
    """``value`` as it can stand there: plain when it reads back as the same scalar or list."""
    plain = value.strip()
    try:
        read = yaml.safe_load(f"[{plain}]")
    except yaml.YAMLError:
        read = None
    safe = re.fullmatch(r"[A-Za-z0-9_./+ \[\],-]*", plain)
    if plain and safe and isinstance(read, list) and len(read) == 1:
        return plain
    if plain and safe and isinstance(read, list) and "," in plain:
        return f"[{plain.strip('[]')}]"
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
