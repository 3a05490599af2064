"""The contract every store of artifact bytes keeps: content-addressed, verified, resumable.

A blob is named by the SHA-256 of its bytes and is visible whole or not at all. Uploads in parts are
kept apart by ``owner``, so that nobody can spoil the upload of another. Not here: who may read
what (``server/node_api.py``, ``server/files_api.py``), and which store is used (``open.py``).
"""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar
from urllib.parse import quote

import msgspec

from domain.errors import InvalidInput, LabError, NotFound

CHUNK_BYTES = 8 * 1024 * 1024
"""The longest chunk of an upload, and the length of every chunk but the last."""
MAX_BLOB_BYTES = 10_000 * CHUNK_BYTES
"""S3 takes at most 10,000 parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""
READ_BYTES = 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")


class ArtifactStoreError(LabError):
    """Something about stored bytes; ``transient`` says whether to try again."""

    code = "ARTIFACT_STORE_ERROR"


class ArtifactStoreUnavailable(ArtifactStoreError):
    """The store does not answer, or not usably; nothing was half done."""

    code = "ARTIFACT_STORE_UNAVAILABLE"
    sentence = "The artifact store cannot be used ({why}). Nothing is lost; try again."
    transient = True


class ArtifactStoreFull(ArtifactStoreError):
    """There is no room left. What was stored before is whole."""

    code = "ARTIFACT_STORE_FULL"
    sentence = "The artifact store is full ({why}). Free space or delete artifacts, then try again."
    transient = True


class ArtifactStoreRefused(ArtifactStoreError):
    """The store answered no; asking again will not help before somebody mends its settings."""

    code = "ARTIFACT_STORE_REFUSED"
    sentence = "The artifact store refuses ({why}). Check its URL, credentials and permissions."


class WrongOffset(ArtifactStoreError):
    """A chunk does not continue the upload. Values: ``sha256``, ``asked``, ``expected``."""

    code = "WRONG_OFFSET"
    sentence = "The upload of {sha256} goes on at byte {expected}, not {asked}."

    def __init__(self, *, sha256: str, asked: int, expected: int) -> None:
        self.expected = expected
        super().__init__(sha256=sha256, asked=asked, expected=expected)


class WrongHash(ArtifactStoreError):
    """Uploaded bytes are not what they are named; they are thrown away. Values: ``sha256``, ``found``."""

    code = "WRONG_HASH"
    sentence = "The uploaded bytes have the SHA-256 {found}, not {sha256}. Upload them again."


class CorruptBlob(ArtifactStoreError):
    """Stored bytes changed since they were verified. Values: ``sha256``, ``found``."""

    code = "CORRUPT_BLOB"
    sentence = (
        "The stored bytes of {sha256} have changed: their SHA-256 is {found}. Restore a copy."
    )


class PutGrant(msgspec.Struct, frozen=True, kw_only=True):
    """Permission to PUT one whole object without any other credential, until it expires."""

    url: str
    headers: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return "PutGrant(…)"


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Whole blobs alone; unfinished uploads are not counted."""

    blobs: int
    bytes: int


