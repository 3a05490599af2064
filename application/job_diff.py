"""Two jobs side by side, and what of a job would be the same if it ran again. Pure.

Not here: reading the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any  # a frozen spec as plain values

import msgspec

from projections.rows import JobRow

SECTIONS: Mapping[str, str] = {
    "git": "code",
    "files": "code",
    "run": "code",
    "setup": "code",
    "parameters": "parameters",
    "envs": "environment",
    "secrets": "environment",
    "file_mounts": "environment",
    "resources": "infrastructure",
}
INFRASTRUCTURE = ("provider", "host", "price_per_hour", "currency")
OUTCOME = ("status", "exit_code", "signal", "blame", "reason", "attempt", "score", "used_s", "cost")
LOCKS = (
    "requirements.lock",
    "uv.lock",
    "poetry.lock",
    "pylock.toml",
    "Pipfile.lock",
    "conda-lock.yml",
)


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One value of two jobs; ``None`` where a job has none."""

    section: str
    name: str
    left: str | None
    right: str | None

    @property
    def same(self) -> bool:
        return self.left == self.right


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a part of a job is held fast for another run; ``note`` says how it may differ."""

    name: str
    value: str
    pinned: bool
    note: str = ""


def compare(left: JobRow, right: JobRow) -> tuple[Difference, ...]:
    """Every value of either by section and name, infrastructure and outcome included."""
    one, other = dict(_values(left)), dict(_values(right))
    return tuple(
        Difference(section=section, name=name, left=one.get(key), right=other.get(key))
        for key in sorted(one.keys() | other.keys())
        for section, name in [key]
    )


def pins(job: JobRow) -> tuple[Pin, ...]:
    """What running ``job`` again holds fast, and what not."""
    return tuple(_pins(job))


def _pins(job: JobRow) -> Iterator[Pin]:
    spec = job.spec
    yield Pin(name="command", value=str(spec.get("run", "")), pinned=True)
    yield Pin(name="parameters", value=f"{len(spec.get('parameters') or {})} values", pinned=True)
    files = spec.get("files") or []
    yield Pin(name="files", value=f"{len(files)} by SHA-256", pinned=True)
    git = spec.get("git") or {}
    if git:
        yield Pin(name="git", value=f"{git.get('url')} at {git.get('commit')}", pinned=True)
    yield from _environment(spec, [str(file.get("path", "")) for file in files])
    for name in spec.get("secrets") or []:
        note = "its value of then is not kept for another run; the one of now is used"
        yield Pin(name=f"secret {name}", value="by name", pinned=False, note=note)
    for path, source in dict(spec.get("file_mounts") or {}).items():
        note = "what lies there may have changed"
        yield Pin(name=f"mount {path}", value=str(source), pinned=False, note=note)
    note = "the provider chooses a machine anew"
    yield Pin(name="machine", value=job.host or "not known", pinned=False, note=note)


def _environment(spec: Mapping[str, Any], paths: list[str]) -> Iterator[Pin]:
    setup = str(spec.get("setup") or "")
    locks = [path for path in paths if path.rpartition("/")[2] in LOCKS]
    if setup:
        note = "" if locks else f"no lock file came with it; add one of {', '.join(LOCKS[:3])}"
        yield Pin(name="setup", value=locks[0] if locks else setup, pinned=bool(locks), note=note)
    image = str((spec.get("resources") or {}).get("image") or "")
    if image:
        fast = "@sha256:" in image
        note = "" if fast else "a tag may be moved; name the image by its digest"
        yield Pin(name="image", value=image, pinned=fast, note=note)


def _values(job: JobRow) -> Iterator[tuple[tuple[str, str], str]]:
    for key, value in job.spec.items():
        for name, text in _flat(key, value):
            yield (SECTIONS.get(key, "task"), name), text
    for section, names in (("infrastructure", INFRASTRUCTURE), ("outcome", OUTCOME)):
        for name in names:
            value = getattr(job, name)
            if value is not None:
                yield (section, name), _text(value)
    yield from ((("outcome", name), text) for name, text in _durations(job))


def _durations(job: JobRow) -> Iterator[tuple[str, str]]:
    moments = (
        ("waited_s", job.queued_at, job.launching_at),
        ("prepared_s", job.launching_at, job.running_at),
        ("ran_s", job.running_at, job.ended_at),
    )
    for name, begin, end in moments:
        if begin and end:
            yield name, f"{(end - begin).total_seconds():.0f}"


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}", inner)
    elif name == "files" and isinstance(value, Iterable):
        for file in value:
            if isinstance(file, Mapping):
                yield f"files/{file.get('path')}", str(file.get("sha256"))
    elif value not in (None, "", [], ()):
        yield name, _text(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
