"""Blobs in an S3-compatible bucket: ``<prefix>blobs/ab/<sha256>`` whole and verified, uploads apart.

What comes in parts or by a presigned PUT lands under ``<prefix>uploads/`` and is copied to its name
inside the store once its hash is proved: by what passed through us, by the checksum S3 itself
verified, else by reading it back.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from providers.storage.base import (
    MAX_BLOB_BYTES,
    READ_BYTES,
    ArtifactStore,
    PutGrant,
    Usage,
    WrongHash,
    checked,
    disposition,
    missing,
    must_be,
    must_fit,
    partial_name,
)
from providers.storage.s3_client import (
    Absent,
    Client,
    S3Settings,
    connect,
    read_settings,
    translated,
)
from providers.storage.s3_uploads import MultipartUploads, md5

MAX_PUT_BYTES = 5 * 1024**3
"""One PUT takes 5 GiB: https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html"""
BINARY = "application/octet-stream"


def open_s3(url: str) -> S3Store:
    """See ``S3Settings``. Contacts nobody yet."""
    settings = read_settings(url)
    return S3Store(settings, connect(settings))


class S3Store(ArtifactStore):
    """``client`` is shared by all threads, as boto3 allows."""

    def __init__(self, settings: S3Settings, client: Client) -> None:
        self._settings = settings
        self._client = client
        self._at = {"Bucket": settings.bucket}
        self._uploads = MultipartUploads(client, settings.bucket)

    def has(self, sha256: str) -> bool:
        return self._head(self._key(sha256)) is not None

    def size(self, sha256: str) -> int:
        head = self._head(self._key(sha256))
        if head is None:
            raise missing(sha256)
        return int(head["ContentLength"])

    def put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.has(sha256):
            with translated():
                self._client.put_object(
                    **self._at,
                    Key=self._key(sha256),
                    Body=data,
                    ContentType=BINARY,
                    ContentMD5=md5(data),
                )
        return sha256

    def received(self, sha256: str, *, owner: str = "") -> int:
        return self._uploads.received(self._aside(sha256, owner))

    def write(
        self, sha256: str, *, offset: int, size: int, chunk: bytes, owner: str = ""
    ) -> tuple[int, bool]:
        checked(sha256)
        must_fit(chunk, offset=offset, size=size)
        if offset == 0 and len(chunk) == size:
            must_be(sha256, chunk)
            self.put(chunk)
            return size, True
        aside = self._aside(sha256, owner)
        after = self._uploads.append(aside, chunk, offset=offset, sha256=sha256)
        if after < size:
            return after, False
        found, etag = self._uploads.complete(aside)
        self._settle(sha256, aside, etag=etag, found=found)
        return size, True

    def presign_get(self, sha256: str, *, expires_s: int, filename: str = "") -> str | None:
        if not self._settings.direct:
            return None
        wanted = {
            **self._at,
            "Key": self._key(sha256),
            "ResponseContentType": BINARY,
            "ResponseContentDisposition": disposition(filename or sha256),
        }
        return self._sign("get_object", wanted, expires_s=expires_s)

    def presign_put(
        self, sha256: str, size: int, *, expires_s: int, owner: str = ""
    ) -> PutGrant | None:
        if not self._settings.direct or not 0 < size <= min(MAX_PUT_BYTES, MAX_BLOB_BYTES):
            return None
        checksum = b64encode(bytes.fromhex(checked(sha256))).decode()
        wanted = {
            **self._at,
            "Key": self._aside(sha256, owner),
            "ContentLength": size,
            "ContentType": BINARY,
            "ChecksumSHA256": checksum,
        }
        url = self._sign("put_object", wanted, expires_s=expires_s)
        headers = {"Content-Type": BINARY, "x-amz-checksum-sha256": checksum}
        return PutGrant(url=url, headers=headers)

    def confirm(self, sha256: str, size: int, *, owner: str = "") -> bool:
        if self.has(sha256):
            return True
        aside = self._aside(sha256, owner)
        head = self._head(aside)
        if head is None:
            return False
        # Only S3 itself is known to have compared the checksum it tells with the bytes.
        told = "" if self._settings.endpoint else str(head.get("ChecksumSHA256", ""))
        same = int(head["ContentLength"]) == size and head.get("ChecksumType") != "COMPOSITE"
        found = b64decode(told).hex() if same else ""
        self._settle(sha256, aside, etag=str(head["ETag"]), found=found)
        return True

    def delete(self, sha256: str) -> None:
        self._remove(self._key(sha256))

    def digests(self) -> Iterator[str]:
        return (str(item["Key"]).rsplit("/", 1)[1] for item in self._list("blobs/"))

    def usage(self) -> Usage:
        sizes = [int(item["Size"]) for item in self._list("blobs/")]
        return Usage(blobs=len(sizes), bytes=sum(sizes))

    def prune_uploads(self, *, before: datetime) -> int:
        prefix = f"{self._settings.prefix}uploads/"
        with translated():
            pages = self._client.get_paginator("list_multipart_uploads")
            found = pages.paginate(**self._at, Prefix=prefix)
            begun = [u for page in found for u in page.get("Uploads", ())]
            stale = [u for u in begun if u["Initiated"] < before]
            for upload in stale:
                self._client.abort_multipart_upload(
                    **self._at, Key=upload["Key"], UploadId=upload["UploadId"]
                )
        left = [item for item in self._list("uploads/") if item["LastModified"] < before]
        for item in left:
            self._remove(str(item["Key"]))
        return len(stale) + len(left)

    def _pieces(self, sha256: str, *, start: int, end: int) -> Iterator[bytes]:
        try:
            yield from self._stream(self._key(sha256), f"bytes={start}-{end - 1}")
        except Absent:
            raise missing(sha256) from None

    def _stream(self, key: str, span: str, **more: str) -> Iterator[bytes]:
        with translated():
            body = self._client.get_object(**self._at, Key=key, Range=span, **more)["Body"]
            try:
                yield from body.iter_chunks(READ_BYTES)
            finally:
                body.close()

    def _settle(self, sha256: str, aside: str, *, etag: str, found: str) -> None:
        """Give ``aside`` its name when its hash is right; else throw it away. Repeatable.

        ``etag`` ties the copy to the bytes that were hashed: a grant may be used again meanwhile.
        """
        try:
            found = found or self._hash(aside, etag)
            if found == sha256:
                self._copy(aside, self._key(sha256), etag=etag)
        except Absent:  # another request settled it
            if self.has(sha256):
                return
            raise WrongHash(sha256=sha256, found="no longer known") from None
        self._remove(aside)
        if found != sha256:
            raise WrongHash(sha256=sha256, found=found)

    def _copy(self, source: str, target: str, *, etag: str) -> None:
        with translated():
            self._client.copy(
                {**self._at, "Key": source},
                self._settings.bucket,
                target,
                ExtraArgs={"CopySourceIfMatch": etag},
            )

    def _hash(self, key: str, etag: str) -> str:
        digest = hashlib.sha256()
        for piece in self._stream(key, "bytes=0-", IfMatch=etag):
            digest.update(piece)
        return digest.hexdigest()

    def _head(self, key: str) -> dict[str, Any] | None:
        try:
            with translated():
                head: dict[str, Any] = self._client.head_object(
                    **self._at, Key=key, ChecksumMode="ENABLED"
                )
                return head
        except Absent:
            return None

    def _list(self, folder: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("list_objects_v2")
        with translated():
            for page in pages.paginate(**self._at, Prefix=self._settings.prefix + folder):
                yield from page.get("Contents", ())

    def _remove(self, key: str) -> None:
        with translated():
            self._client.delete_object(**self._at, Key=key)

    def _sign(self, operation: str, wanted: Mapping[str, object], *, expires_s: int) -> str:
        with translated():
            return str(
                self._client.generate_presigned_url(operation, Params=wanted, ExpiresIn=expires_s)
            )

    def _key(self, sha256: str) -> str:
        return f"{self._settings.prefix}blobs/{checked(sha256)[:2]}/{sha256}"

    def _aside(self, sha256: str, owner: str) -> str:
        return f"{self._settings.prefix}uploads/{partial_name(sha256, owner)}"
