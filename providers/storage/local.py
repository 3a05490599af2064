"""Blobs as files on this machine or a shared disk: written aside, synced, then renamed into place.

``blobs/ab/<sha256>`` is always whole and verified; ``uploads/`` holds what is on its way. A file lock
keeps two writers of one upload apart, in one process or several.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import NoReturn

from providers.storage.base import (
    READ_BYTES,
    ArtifactStore,
    ArtifactStoreFull,
    ArtifactStoreUnavailable,
    PutGrant,
    Usage,
    WrongHash,
    WrongOffset,
    checked,
    missing,
    must_be,
    must_fit,
    partial_name,
)

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class LocalStore(ArtifactStore):
    """``root`` is made when it is not there, 0700; files are 0600. No presigned URLs."""

    def __init__(self, root: Path) -> None:
        self._blobs = root / "blobs"
        self._uploads = root / "uploads"
        with _disk():
            for folder in (self._blobs, self._uploads):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def has(self, sha256: str) -> bool:
        return self._path(sha256).is_file()

    def size(self, sha256: str) -> int:
        try:
            return self._path(sha256).stat().st_size
        except FileNotFoundError:
            raise missing(sha256) from None

    def put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.has(sha256):
            aside = self._uploads / f"{sha256}.{secrets.token_hex(8)}.put"
            try:
                with _disk(), _private(aside, os.O_EXCL) as file:
                    _extend(file, data, held=0)
                    self._publish(file, aside, sha256=sha256)
            finally:
                aside.unlink(missing_ok=True)
        return sha256

    def received(self, sha256: str, *, owner: str = "") -> int:
        try:
            return (self._uploads / partial_name(sha256, owner)).stat().st_size
        except FileNotFoundError:
            return 0

    def write(
        self, sha256: str, *, offset: int, size: int, chunk: bytes, owner: str = ""
    ) -> tuple[int, bool]:
        partial = self._uploads / partial_name(sha256, owner)
        must_fit(chunk, offset=offset, size=size)
        if offset == 0 and len(chunk) == size:
            must_be(sha256, chunk)
            self.put(chunk)
            partial.unlink(missing_ok=True)
            return size, True
        with _disk(), _private(partial) as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # let go when the file is closed
            if not _is_at(file, partial):  # finished or thrown away while we waited
                return self._after_another(sha256, offset=offset, size=size)
            held = file.seek(0, os.SEEK_END)
            if offset != held:
                raise WrongOffset(sha256=sha256, asked=offset, expected=held)
            _extend(file, chunk, held=held)
            if held + len(chunk) < size:
                return held + len(chunk), False
            _must_hold(file, partial, sha256=sha256)
            self._publish(file, partial, sha256=sha256)
        return size, True

    def presign_get(self, sha256: str, *, expires_s: int, filename: str = "") -> str | None:
        del sha256, expires_s, filename
        return None

    def presign_put(
        self, sha256: str, size: int, *, expires_s: int, owner: str = ""
    ) -> PutGrant | None:
        del sha256, size, expires_s, owner
        return None

    def confirm(self, sha256: str, size: int, *, owner: str = "") -> bool:
        del size, owner
        return self.has(sha256)

    def delete(self, sha256: str) -> None:
        with _disk():
            self._path(sha256).unlink(missing_ok=True)

    def digests(self) -> Iterator[str]:
        return (path.name for path in self._blobs.glob("??/*"))

    def usage(self) -> Usage:
        sizes = [path.stat().st_size for path in self._blobs.glob("??/*")]
        return Usage(blobs=len(sizes), bytes=sum(sizes))

    def prune_uploads(self, *, before: datetime) -> int:
        old = [p for p in self._uploads.iterdir() if p.stat().st_mtime < before.timestamp()]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _pieces(self, sha256: str, *, start: int, end: int) -> Iterator[bytes]:
        with _disk(), self._path(sha256).open("rb") as file:
            file.seek(start)
            while start < end and (piece := file.read(min(READ_BYTES, end - start))):
                start += len(piece)
                yield piece

    def _path(self, sha256: str) -> Path:
        return self._blobs / checked(sha256)[:2] / sha256

    def _after_another(self, sha256: str, *, offset: int, size: int) -> tuple[int, bool]:
        if self.has(sha256):
            return size, True
        raise WrongOffset(sha256=sha256, asked=offset, expected=0)

    def _publish(self, file: FileIO, aside: Path, *, sha256: str) -> None:
        """Make ``aside`` the blob: durable before it is visible, and the name durable after."""
        target = self._path(sha256)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        os.fsync(file.fileno())
        aside.replace(target)
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _private(path: Path, flags: int = 0) -> FileIO:
    """Read and append, made with mode 0600; never through a symbolic link."""
    every = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | flags
    return FileIO(os.open(path, every, 0o600), "r+")


def _is_at(file: FileIO, path: Path) -> bool:
    try:
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False


def _extend(file: FileIO, chunk: bytes, *, held: int) -> None:
    """The whole chunk, or nothing of it."""
    rest = memoryview(chunk)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError:
        os.ftruncate(file.fileno(), held)
        raise


def _must_hold(file: FileIO, partial: Path, *, sha256: str) -> None:
    file.seek(0)
    found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        partial.unlink(missing_ok=True)
        raise WrongHash(sha256=sha256, found=found)


@contextmanager
def _disk() -> Iterator[None]:
    """The disk's refusals in our words."""
    try:
        yield
    except OSError as error:
        _translate(error)


def _translate(error: OSError) -> NoReturn:
    why = error.strerror or "unknown"
    if error.errno in _FULL:
        raise ArtifactStoreFull(why=why) from error
    raise ArtifactStoreUnavailable(why=why) from error
