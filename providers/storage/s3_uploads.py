"""Multipart uploads whose state is looked up in the store itself, so that any replica may go on.

The hash of what passed through this process is kept beside the ETags of the parts it was in: when
these are the parts that are put together, nothing has to be read back.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from providers.storage.base import WrongOffset
from providers.storage.s3_client import Absent, Client, translated

if TYPE_CHECKING:
    from hashlib import _Hash

REMEMBERED = 1_000


@dataclass(kw_only=True)
class _Seen:
    """What this process knows of an upload. ``etags`` are of the parts that ``digest`` covers."""

    digest: _Hash = field(default_factory=hashlib.sha256)
    etags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """``upload`` is empty when there is none; ``size`` is of the parts without a gap from the first."""

    upload: str = ""
    etags: tuple[str, ...] = ()
    size: int = 0


class MultipartUploads:
    """Uploads to keys of one bucket; a key has one upload, the oldest, whoever began it."""

    def __init__(self, client: Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._lock = Lock()
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    def received(self, key: str) -> int:
        return self._parts(key).size

    def append(self, key: str, chunk: bytes, *, offset: int, sha256: str) -> int:
        """The new offset. Raises ``WrongOffset``."""
        parts = self._parts(key)
        if offset != parts.size:
            raise WrongOffset(sha256=sha256, asked=offset, expected=parts.size)
        if chunk:
            upload = parts.upload or self._begin(key)
            with translated():
                answer = self._client.upload_part(
                    Bucket=self._bucket,
                    Key=key,
                    UploadId=upload,
                    PartNumber=len(parts.etags) + 1,
                    Body=chunk,
                    ContentMD5=md5(chunk),
                )
            self._remember(key, chunk, before=parts.etags, etag=str(answer["ETag"]))
        return offset + len(chunk)

    def complete(self, key: str) -> tuple[str, str]:
        """Put the parts together; the object's SHA-256 (empty when not known) and its ETag."""
        parts = self._parts(key)
        numbered = [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(parts.etags, start=1)]
        with translated():
            answer = self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=key,
                UploadId=parts.upload,
                MultipartUpload={"Parts": numbered},
            )
        with self._lock:
            seen = self._seen.pop(key, None)
        known = seen is not None and seen.etags == parts.etags
        return (seen.digest.hexdigest() if seen and known else ""), str(answer["ETag"])

    def _parts(self, key: str) -> _Parts:
        upload = self._oldest(key)
        if not upload:
            return _Parts()
        pages = self._client.get_paginator("list_parts")
        etags: list[str] = []
        size = 0
        try:
            with translated():
                for page in pages.paginate(Bucket=self._bucket, Key=key, UploadId=upload):
                    for part in page.get("Parts", ()):
                        if part["PartNumber"] == len(etags) + 1:
                            etags.append(str(part["ETag"]))
                            size += int(part["Size"])
        except Absent:
            return _Parts()
        return _Parts(upload=upload, etags=tuple(etags), size=size)

    def _oldest(self, key: str) -> str:
        with translated():
            answer = self._client.list_multipart_uploads(Bucket=self._bucket, Prefix=key)
        mine = [u for u in answer.get("Uploads", ()) if u["Key"] == key]
        mine.sort(key=lambda u: (u["Initiated"], u["UploadId"]))
        return str(mine[0]["UploadId"]) if mine else ""

    def _begin(self, key: str) -> str:
        with translated():
            self._client.create_multipart_upload(
                Bucket=self._bucket, Key=key, ContentType="application/octet-stream"
            )
        return self._oldest(key)

    def _remember(self, key: str, chunk: bytes, *, before: tuple[str, ...], etag: str) -> None:
        with self._lock:
            seen = self._seen.setdefault(key, _Seen())
            if seen.etags == before:
                seen.digest.update(chunk)
                seen.etags = (*before, etag)
            elif not before:
                self._seen[key] = _Seen(digest=hashlib.sha256(chunk), etags=(etag,))
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)


def md5(data: bytes) -> str:
    """The Content-MD5 header: the store refuses bytes that changed on the way."""
    return b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
