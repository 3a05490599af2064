"""What to run, as the provider wrote it into ``bundle.json``; unknown keys are left alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any  # parsed JSON, checked here and nowhere else

from lab.journal import Json


class BundleError(ValueError):
    """``bundle.json`` cannot be run; the message says which key and why."""


@dataclass(frozen=True, kw_only=True)
class BundleFile:
    path: str
    sha256: str
    size: int = 0
    executable: bool = False


@dataclass(frozen=True, kw_only=True)
class Git:
    url: str
    commit: str
    directory: str = ""


@dataclass(frozen=True, kw_only=True)
class Resume:
    name: str = ""
    step: int | None = None
    files: tuple[BundleFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """See docs/node-protocol.md, *Bundle*."""

    job_id: str
    run: str
    attempt: int = 1
    node: int = 0
    nodes: int = 1
    job_token: str = field(default="", repr=False)
    server_url: str = ""
    experiment: str = ""
    task: str = ""
    owner: str = ""
    setup: str = ""
    envs: dict[str, str] = field(default_factory=dict, repr=False)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    parameters: dict[str, Json] = field(default_factory=dict)
    files: tuple[BundleFile, ...] = ()
    blobs: str = ""
    git: Git | None = None
    hooks: dict[str, str] = field(default_factory=dict)
    resume: Resume | None = None
    grace_s: float = 30
    timeout_s: float | None = None
    memory_bytes: int | None = None
    cpus: float | None = None
    accelerators: tuple[str, ...] = ()
    sdk: str = ""
    venv_cache: str = ""


def read_bundle(path: Path) -> Bundle:
    """Raises BundleError; OSError when there is no file."""
    try:
        raw = json.loads(path.read_text("utf-8"))
        known = _known(Bundle, raw)
        known["files"] = _files(known)
        known["accelerators"] = tuple(str(a) for a in known.get("accelerators") or ())
        for name in ("envs", "secrets", "hooks"):
            known[name] = _environment(name, known.get(name) or {})
        known["git"] = Git(**_known(Git, known["git"])) if known.get("git") else None
        if known.get("resume"):
            resume = _known(Resume, known["resume"])
            known["resume"] = Resume(**{**resume, "files": _files(resume)})
        return Bundle(**known)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BundleError(f"bundle.json: {error}") from error


def _files(raw: dict[str, Any]) -> tuple[BundleFile, ...]:
    return tuple(BundleFile(**_known(BundleFile, file)) for file in raw.get("files") or ())


def _known(kind: type, raw: dict[str, Any]) -> dict[str, Any]:
    names = {f.name for f in fields(kind)}
    return {key: value for key, value in raw.items() if key in names and value is not None}


def _environment(name: str, values: dict[str, Any]) -> dict[str, str]:
    for key, value in values.items():
        if not key or "=" in key or "\0" in key or "\0" in str(value):
            raise ValueError(f"{name}: {key!r} cannot be an environment variable")
    return {key: str(value) for key, value in values.items()}
