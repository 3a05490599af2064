"""The files beside a task: a folder as content hashes, and an uploaded archive made into a folder.

Nothing outside the folder is read or written: links that lead out, ``..`` and absolute names are
refused. Not here: where contents are stored.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from domain.errors import InvalidInput
from domain.git_urls import is_inner_path
from domain.job_spec import FrozenFile

IGNORE_FILE = ".labignore"
ALWAYS_IGNORED = (".git/", "__pycache__/", ".venv/", ".ipynb_checkpoints/", "*.pyc", ".DS_Store")
MOST_FILES = 10_000
MOST_FILE_BYTES = 1024**3
MOST_BYTES = 4 * 1024**3
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


def unpack_archive(
    archive: Path, into: Path, *, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES
) -> None:
    """Unpack a zip into the empty folder ``into``. Sizes are counted while reading, not believed.

    Raises ``InvalidInput`` for names that lead outside, links, encrypted entries, or too much.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = opened.infolist()
            if len(entries) > most_files:
                _refuse(archive.name, f"It has {len(entries)} entries; at most {most_files}.")
            for entry in entries:
                _check_entry(entry)
            left = most_bytes
            for entry in entries:
                left -= _unpack_one(opened, entry, into, left=left)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        why = "It is not a zip archive that can be read; make it again."
        raise InvalidInput(field="files", value=archive.name, way_out=why) from error


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


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename.removesuffix("/")
    if not is_inner_path(name):
        _refuse(name, "Names in the archive are relative, without `..` or a backslash.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        _refuse(name, "Links are not accepted in an archive; put the file itself in.")
    if entry.flag_bits & 0x1:
        _refuse(name, "It is encrypted; make the archive without a password.")


def _unpack_one(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, into: Path, *, left: int) -> int:
    target = into / entry.filename
    if entry.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return 0
    if target.exists():
        _refuse(entry.filename, "It is in the archive twice; keep one.")
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(entry) as source, target.open("xb") as file:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > min(left, MOST_FILE_BYTES):
                _refuse(entry.filename, "The archive unpacks to too much; leave data out of it.")
            file.write(chunk)
    if (entry.external_attr >> 16) & stat.S_IXUSR:
        target.chmod(0o755)
    return written


def _refuse(name: str, way_out: str) -> None:
    raise InvalidInput(field="files", value=name, way_out=way_out)
