"""Archives as people and attackers make them."""

from __future__ import annotations

import io
import tarfile
import zipfile

Entry = tuple[str, bytes]


def zipped(*entries: Entry, mode: int = 0o644, packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip whose entries all have ``mode``."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", packed) as archive:
        for name, content in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            entry.compress_type = packed
            archive.writestr(entry, content)
    return made.getvalue()


def tarred(*entries: Entry, mode: int = 0o644, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A .tar.gz whose entries all have ``mode`` and are of ``kind``; links lead to /etc/passwd."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name, content in entries:
            entry = tarfile.TarInfo(name)
            entry.mode, entry.type, entry.linkname = mode, kind, "/etc/passwd"
            entry.size = len(content) if kind == tarfile.REGTYPE else 0
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()
