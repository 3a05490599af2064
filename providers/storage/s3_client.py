"""The client of an S3-compatible store: its settings from a URL, its errors in our words.

Credentials come as boto3 finds them: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html
(environment, shared files, the machine's role). Not here: what is stored where (``s3.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlsplit

import boto3  # type: ignore[import-untyped]  # ships no types
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

from domain.errors import InvalidInput
from providers.storage.base import (
    ArtifactStoreFull,
    ArtifactStoreRefused,
    ArtifactStoreUnavailable,
)

Client = Any  # boto3 makes its clients' methods at run time

KNOWN = ("endpoint", "region", "direct")
DEFAULT_REGION = "us-east-1"
CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 60
TOO_MANY = 429
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and MinIO's own
_ABSENT = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchUpload"})
_FULL = frozenset({"XMinioStorageFull", "QuotaExceeded", "507", "InsufficientStorage"})
_BUSY = frozenset(
    {
        "PreconditionFailed",
        "412",
        "SlowDown",
        "RequestTimeout",
        "RequestTimeTooSkewed",
        "OperationAborted",
    }
)


@dataclass(frozen=True, kw_only=True)
class S3Settings:
    """``prefix`` ends with a slash or is empty. ``direct``: nodes and browsers may use presigned URLs."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = DEFAULT_REGION
    direct: bool = True


class Absent(Exception):  # reads as the state it names
    """No such object or upload; for ``s3.py`` alone, which says what it means."""


def read_settings(url: str) -> S3Settings:
    """``s3://bucket/prefix?endpoint=&region=&direct=``. ``InvalidInput`` names what is unknown."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(set(options) - set(KNOWN))
    if unknown or options.get("direct", "true") not in ("true", "false"):
        way_out = f"Known options of an s3:// URL: {', '.join(KNOWN)} (direct is true or false)."
        raise InvalidInput(
            field="artifact store", value=", ".join(unknown or KNOWN[-1:]), way_out=way_out
        )
    prefix = parts.path.strip("/")
    return S3Settings(
        bucket=parts.netloc,
        prefix=f"{prefix}/" if prefix else "",
        endpoint=options.get("endpoint", ""),
        region=options.get("region") or DEFAULT_REGION,
        direct=options.get("direct", "true") == "true",
    )


def connect(settings: S3Settings) -> Client:
    """Contacts nobody. Checksums of the newest S3 are off: compatible stores refuse them."""
    config = Config(
        signature_version="s3v4",
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        max_pool_connections=32,
        retries={"mode": "standard", "total_max_attempts": 3},
        s3={"addressing_style": "path" if settings.endpoint else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    with translated():
        return boto3.client(
            "s3",
            endpoint_url=settings.endpoint or None,
            region_name=settings.region,
            config=config,
        )


@contextmanager
def translated() -> Iterator[None]:
    """boto3's errors as ours; ``Absent`` for what is not there."""
    try:
        yield
    except ClientError as error:
        _translate(error)
    except BotoCoreError as error:
        raise ArtifactStoreUnavailable(why=type(error).__name__) from error


def _translate(error: Any) -> NoReturn:  # a botocore ClientError
    code = str(error.response.get("Error", {}).get("Code", "unknown"))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _ABSENT:
        raise Absent(code) from error
    if code in _FULL:
        raise ArtifactStoreFull(why=code) from error
    if code in _BUSY or status >= 500 or status == TOO_MANY:
        raise ArtifactStoreUnavailable(why=code) from error
    raise ArtifactStoreRefused(why=code) from error
