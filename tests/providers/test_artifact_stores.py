"""Both artifact stores keep the contract; what only one of them can do is here too."""

from __future__ import annotations

import resource
import stat
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from domain.errors import InvalidInput
from providers.storage.base import (
    ArtifactStore,
    ArtifactStoreFull,
    ArtifactStoreRefused,
    ArtifactStoreUnavailable,
    CorruptBlob,
    PutGrant,
    WrongHash,
)
from providers.storage.open import open_store
from tests.contracts.artifact_store import (
    BIG,
    CHUNK_BYTES,
    FIRST,
    SMALL,
    ArtifactStoreContract,
    digest,
)
from tests.fakes.s3_process import S3Process
from tests.lab.running import until

_numbers = count(1)


class TestLocalStore(ArtifactStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ArtifactStore:
        return open_store(f"file://{tmp_path}/store")

    @pytest.fixture
    def again(self, store: ArtifactStore, tmp_path: Path) -> Callable[[], ArtifactStore]:
        return lambda: open_store(f"file://{tmp_path}/store")

    def test_nobody_else_on_the_machine_can_read_it(
        self, store: ArtifactStore, tmp_path: Path
    ) -> None:
        store.put(SMALL)
        store.write(digest(BIG), offset=0, size=len(BIG), chunk=FIRST)
        files = [p for p in (tmp_path / "store").rglob("*") if p.is_file()]
        assert len(files) == 2
        assert {stat.S_IMODE(p.stat().st_mode) for p in files} == {0o600}

    def test_changed_bytes_are_told_and_not_given_whole(
        self, store: ArtifactStore, tmp_path: Path
    ) -> None:
        sha256 = store.put(SMALL)
        next((tmp_path / "store" / "blobs").glob("*/*")).write_bytes(b"A few bytes")
        given = b""
        with pytest.raises(CorruptBlob):
            for piece in store.read(sha256):
                given += piece
        assert given == b""

    def test_a_full_disk_has_a_name_and_leaves_nothing_half(
        self, store: ArtifactStore, tmp_path: Path
    ) -> None:
        """A file size limit answers as a full disk does, in the middle of a write."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        try:
            with pytest.raises(ArtifactStoreFull):
                store.put(FIRST)
            with pytest.raises(ArtifactStoreFull):
                store.write(digest(BIG), offset=0, size=len(BIG), chunk=FIRST)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert list(store.digests()) == []
        assert store.received(digest(BIG)) == 0
        assert store.put(SMALL) == digest(SMALL)

    def test_a_link_in_place_of_an_upload_is_not_followed(
        self, store: ArtifactStore, tmp_path: Path
    ) -> None:
        store.write(digest(BIG), offset=0, size=len(BIG), chunk=FIRST)
        (partial,) = (tmp_path / "store" / "uploads").iterdir()
        partial.unlink()
        partial.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(ArtifactStoreUnavailable):
            store.write(digest(BIG), offset=0, size=len(BIG), chunk=FIRST)
        assert not (tmp_path / "elsewhere").exists()

    def test_it_signs_no_urls(self, store: ArtifactStore) -> None:
        sha256 = store.put(SMALL)
        assert store.presign_get(sha256, expires_s=60) is None
        assert store.presign_put(sha256, 5, expires_s=60) is None
        assert store.confirm(sha256, len(SMALL))


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Process]:
    process = S3Process()
    yield process
    process.stop()


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.mark.s3
@pytest.mark.usefixtures("keys")
class TestS3Store(ArtifactStoreContract):
    @pytest.fixture
    def url(self, s3: S3Process) -> str:
        bucket = f"bucket-{next(_numbers)}"
        assert httpx.put(f"{s3.endpoint}/{bucket}").status_code == 200
        return f"s3://{bucket}/team/files?endpoint={s3.endpoint}"

    @pytest.fixture
    def store(self, url: str) -> ArtifactStore:
        return open_store(url)

    @pytest.fixture
    def again(self, url: str) -> Callable[[], ArtifactStore]:
        return lambda: open_store(url)

    def test_a_grant_takes_the_bytes_and_confirming_makes_the_blob(
        self, store: ArtifactStore
    ) -> None:
        grant = granted(store, SMALL)
        assert not store.confirm(digest(SMALL), len(SMALL), owner="job_1")
        assert put_by(grant, SMALL) == 200
        assert not store.has(digest(SMALL))
        assert store.confirm(digest(SMALL), len(SMALL), owner="job_1")
        assert b"".join(store.read(digest(SMALL))) == SMALL

    def test_other_bytes_than_the_granted_ones_are_refused(self, store: ArtifactStore) -> None:
        grant = granted(store, SMALL)
        assert put_by(grant, SMALL[::-1]) == 400
        assert not store.confirm(digest(SMALL), len(SMALL), owner="job_1")

    def test_a_store_that_ignores_checksums_is_read_back(self, store: ArtifactStore) -> None:
        grant = granted(store, SMALL)
        careless = PutGrant(url=grant.url, headers={"Content-Type": "application/octet-stream"})
        assert put_by(careless, SMALL[::-1]) == 200
        with pytest.raises(WrongHash):
            store.confirm(digest(SMALL), len(SMALL), owner="job_1")
        assert not store.confirm(digest(SMALL), len(SMALL), owner="job_1")

    def test_a_signed_url_gives_a_download_until_it_expires(self, store: ArtifactStore) -> None:
        sha256 = store.put(SMALL)
        url = store.presign_get(sha256, expires_s=300, filename='../"evil"\r\n.html')
        short = store.presign_get(sha256, expires_s=1)
        assert url is not None
        assert short is not None
        answer = httpx.get(url)
        assert answer.content == SMALL
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        assert answer.headers["content-type"] == "application/octet-stream"
        until(lambda: status_of(short) == 403)

    def test_an_expired_grant_takes_nothing(self, store: ArtifactStore) -> None:
        grant = store.presign_put(digest(SMALL), len(SMALL), expires_s=1, owner="job_1")
        assert grant is not None
        until(lambda: status_of(grant.url) == 403)
        assert put_by(grant, SMALL) == 403

    def test_everything_stays_under_the_prefix(self, store: ArtifactStore) -> None:
        sha256 = store.put(SMALL)
        url = store.presign_get(sha256, expires_s=60)
        assert url is not None
        path = urlsplit(url).path
        assert path.split("/", 2)[2] == f"team/files/blobs/{sha256[:2]}/{sha256}"

    def test_no_urls_are_signed_when_nodes_cannot_reach_the_store(self, url: str) -> None:
        store = open_store(f"{url}&direct=false")
        sha256 = store.put(SMALL)
        assert store.presign_get(sha256, expires_s=60) is None
        assert store.presign_put(sha256, CHUNK_BYTES * 2, expires_s=60) is None

    def test_a_bucket_that_is_not_there_is_told_and_not_retried(self, s3: S3Process) -> None:
        store = open_store(f"s3://no-such-bucket?endpoint={s3.endpoint}")
        with pytest.raises(ArtifactStoreRefused, match="NoSuchBucket"):
            store.put(SMALL)

    def test_a_store_that_is_away_is_worth_another_try(self) -> None:
        store = open_store("s3://bucket?endpoint=http://127.0.0.1:9")
        with pytest.raises(ArtifactStoreUnavailable) as away:
            store.has(digest(SMALL))
        assert away.value.transient


@pytest.mark.parametrize(
    "url",
    ["", "ftp://x/y", "file://host/path", "s3:///x", "s3://b?colour=red", "s3://b?direct=maybe"],
)
def test_a_url_that_names_no_store_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        open_store(url)


def granted(store: ArtifactStore, data: bytes) -> PutGrant:
    grant = store.presign_put(digest(data), len(data), expires_s=60, owner="job_1")
    assert grant is not None
    return grant


def put_by(grant: PutGrant, data: bytes) -> int:
    return httpx.put(grant.url, content=data, headers=dict(grant.headers)).status_code


def status_of(url: str) -> int:
    return httpx.get(url).status_code
