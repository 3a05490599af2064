"""The files beside a task: a folder as content hashes.

Nothing outside the folder is read: links that lead out are refused. Not here: where contents are
stored, and how an archive becomes a folder (``application/archives.py``).
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from domain.errors import InvalidInput
from domain.git_urls import is_inner_path
from domain.job_spec import FrozenFile

IGNORE_FILE = ".labignore"
ALWAYS_IGNORED = (".git/", "__pycache__/", ".venv/", ".ipynb_checkpoints/", "*.pyc", ".DS_Store")
MOST_FILES = 10_000
MOST_FILE_BYTES = 32 * 1024**2
MOST_BYTES = 256 * 1024**2
_CHUNK = 1024 * 1024


def snapshot_folder(
    folder: Path, *, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES
) -> Iterator[tuple[FrozenFile, Path]]:
    """Every file of ``folder`` but the ignored ones, by path, with where its bytes are now.

    ``.labignore`` holds one pattern a line: ``*.ckpt``, ``data/`` (folders), ``!keep.ckpt``; the
    last match wins. Raises ``InvalidInput`` for a link that leads outside or for too much.
    """
    root = folder.resolve()
    patterns = _patterns(root)
    total = 0
    for count, (path, relative) in enumerate(_walk(root, root, patterns), start=1):
        size, digest = _hash(path)
        total += size
        if total > most_bytes or count > most_files:
            limit = f"{most_files} files and {most_bytes} bytes"
            _refuse(relative, f"The folder has more than {limit}; add patterns to {IGNORE_FILE}.")
        executable = bool(path.stat().st_mode & stat.S_IXUSR)
        yield FrozenFile(path=relative, sha256=digest, size=size, executable=executable), path


def ignored(relative: str, patterns: tuple[str, ...], *, is_folder: bool) -> bool:
    """Whether the last pattern that matches ``relative`` (POSIX) says to leave it out."""
    answer = False
    for pattern in patterns:
        wanted = pattern.removeprefix("!")
        folder_only = wanted.endswith("/")
        wanted = wanted.removesuffix("/")
        whole = "/" in wanted
        subject = relative if whole else relative.rsplit("/", 1)[-1]
        matches = fnmatchcase(subject, wanted.removeprefix("/"))
        if matches and (is_folder or not folder_only):
            answer = not pattern.startswith("!")
    return answer


def _patterns(root: Path) -> tuple[str, ...]:
    listing = root / IGNORE_FILE
    if not listing.is_file() or not _inside(listing, root):
        return ALWAYS_IGNORED
    lines = [line.strip() for line in listing.read_text("utf-8", "replace").splitlines()]
    return (*ALWAYS_IGNORED, *(line for line in lines if line and not line.startswith("#")))


def _walk(folder: Path, root: Path, patterns: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    for entry in sorted(os.scandir(folder), key=lambda e: e.name):
        path = Path(entry.path)
        relative = path.relative_to(root).as_posix()
        linked = entry.is_symlink()
        is_folder = entry.is_dir(follow_symlinks=False)
        if ignored(relative, patterns, is_folder=is_folder):
            continue
        if not is_inner_path(relative):
            _refuse(
                relative, "Rename it: names are printable, without a backslash or a leading dash."
            )
        if linked and (not _inside(path, root) or path.is_dir()):
            _refuse(relative, "This link leads to a folder or outside; copy what it points to.")
        if is_folder:
            yield from _walk(path, root, patterns)
        elif path.is_file():
            yield path, relative


def _inside(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root)


def _hash(path: Path) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if size > MOST_FILE_BYTES:
                _refuse(
                    path.name, f"It has more than {MOST_FILE_BYTES} bytes; save it as a dataset."
                )
    return size, digest.hexdigest()


def _refuse(name: str, way_out: str) -> None:
    raise InvalidInput(field="files", value=name, way_out=way_out)
