"""The files beside a task file, as content hashes, and their upload.

``.labignore`` holds one pattern a line: ``*.ckpt``, ``data/`` (folders), ``!keep.ckpt``; the last
match wins. Links that lead outside are refused.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from lab.cli.client import Client
from lab.cli.failures import usage
from lab.cli.frame import note

IGNORE_FILE = ".labignore"
ALWAYS_IGNORED = (".git/", "__pycache__/", ".venv/", ".ipynb_checkpoints/", "*.pyc", ".DS_Store")
MOST_FILES = 10_000
UPLOAD_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Found:
    """One file: ``path`` is relative and POSIX."""

    path: str
    place: Path
    sha256: str
    size: int
    executable: bool

    def as_input(self) -> dict[str, object]:
        return {
            "path": self.path,
            "sha256": self.sha256,
            "size": self.size,
            "executable": self.executable,
        }


def upload_folder(client: Client, folder: Path, *, leave_out: Path) -> list[dict[str, object]]:
    """Upload every file but the ignored ones and the task file; what the API wants to know of them.

    How many that are is said first, since a task file may lie beside more than was meant.
    """
    files = [f for f in snapshot(folder) if f.place.resolve() != leave_out.resolve()]
    if files:
        note(f"{_counted(files)} beside the task file go with it; see {IGNORE_FILE}, --no-files.")
    sent: set[str] = set()
    for file in files:
        if file.sha256 not in sent:
            client.upload(file.place.read_bytes())
            sent.add(file.sha256)
    return [file.as_input() for file in files]


def _counted(files: list[Found]) -> str:
    kib = -(-sum(file.size for file in files) // 1024)
    return f"{len(files)} file{'s' * (len(files) > 1)} ({kib} KiB)"


def snapshot(folder: Path) -> list[Found]:
    """The folder's files by path. ``CliError`` (2) for too many, too large, or links outside."""
    root = folder.resolve()
    found = [_look(place, root) for place in _walk(root, root, _patterns(root))]
    if len(found) > MOST_FILES:
        raise usage(f"{folder} has more than {MOST_FILES} files; add patterns to {IGNORE_FILE}.")
    return sorted(found, key=lambda file: file.path)


def _look(place: Path, root: Path) -> Found:
    relative = place.relative_to(root).as_posix()
    if not place.resolve().is_relative_to(root):
        raise usage(f"{relative} is a link that leads outside of the folder.")
    about = place.stat()
    if about.st_size > UPLOAD_BYTES:
        raise usage(
            f"{relative} is larger than 32 MiB; add it to {IGNORE_FILE}, or fetch it in setup."
        )
    return Found(
        path=relative,
        place=place,
        sha256=hashlib.sha256(place.read_bytes()).hexdigest(),
        size=about.st_size,
        executable=bool(about.st_mode & stat.S_IXUSR),
    )


def _walk(folder: Path, root: Path, patterns: list[str]) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            place = Path(entry.path)
            inner = entry.is_dir(follow_symlinks=False)
            if _ignored(place.relative_to(root).as_posix(), patterns, is_folder=inner):
                continue
            if inner:
                yield from _walk(place, root, patterns)
            elif entry.is_file():
                yield place


def _patterns(root: Path) -> list[str]:
    try:
        lines = (root / IGNORE_FILE).read_text("utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    own = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return [*ALWAYS_IGNORED, *own]


def _ignored(relative: str, patterns: list[str], *, is_folder: bool) -> bool:
    result = False
    for raw in patterns:
        pattern = raw.removeprefix("!")
        if pattern.endswith("/") and not is_folder:
            continue
        wanted = pattern.strip("/")
        name = relative if "/" in wanted else relative.rpartition("/")[2]
        if fnmatchcase(name, wanted):
            result = not raw.startswith("!")
    return result
