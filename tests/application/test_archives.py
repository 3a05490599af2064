"""An archive becomes a folder: whole, inside of it, and never more than it may."""

from __future__ import annotations

import gzip
import random
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from application.archives import HEADER_BYTES, ArchiveBomb, Limits, unpack_archive
from domain.errors import InvalidInput, OutsidePath
from tests.fakes.archives import tarred, zipped

Packed = Callable[..., bytes]
BOTH = pytest.mark.parametrize("packed", [zipped, tarred])


@BOTH
def test_an_archive_is_unpacked_with_its_modes(tmp_path: Path, packed: Packed) -> None:
    unpack_archive(packed(("./src/run.sh", b"echo"), ("src/x", b""), mode=0o755), tmp_path)
    assert (tmp_path / "src/run.sh").read_bytes() == b"echo"
    assert (tmp_path / "src/run.sh").stat().st_mode & stat.S_IXUSR
    assert (tmp_path / "src/x").read_bytes() == b""


@BOTH
@pytest.mark.parametrize("name", ["../a", "/etc/a", "a/../../b", "a\\..\\b", "-rf", "~/a", "a\nb"])
def test_an_archive_that_leads_outside_is_refused(
    tmp_path: Path, name: str, packed: Packed
) -> None:
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(OutsidePath, match="relative"):
        unpack_archive(packed((name, b"x")), into)
    assert list(into.iterdir()) == []
    assert list(tmp_path.iterdir()) == [into]


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_a_link_or_device_in_an_archive_is_refused(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(OutsidePath, match="links"):
        unpack_archive(tarred(("a", b""), kind=kind), tmp_path)
    with pytest.raises(OutsidePath, match="Links"):
        unpack_archive(zipped(("a", b"/etc"), mode=0o120777), tmp_path)
    assert list(tmp_path.iterdir()) == []


@BOTH
def test_an_archive_that_unfolds_to_too_much_is_refused(tmp_path: Path, packed: Packed) -> None:
    bomb = packed(("zeros", b"\0" * 3_000_000), ("more", b"\0" * 3_000_000))
    for limits, told in (
        (Limits(all_bytes=5_000_000), "'more'.*more than 5,000,000"),
        (Limits(file_bytes=2_000_000), "'zeros'.*at most 2,000,000"),
        (Limits(files=1), "more than 1 entries"),
    ):
        into = tmp_path / str(hash(limits))
        into.mkdir()
        with pytest.raises(ArchiveBomb, match=told):
            unpack_archive(bomb, into, limits=limits)


def test_a_tar_whose_headers_unfold_without_end_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 2**30
    bomb = gzip.compress(header.tobuf() + bytes(HEADER_BYTES), 1)
    with pytest.raises(ArchiveBomb, match="beside its files"):
        unpack_archive(bomb, tmp_path)


def test_a_zip_packed_so_that_one_read_unfolds_without_bound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="deflate"):
        unpack_archive(zipped(("a", b"x"), packed=zipfile.ZIP_BZIP2), tmp_path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@BOTH
def test_a_name_that_comes_twice_is_refused(tmp_path: Path, packed: Packed) -> None:
    with pytest.raises(InvalidInput, match="twice"):
        unpack_archive(packed(("a", b"1"), ("a", b"2")), tmp_path)
    with pytest.raises(InvalidInput, match=r"(?s)twice|as a file and as a folder"):
        unpack_archive(packed(("b", b"1"), ("b/c", b"2")), tmp_path)


@BOTH
@pytest.mark.parametrize("name", ["a/" * 30 + "x", "y" * 300], ids=["deep", "long"])
def test_a_name_that_is_too_deep_or_too_long_is_refused(
    tmp_path: Path, packed: Packed, name: str
) -> None:
    with pytest.raises(InvalidInput, match=r"too long|folders deep"):
        unpack_archive(packed((name, b"x")), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    for data, told in ((b"hello", "neither"), (b"PK\x03\x04 no", "cannot|can be read")):
        with pytest.raises(InvalidInput, match=told):
            unpack_archive(data, tmp_path)


@BOTH
def test_a_damaged_archive_is_refused_or_read_and_nothing_else(
    tmp_path: Path, packed: Packed
) -> None:
    whole = packed(*((f"d/{n}", b"some text " * 30) for n in range(4)))
    dice = random.Random(4)
    for round_ in range(200):
        spoilt = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            spoilt[dice.randrange(len(spoilt))] = dice.randrange(256)
        into = tmp_path / str(round_)
        into.mkdir()
        try:
            unpack_archive(bytes(spoilt), into)
        except InvalidInput:
            continue
        assert all(path.is_relative_to(into) for path in into.rglob("*"))
