"""Brings saved bytes to the server while the job runs; only then says ``saved``.

Without a server the bytes stay in ``blobs/`` and the record says they are spooled.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any  # Any: parsed JSON records

from lab.journal import encode
from lab.node.asking import Backoff, JobOver, Unreachable
from lab.node.records import NodeRecords

if TYPE_CHECKING:
    from lab.node.transport import Connection

LOOK_S = 0.25
CHUNK_BYTES = 8 * 1024 * 1024


class Uploader:
    """``run`` belongs to one thread. ``connection`` None means there is no server.

    ``told`` are the ids of saves that an earlier round has confirmed.
    """

    def __init__(
        self,
        run_dir: Path,
        records: NodeRecords,
        *,
        connection: Connection | None,
        told: frozenset[str] = frozenset(),
    ) -> None:
        self._run_dir = run_dir
        self._records = records
        self._connection = connection
        self._told = told
        self._read: dict[str, int] = {}
        self._waiting: list[dict[str, Any]] = []
        self._confirmed: set[str] = set()
        self._given_up = threading.Event()

    def run(self, finished: threading.Event) -> None:
        """Until every save is told after ``finished``, or ``give_up`` was called."""
        backoff = Backoff()
        while True:
            last_round = finished.is_set()
            self._find_saves()
            while self._waiting:
                try:
                    spooled = not self._upload(self._waiting[0])
                except JobOver:
                    self.give_up()
                    spooled = True
                except Unreachable:
                    if not backoff.wait(self._given_up):
                        continue
                    spooled = True
                self._tell(self._waiting.pop(0), spooled=spooled)
                backoff.reset()
            if last_round:
                return
            finished.wait(LOOK_S)

    def give_up(self) -> None:
        """Leave what is not uploaded in the spool."""
        self._given_up.set()

    def _find_saves(self) -> None:
        for path in sorted((self._run_dir / "journal").glob("sdk-*.jsonl")):
            start = self._read.get(path.name, 0)
            with path.open("rb") as file:
                file.seek(start)
                data = file.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._read[path.name] = start + len(whole)
            if b'"k":"save"' in whole:
                records = (json.loads(line) for line in whole.splitlines() if b'"save"' in line)
                self._waiting += [record for record in records if self._is_news(record)]

    def _is_news(self, record: dict[str, Any]) -> bool:
        return record.get("k") == "save" and record.get("id") not in self._told

    def _upload(self, record: dict[str, Any]) -> bool:
        if self._connection is None or self._given_up.is_set():
            return False
        return all(self._upload_blob(self._connection, file) for file in record["files"])

    def _upload_blob(self, connection: Connection, file: dict[str, Any]) -> bool:
        """False when the server refuses these bytes for good."""
        sha256, size = str(file["sha256"]), int(file["size"])
        path = f"/node/v1/blobs/{sha256}"
        if sha256 in self._confirmed:
            return True
        blob = self._run_dir / "blobs" / sha256
        while not self._given_up.is_set():
            answer = connection.post_json(path, {"size": size})
            if answer.status != 200 or not (answer.body.get("have") or blob.exists()):
                self._records.say(f"{file['path']}: not stored: {answer.status} {answer.body}")
                return False
            if answer.body.get("have"):
                self._confirmed.add(sha256)
                return True
            if not self._send(connection, blob, plan=answer.body, path=path, size=size):
                return False
        return False

    def _send(
        self, connection: Connection, blob: Path, *, plan: dict[str, Any], path: str, size: int
    ) -> bool:
        with blob.open("rb") as file:
            if "put" in plan:
                put = plan["put"]
                connection.put_presigned(put["url"], put.get("headers") or {}, file=file, size=size)
                return True
            offset = int(plan.get("offset", 0))
            file.seek(offset)
            chunk = file.read(int(plan.get("chunk") or CHUNK_BYTES))
        answer = connection.put(path, body=chunk, query={"offset": offset, "size": size})
        if answer.status == 422:
            self._records.say(f"{blob.name}: the bytes changed after they were saved")
            return False
        return True

    def _tell(self, record: dict[str, Any], *, spooled: bool) -> None:
        told = {**record, "k": "saved"}
        if spooled:
            told["spooled"] = True
        self._records.write(encode(told))
