"""What every artifact store must do: subclass, give an empty ``store`` and ``again``, the same one reopened."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import InvalidInput, NotFound
from providers.storage.base import CHUNK_BYTES, ArtifactStore, Usage, WrongHash, WrongOffset

SMALL = b"a few bytes"
BIG = bytes(range(256)) * (CHUNK_BYTES // 256) + b"the rest"
FIRST, REST = BIG[:CHUNK_BYTES], BIG[CHUNK_BYTES:]
HOSTILE = [
    "",
    "..",
    "../" * 10 + "etc/passwd",
    "a" * 63,
    "a" * 65,
    "A" * 64,
    "a" * 64 + "\n",
    "a" * 30 + "/../" + "a" * 30,
    "\0" * 64,
    "٣" * 64,
]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class ArtifactStoreContract:
    @pytest.fixture
    def store(self) -> ArtifactStore:
        raise NotImplementedError

    @pytest.fixture
    def again(self, store: ArtifactStore) -> Callable[[], ArtifactStore]:
        """Opens ``store`` anew, as after a restart."""
        raise NotImplementedError

    def test_what_was_put_is_read_back_under_its_hash(self, store: ArtifactStore) -> None:
        sha256 = store.put(SMALL)
        assert sha256 == digest(SMALL)
        assert store.has(sha256)
        assert store.size(sha256) == len(SMALL)
        assert b"".join(store.read(sha256)) == SMALL

    def test_the_empty_blob_is_a_blob(self, store: ArtifactStore) -> None:
        sha256 = digest(b"")
        assert store.write(sha256, offset=0, size=0, chunk=b"") == (0, True)
        assert (store.size(sha256), b"".join(store.read(sha256))) == (0, b"")

    def test_storing_twice_is_once(self, store: ArtifactStore) -> None:
        assert store.put(SMALL) == store.put(SMALL)
        assert store.usage() == Usage(blobs=1, bytes=len(SMALL))

    def test_what_is_not_there_is_not_found_at_once(self, store: ArtifactStore) -> None:
        sha256 = digest(b"never stored")
        assert not store.has(sha256)
        assert store.received(sha256) == 0
        with pytest.raises(NotFound):
            store.size(sha256)
        with pytest.raises(NotFound):
            store.read(sha256)

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_name_that_is_no_hash_reaches_nothing(self, store: ArtifactStore, name: str) -> None:
        calls: list[Callable[[], object]] = [
            lambda: store.has(name),
            lambda: store.size(name),
            lambda: store.read(name),
            lambda: store.received(name),
            lambda: store.write(name, offset=0, size=1, chunk=b"x"),
            lambda: store.delete(name),
            lambda: store.confirm(name, 1),
        ]
        for call in calls:
            with pytest.raises(InvalidInput):
                call()

    def test_parts_of_a_blob_are_read_by_their_place(self, store: ArtifactStore) -> None:
        sha256 = store.put(SMALL)
        spans = [(0, 3), (2, 5), (5, None), (0, 10_000), (50, None), (3, 3)]
        for start, end in spans:
            assert b"".join(store.read(sha256, start=start, end=end)) == SMALL[start:end]

    def test_a_blob_in_chunks_is_there_with_its_last_one(self, store: ArtifactStore) -> None:
        sha256, size = digest(BIG), len(BIG)
        assert store.write(sha256, offset=0, size=size, chunk=FIRST) == (CHUNK_BYTES, False)
        assert not store.has(sha256)
        assert store.write(sha256, offset=CHUNK_BYTES, size=size, chunk=REST) == (size, True)
        assert b"".join(store.read(sha256)) == BIG
        assert store.received(sha256) == 0

    def test_an_upload_goes_on_after_a_restart(
        self, store: ArtifactStore, again: Callable[[], ArtifactStore]
    ) -> None:
        sha256, size = digest(BIG), len(BIG)
        store.write(sha256, offset=0, size=size, chunk=FIRST, owner="job_1")
        reopened = again()
        assert reopened.received(sha256, owner="job_1") == CHUNK_BYTES
        after = reopened.write(sha256, offset=CHUNK_BYTES, size=size, chunk=REST, owner="job_1")
        assert after == (size, True)
        assert b"".join(store.read(sha256)) == BIG

    def test_a_wrong_offset_is_refused_with_the_right_one(self, store: ArtifactStore) -> None:
        sha256, size = digest(BIG), len(BIG)
        store.write(sha256, offset=0, size=size, chunk=FIRST)
        for wrong in (0, CHUNK_BYTES - 1, CHUNK_BYTES + 1):
            with pytest.raises(WrongOffset) as refusal:
                store.write(sha256, offset=wrong, size=wrong + 1, chunk=REST[:1]) if wrong else (
                    store.write(sha256, offset=wrong, size=size, chunk=FIRST)
                )
            assert refusal.value.expected == CHUNK_BYTES

    def test_bytes_with_another_hash_are_thrown_away(self, store: ArtifactStore) -> None:
        sha256, size = digest(BIG), len(BIG)
        with pytest.raises(WrongHash):
            store.write(digest(b"other"), offset=0, size=len(SMALL), chunk=SMALL)
        store.write(sha256, offset=0, size=size, chunk=FIRST)
        with pytest.raises(WrongHash):
            store.write(sha256, offset=CHUNK_BYTES, size=size, chunk=REST[::-1])
        assert not store.has(sha256)
        assert store.received(sha256) == 0
        store.write(sha256, offset=0, size=size, chunk=FIRST)
        assert store.write(sha256, offset=CHUNK_BYTES, size=size, chunk=REST) == (size, True)

    def test_a_wrong_upload_is_found_out_after_a_restart_too(
        self, store: ArtifactStore, again: Callable[[], ArtifactStore]
    ) -> None:
        sha256, size = digest(BIG), len(BIG)
        store.write(sha256, offset=0, size=size, chunk=FIRST[::-1])
        with pytest.raises(WrongHash):
            again().write(sha256, offset=CHUNK_BYTES, size=size, chunk=REST)
        assert not store.has(sha256)

    def test_a_truncated_upload_is_never_a_blob(self, store: ArtifactStore) -> None:
        sha256 = digest(BIG)
        store.write(sha256, offset=0, size=len(BIG), chunk=FIRST)
        with pytest.raises(WrongHash):
            store.write(sha256, offset=CHUNK_BYTES, size=len(BIG) - 1, chunk=REST[:-1])
        assert not store.has(sha256)
        assert list(store.digests()) == []

    def test_chunks_of_odd_lengths_are_refused(self, store: ArtifactStore) -> None:
        sha256 = digest(BIG)
        for chunk in (FIRST[:-1], FIRST + b"x", b""):
            with pytest.raises(InvalidInput):
                store.write(sha256, offset=0, size=len(BIG) * 2, chunk=chunk)

    def test_nobody_can_spoil_the_upload_of_another(self, store: ArtifactStore) -> None:
        sha256, size = digest(BIG), len(BIG)
        store.write(sha256, offset=0, size=size, chunk=FIRST[::-1], owner="job_evil")
        assert store.received(sha256, owner="job_good") == 0
        store.write(sha256, offset=0, size=size, chunk=FIRST, owner="job_good")
        after = store.write(sha256, offset=CHUNK_BYTES, size=size, chunk=REST, owner="job_good")
        assert after == (size, True)
        assert b"".join(store.read(sha256)) == BIG

    def test_uploads_of_the_same_blob_at_once_all_succeed(self, store: ArtifactStore) -> None:
        sha256, size = digest(BIG), len(BIG)
        failures: list[Exception] = []
        together = threading.Barrier(4)

        def upload(owner: str) -> None:
            together.wait()
            try:
                store.write(sha256, offset=0, size=size, chunk=FIRST, owner=owner)
                _, have = store.write(
                    sha256, offset=CHUNK_BYTES, size=size, chunk=REST, owner=owner
                )
                assert have
            except Exception as error:  # noqa: BLE001  # told to the test's thread
                failures.append(error)

        threads = [threading.Thread(target=upload, args=(f"job_{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert b"".join(store.read(sha256)) == BIG
        assert list(store.digests()) == [sha256]

    def test_bytes_are_proved_even_when_they_are_there_already(self, store: ArtifactStore) -> None:
        sha256 = store.put(SMALL)
        with pytest.raises(WrongHash):
            store.write(sha256, offset=0, size=len(SMALL), chunk=b"x" * len(SMALL), owner="other")
        assert store.write(sha256, offset=0, size=len(SMALL), chunk=SMALL) == (len(SMALL), True)
        assert b"".join(store.read(sha256)) == SMALL

    def test_what_is_deleted_is_gone_and_may_be_deleted_again(self, store: ArtifactStore) -> None:
        sha256 = store.put(SMALL)
        store.delete(sha256)
        store.delete(sha256)
        assert not store.has(sha256)
        assert store.usage() == Usage(blobs=0, bytes=0)

    def test_every_blob_is_listed_once(self, store: ArtifactStore) -> None:
        expected = sorted(store.put(bytes([n])) for n in range(20))
        assert sorted(store.digests()) == expected
        assert store.usage() == Usage(blobs=20, bytes=20)

    def test_unfinished_uploads_are_pruned_and_blobs_are_kept(self, store: ArtifactStore) -> None:
        kept = store.put(SMALL)
        store.write(digest(BIG), offset=0, size=len(BIG), chunk=FIRST)
        assert store.prune_uploads(before=datetime.now(UTC) + timedelta(minutes=1)) == 1
        assert store.received(digest(BIG)) == 0
        assert list(store.digests()) == [kept]
