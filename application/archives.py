"""An archive that somebody sent, unpacked into an empty folder: zip, or tar packed by gzip.

Nothing is written outside of the folder, and nothing is believed: names are checked, links and
devices refused, sizes counted while reading. Not here: what becomes of the files.
"""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from application.task_files import MOST_BYTES, MOST_FILE_BYTES, MOST_FILES
from domain.errors import InvalidInput, OutsidePath
from domain.git_urls import is_inner_path

HEADER_BYTES = 32 * 1024**2
"""What a tar may have beside its files: names, padding, what other programs note."""
LONGEST_NAME = 1_000
LONGEST_PART = 255
DEEPEST = 20
_CHUNK = 1024 * 1024
_BLOCK = 512  # https://www.gnu.org/software/tar/manual/html_node/Standard.html
_ZIP, _GZIP, _ZIP_ENTRY = b"PK", b"\x1f\x8b", b"PK\x01\x02"
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The others may unfold without a bound in one read."""
_UNREADABLE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    ValueError,
    NotImplementedError,
)


class ArchiveBomb(InvalidInput):
    """An archive that unfolds to more than is taken."""

    noted = "ARCHIVE_BOMB"


class Limits(NamedTuple):
    """Of one archive: of all files together, of each, and how many."""

    all_bytes: int = MOST_BYTES
    file_bytes: int = MOST_FILE_BYTES
    files: int = MOST_FILES


LIMITS = Limits()


class _Member(NamedTuple):
    """A file or a folder (``content`` is ``None``), under a name that was checked."""

    name: str
    content: IO[bytes] | None
    executable: bool = False


def unpack_archive(data: bytes, into: Path, *, limits: Limits = LIMITS) -> None:
    """Unpack ``data`` into the empty folder ``into``.

    Raises ``OutsidePath`` for names that lead outside and links, ``ArchiveBomb`` for too much, and
    ``InvalidInput`` for what cannot be read; what was written until then stays in ``into``.
    """
    if not data.startswith((_ZIP, _GZIP)):
        _refuse("archive", "It is neither a .zip nor a .tar.gz.")
    members = _zipped(data, limits) if data.startswith(_ZIP) else _tarred(data, limits)
    left, seen = limits.all_bytes, 0
    try:
        for member in members:
            seen += 1
            if seen > limits.files:
                _too_much(member.name, f"The archive has more than {limits.files:,} entries.")
            left -= _write(member, into, left=left, limits=limits)
    except _UNREADABLE as error:
        way_out = "It is not a .zip or .tar.gz that can be read; make it again."
        raise InvalidInput(field="files", value="archive", way_out=way_out) from error


def _zipped(data: bytes, limits: Limits) -> Iterator[_Member]:
    if data.count(_ZIP_ENTRY) > limits.files:  # before a million of them are made objects
        _too_much("archive", f"The archive has more than {limits.files:,} entries.")
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        entries = opened.infolist()
        for entry in entries:
            _check_entry(entry)
        for entry in entries:
            executable = bool((entry.external_attr >> 16) & stat.S_IXUSR)
            if entry.is_dir():
                yield _Member(_checked(entry.filename), None)
                continue
            with opened.open(entry) as content:
                yield _Member(_checked(entry.filename), content, executable)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = _checked(entry.filename)
    if stat.S_ISLNK(entry.external_attr >> 16):
        _outside(name, "Links are not accepted in an archive; put the file itself in.")
    if entry.flag_bits & 0x1:
        _refuse(name, "It is encrypted; make the archive without a password.")
    if entry.compress_type not in _PLAIN:
        _refuse(name, "It is packed in an unusual way; use deflate, as zip does by itself.")


def _tarred(data: bytes, limits: Limits) -> Iterator[_Member]:
    meter = _Metered(gzip.GzipFile(fileobj=io.BytesIO(data)), HEADER_BYTES)
    with tarfile.open(fileobj=meter, mode="r|", bufsize=_BLOCK) as opened:
        for entry in opened:
            if entry.name in (".", "./"):
                continue
            name = _checked(entry.name)
            if entry.isdir():
                yield _Member(name, None)
                continue
            if not entry.isfile() or entry.issparse():
                _outside(name, "Only files and folders are accepted in an archive: no links.")
            if entry.size > limits.file_bytes:
                _too_much(name, f"A file in an archive has at most {limits.file_bytes:,} bytes.")
            meter.left += entry.size
            yield _Member(name, opened.extractfile(entry), bool(entry.mode & stat.S_IXUSR))


class _Metered(io.RawIOBase):
    """Reads on until more has unfolded than is left: a tar's reader takes headers of any length."""

    def __init__(self, inner: gzip.GzipFile, left: int) -> None:
        self._inner = inner
        self.left = left

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._inner.read(size if 0 <= size < _CHUNK else _CHUNK)
        self.left -= len(data)
        if self.left < 0:
            _too_much("archive", f"It has more than {HEADER_BYTES:,} bytes beside its files.")
        return data


def _write(member: _Member, into: Path, *, left: int, limits: Limits) -> int:
    """How many bytes the file has."""
    target = into / member.name
    if member.content is None:
        _make(target, member.name)
        return 0
    _make(target.parent, member.name)
    if target.exists():
        _refuse(member.name, "It is in the archive twice; keep one.")
    written = 0
    with target.open("xb") as file:
        while chunk := member.content.read(_CHUNK):
            written += len(chunk)
            if written > limits.file_bytes:
                _too_much(
                    member.name, f"A file in an archive has at most {limits.file_bytes:,} bytes."
                )
            if written > left:
                _too_much(
                    member.name, f"The archive unpacks to more than {limits.all_bytes:,} bytes."
                )
            file.write(chunk)
    if member.executable:
        target.chmod(0o755)
    return written


def _make(folder: Path, name: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        _refuse(name, "It is in the archive as a file and as a folder; keep one.")


def _checked(name: str) -> str:
    plain = name.removeprefix("./").removesuffix("/")
    if not is_inner_path(plain):
        _outside(name, "Names in the archive are relative, without `..` or a backslash.")
    longest = max(len(part.encode()) for part in plain.split("/"))
    if longest > LONGEST_PART or len(plain.encode()) > LONGEST_NAME:
        _refuse(name, f"Its name is too long: {LONGEST_NAME} bytes, {LONGEST_PART} between two /.")
    if plain.count("/") > DEEPEST:  # ten thousand files may each have that many folders
        _refuse(name, f"It is more than {DEEPEST} folders deep.")
    return plain


def _outside(name: str, way_out: str) -> None:
    raise OutsidePath(field="files", value=name, way_out=way_out)


def _too_much(name: str, way_out: str) -> None:
    raise ArchiveBomb(field="files", value=name, way_out=f"{way_out} Leave data out of it.")


def _refuse(name: str, way_out: str) -> None:
    raise InvalidInput(field="files", value=name, way_out=way_out)
