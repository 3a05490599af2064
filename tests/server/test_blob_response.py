"""Ranges and names of downloads."""

from __future__ import annotations

import pytest

from providers.storage.base import disposition
from server.blob_response import requested_range
from server.http_errors import Unsatisfiable


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-2", (0, 3)),
        ("bytes=2-", (2, 11)),
        ("bytes=-4", (7, 11)),
        ("bytes=-400", (0, 11)),
        ("bytes=5-900", (5, 11)),
        ("bytes=0-1,3-4", None),
        ("bytes=4-2", None),
        ("bytes=-", None),
        ("lines=1-2", None),
        ("bytes=" + "9" * 5000 + "-", None),
        ("", None),
    ],
)
def test_a_single_range_is_taken_and_anything_else_means_the_whole(
    header: str, span: tuple[int, int] | None
) -> None:
    assert requested_range(header, 11) == span


@pytest.mark.parametrize(("header", "size"), [("bytes=11-", 11), ("bytes=-0", 11), ("bytes=0-", 0)])
def test_a_range_without_a_byte_is_refused(header: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        requested_range(header, size)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("model.bin", "model.bin"),
        ("../../etc/passwd", "passwd"),
        ('a"; filename="evil.exe', "a___filename__evil.exe"),
        ("line\r\nSet-Cookie: x", "line__Set-Cookie__x"),
        ("naïve.html", "na_ve.html"),
        ("dir/", "file"),
        ("\udcff", "_"),
    ],
)
def test_a_download_has_a_plain_name(name: str, plain: str) -> None:
    header = disposition(name)
    assert header.startswith(f"attachment; filename=\"{plain}\"; filename*=UTF-8''")
    assert header.isascii()
    assert header.isprintable()
