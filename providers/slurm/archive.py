"""Tar archives as streams of bytes, so that a large file never has to fit in memory."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

BLOCK = 512
PARCEL = 64 * 1024


class Member(NamedTuple):
    """A file of exactly ``size`` bytes, a folder when ``name`` ends with a slash, or a ``link``."""

    name: str
    size: int
    chunks: Callable[[], Iterable[bytes]]
    mode: int = 0o600
    link: str = ""


def folder(name: str) -> Member:
    return Member(name + "/", 0, tuple, 0o700)


def text(name: str, content: bytes, *, mode: int = 0o600) -> Member:
    return Member(name, len(content), lambda: (content,), mode)


def symlink(name: str, target: str) -> Member:
    return Member(name, 0, tuple, 0o777, target)


def tar(members: Iterable[Member]) -> Iterator[bytes]:
    """The archive. ``ValueError`` when a file does not have the size it was announced with."""
    for member in members:
        info = tarfile.TarInfo(member.name)
        info.size, info.mode = member.size, member.mode
        info.type, info.linkname = _kind(member), member.link
        yield info.tobuf()
        written = 0
        for chunk in member.chunks():
            written += len(chunk)
            yield chunk
        if written != member.size:
            raise ValueError(f"{member.name} has {written} bytes, not {member.size}")
        yield bytes(-written % BLOCK)
    yield bytes(2 * BLOCK)


def _kind(member: Member) -> bytes:
    if member.link:
        return tarfile.SYMTYPE
    return tarfile.DIRTYPE if member.name.endswith("/") else tarfile.REGTYPE


def parcels(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in fewer pieces: thousands of small ones cost a network packet each."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        if len(waiting) >= PARCEL:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


def package(sdk: Path) -> tuple[str, list[Member]]:
    """The package ``lab`` below ``sdk``: a name made of its content, and its files."""
    files = sorted(p for p in (sdk / "lab").rglob("*") if p.suffix in (".py", ".graphql"))
    members, digest = [], hashlib.sha256()
    for path in files:
        name, content = str(path.relative_to(sdk)), path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
        members.append(text(name, content))
    return digest.hexdigest()[:16], members
