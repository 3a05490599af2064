"""What to run, as the provider wrote it into ``bundle.json``; unknown keys are left alone.

Named tuples, not dataclasses: importing those costs a start 15 ms. Annotations that are evaluated, not
kept as text: a named tuple compiles each text by itself, which costs this module three times as much."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple  # parsed JSON, checked here and nowhere else

from lab.journal import Json

_NOTHING: Mapping[str, str] = MappingProxyType({})
_NO_PARAMETERS: Mapping[str, Json] = MappingProxyType({})


class BundleError(ValueError):
    """``bundle.json`` cannot be run; the message says which key and why."""


class PlacementError(Exception):
    """A file could not be put in place; the message names it and says why."""


class BundleFile(NamedTuple):
    path: str
    sha256: str
    size: int = 0
    executable: bool = False


class Git(NamedTuple):
    url: str
    commit: str
    directory: str = ""


class Resume(NamedTuple):
    name: str = ""
    step: int | None = None
    files: tuple[BundleFile, ...] = ()


class Bundle(NamedTuple):
    """See docs/node-protocol.md, *Bundle*."""

    job_id: str
    run: str
    attempt: int = 1
    node: int = 0
    nodes: int = 1
    job_token: str = ""
    server_url: str = ""
    experiment: str = ""
    task: str = ""
    owner: str = ""
    setup: str = ""
    envs: Mapping[str, str] = _NOTHING
    secrets: Mapping[str, str] = _NOTHING
    parameters: Mapping[str, Json] = _NO_PARAMETERS
    files: tuple[BundleFile, ...] = ()
    blobs: str = ""
    git: Git | None = None
    hooks: Mapping[str, str] = _NOTHING
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


def _known(kind: type[NamedTuple], raw: dict[str, Any]) -> dict[str, Any]:
    names = set(kind._fields)
    return {key: value for key, value in raw.items() if key in names and value is not None}


def _environment(name: str, values: dict[str, Any]) -> dict[str, str]:
    for key, value in values.items():
        if not key or "=" in key or "\0" in key or "\0" in str(value):
            raise ValueError(f"{name}: {key!r} cannot be an environment variable")
    return {key: str(value) for key, value in values.items()}
