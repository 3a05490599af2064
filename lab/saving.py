"""Staging of saved files: bytes are copied and hashed once, and named only when they are durable.

A blob under its final name is whole. What a save means and when its record is written is
``lab.run``'s business.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class StagedFile:
    """``path`` is relative to the saved thing, POSIX."""

    path: str
    sha256: str
    size: int


def stage(source: Path, blobs: Path) -> list[StagedFile]:
    """Copy a file or every file below a folder into ``blobs``; returns them ordered by path.

    Hard links would be cheaper, but a program that writes the next checkpoint into the same file
    would then change the bytes of this one. Raises FileNotFoundError, and ValueError for an empty
    folder or something that is neither file nor folder. May be repeated.
    """
    blobs.mkdir(parents=True, exist_ok=True)
    staged = [_stage_one(path, file, blobs=blobs) for path, file in _files(source)]
    _sync_folder(blobs)
    return staged


def assemble(files: list[StagedFile], folder: Path, *, blobs: Path) -> None:
    """Make ``folder`` hold exactly these files, as links to the blobs; replaces what was there."""
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}.{os.urandom(4).hex()}")
    for file in files:
        target = fresh / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        _link_or_copy(blobs / file.sha256, target)
    if folder.exists():
        old = fresh.with_name(fresh.name + ".old")
        folder.rename(old)
        fresh.rename(folder)
        shutil.rmtree(old)
    else:
        fresh.rename(folder)


def _files(source: Path) -> list[tuple[str, Path]]:
    if source.is_file():
        return [(source.name, source)]
    if not source.exists():
        raise FileNotFoundError(f"cannot save {source}: it does not exist")
    if not source.is_dir():
        raise ValueError(f"cannot save {source}: it is neither a file nor a folder")
    found = [(f.relative_to(source).as_posix(), f) for f in source.rglob("*") if f.is_file()]
    if not found:
        raise ValueError(f"cannot save {source}: the folder holds no files")
    return sorted(found)


def _stage_one(path: str, source: Path, *, blobs: Path) -> StagedFile:
    partial = blobs / f".{os.getpid()}-{os.urandom(8).hex()}.partial"
    digest = hashlib.sha256()
    size = 0
    try:
        with source.open("rb") as reader, partial.open("xb") as writer:
            while chunk := reader.read(CHUNK_BYTES):
                digest.update(chunk)
                writer.write(chunk)
                size += len(chunk)
            writer.flush()
            os.fsync(writer.fileno())
        blob = blobs / digest.hexdigest()
        if not blob.exists():
            partial.chmod(0o444)
            partial.rename(blob)
    finally:
        partial.unlink(missing_ok=True)
    return StagedFile(path=path, sha256=digest.hexdigest(), size=size)


def _link_or_copy(blob: Path, target: Path) -> None:
    try:
        os.link(blob, target)
    except OSError:
        shutil.copyfile(blob, target)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