class ArtifactStore(ABC):
    """Safe to share between threads and, on the same place, between processes.

    Every method raises ``InvalidInput`` for what is no SHA-256 in lower-case hex,
    ``ArtifactStoreUnavailable``, ``ArtifactStoreRefused`` and, when storing, ``ArtifactStoreFull``.
    """

    chunk_bytes: ClassVar[int] = CHUNK_BYTES

    @abstractmethod
    def has(self, sha256: str) -> bool: ...

    @abstractmethod
    def size(self, sha256: str) -> int:
        """Bytes. Raises ``NotFound``."""

    @abstractmethod
    def put(self, data: bytes) -> str:
        """Store and return the SHA-256. Storing twice is once."""

    @abstractmethod
    def received(self, sha256: str, *, owner: str = "") -> int:
        """Where the upload by ``owner`` goes on; 0 when there is none. It survives a restart."""

    @abstractmethod
    def write(
        self, sha256: str, *, offset: int, size: int, chunk: bytes, owner: str = ""
    ) -> tuple[int, bool]:
        """Take the next chunk; the new offset, and whether the blob is whole, verified and stored.

        The bytes are proved even when the blob is there already: only who shows them has them.
        Every chunk but the last is ``chunk_bytes`` long. Raises ``WrongOffset``, which carries the
        right one, and with the last chunk ``WrongHash``: then the upload starts over.
        """

    @abstractmethod
    def presign_get(self, sha256: str, *, expires_s: int, filename: str = "") -> str | None:
        """A URL that gives the bytes to whoever has it; ``None`` when the store has no such thing."""

    @abstractmethod
    def presign_put(
        self, sha256: str, size: int, *, expires_s: int, owner: str = ""
    ) -> PutGrant | None:
        """To upload without us; the blob appears with ``confirm``. ``None``: use ``write``."""

    @abstractmethod
    def confirm(self, sha256: str, size: int, *, owner: str = "") -> bool:
        """Verify what was PUT by a grant and store it; whether the blob is there. Repeatable.

        Raises ``WrongHash`` and throws the bytes away when they are others.
        """

    @abstractmethod
    def delete(self, sha256: str) -> None:
        """Also when it is not there."""

    @abstractmethod
    def digests(self) -> Iterator[str]:
        """The SHA-256 of every whole blob, in no order."""

    @abstractmethod
    def usage(self) -> Usage:
        """Counted now, by listing."""

    @abstractmethod
    def prune_uploads(self, *, before: datetime) -> int:
        """Drop unfinished uploads last touched before then; how many. Repeatable."""

    def read(self, sha256: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` up to, without, ``end``. Raises ``NotFound`` at once.

        A read of the whole blob verifies it and raises ``CorruptBlob`` before the last piece.
        """
        size = self.size(sha256)
        stop = size if end is None else min(end, size)
        if start > 0 or stop < size:
            return self._pieces(sha256, start=start, end=stop) if start < stop else iter(())
        return _verified(self._pieces(sha256, start=0, end=size) if size else iter(()), sha256)

    @abstractmethod
    def _pieces(self, sha256: str, *, start: int, end: int) -> Iterator[bytes]:
        """The bytes of a blob that exists; ``start < end <= size``."""


def checked(sha256: str) -> str:
    """``sha256`` when it is one, so that it may be part of a path. Raises ``InvalidInput``."""
    if not _DIGEST.fullmatch(sha256):
        way_out = "Name the blob by its SHA-256: 64 hex digits in lower case."
        raise InvalidInput(field="sha256", value=sha256, way_out=way_out)
    return sha256


def missing(sha256: str) -> NotFound:
    """What to raise when there is no such blob."""
    return NotFound(kind="artifact", id=sha256)


def disposition(filename: str) -> str:
    """Always a download, under a plain name: RFC 6266 with the exact name in its second form."""
    name = filename.rsplit("/", 1)[-1][-150:] or "file"
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    exact = quote(name.encode("utf-8", "replace"), safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}"


def partial_name(sha256: str, owner: str) -> str:
    """The name of an unfinished upload: one for each blob and owner."""
    return f"{checked(sha256)}.{hashlib.sha256(owner.encode()).hexdigest()[:16]}"


def must_be(sha256: str, data: bytes) -> None:
    """Nothing, or ``WrongHash``."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise WrongHash(sha256=sha256, found=found)


def must_fit(chunk: bytes, *, offset: int, size: int) -> None:
    """Nothing, or ``InvalidInput`` for a chunk of a length no store takes."""
    last = offset + len(chunk) >= size
    if size > MAX_BLOB_BYTES or len(chunk) > CHUNK_BYTES or (not last and len(chunk) < CHUNK_BYTES):
        way_out = f"Send chunks of {CHUNK_BYTES} bytes, the last one shorter, of at most {MAX_BLOB_BYTES} in all."
        raise InvalidInput(field="chunk", value=f"{len(chunk)} bytes of {size}", way_out=way_out)


def _verified(pieces: Iterator[bytes], sha256: str) -> Iterator[bytes]:
    digest, held = hashlib.sha256(), b""
    for piece in pieces:
        if held:
            yield held
        digest.update(piece)
        held = piece
    if digest.hexdigest() != sha256:
        raise CorruptBlob(sha256=sha256, found=digest.hexdigest())
    if held:
        yield held
