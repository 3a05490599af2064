"""One run as this process sees it: what the user's calls write into the run directory."""

from __future__ import annotations

import atexit
import math
import os
import re
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from lab.config import read_parameters, write_parameters
from lab.journal import SAVE_RECORD_BYTES, Journal, Json, encode
from lab.metrics import MetricBuffer
from lab.ranks import rank
from lab.redaction import of_environment
from lab.saving import StagedFile, assemble, stage
from lab.values import metadata as checked_metadata
from lab.values import metric_step, percent, scores

FLUSH_S = 1.0
PROGRESS_S = 0.25
KINDS = ("artifact", "model", "dataset", "checkpoint")


class Run:
    """Safe to use from many threads. A fork needs a fresh one on the same folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blobs = folder / "blobs"
        self.overrides: dict[str, Json] = {}
        self._journal = Journal(folder / "journal" / f"sdk-{rank()}-{os.getpid()}.jsonl")
        self._metrics = MetricBuffer(self._journal.write)
        self._redact = of_environment(os.environ)
        self._progress: tuple[float, str] | None = None
        self._progress_written_at = 0.0
        self._lock = threading.RLock()
        self._flusher: threading.Thread | None = None
        self._closed = threading.Event()
        atexit.register(self.flush)

    def log_metrics(self, metrics: Mapping[str, object], step: object, *, prefix: str = "") -> None:
        self._metrics.add(metrics, step, prefix=prefix)
        if self._flusher is None:
            self._start_flusher()

    def update_progress(self, value: object, message: str) -> None:
        """At most four records a second; the latest value is never lost."""
        with self._lock:
            self._progress = (percent(value), self._redact(message)[:1000])
            if time.monotonic() - self._progress_written_at >= PROGRESS_S:
                self._write_progress()
            else:
                self._start_flusher()

    def set_field(self, name: str, value: Json) -> None:
        """A fact about the run that a person set: ``config/lr``, ``link/wandb``."""
        kept = self._redact.every(value)
        self._journal.record({"k": "field", "t": time.time(), "name": name, "value": kept})

    def config(self) -> dict[str, Json]:
        return {**read_parameters(self.folder), **self.overrides}

    def set_config(self, values: Mapping[str, Json]) -> None:
        self.overrides.update(values)
        if not os.environ.get("LAB_JOB_ID"):
            write_parameters(self.folder, self.config())
        for name, value in values.items():
            self.set_field(f"config/{name}", value)

    def save(
        self,
        source: Path,
        *,
        kind: str,
        name: str,
        step: object = None,
        metadata: Mapping[str, object] | None = None,
    ) -> Path:
        """Stage, make durable, then record: a save that is recorded is complete.

        Returns where the saved files can be read; do not write there. Raises ValueError when a
        folder holds more files than one record carries (about 3,000): pack it first.
        """
        at = None if step is None else metric_step(name, step)
        name = self._redact(name)
        facts = self._redact.every({**checked_metadata(metadata)})
        files = stage(source, self.blobs)
        record = encode(
            {
                "k": "save",
                "t": time.time(),
                "id": f"sav_{os.urandom(12).hex()}",
                "kind": kind,
                "name": name,
                "files": [{"path": f.path, "sha256": f.sha256, "size": f.size} for f in files],
                "step": at,
                "metadata": facts,
            }
        )
        if len(record) > SAVE_RECORD_BYTES:
            raise ValueError(f"cannot save {source}: {len(files)} files; pack them into an archive")
        saved = self._show(files, kind=kind, name=name)
        self.flush()
        self._journal.write(record)
        self._journal.make_durable()
        return saved / source.name if source.is_file() else saved

    def saved_folder(self, kind: str) -> Path:
        folder = self.folder / "saved" / f"{kind}s"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def finish(self, message: str, score: object) -> None:
        """Scores that are not finite are told in the message, for JSON has no word for them."""
        given = scores(score)
        finite: dict[str, Json] = {n: v for n, v in given.items() if math.isfinite(v)}
        others = [f"{name} is {value}" for name, value in given.items() if name not in finite]
        text = self._redact("; ".join([part for part in (message, *others) if part]))
        self.flush()
        self._journal.record({"k": "result", "t": time.time(), "score": finite, "message": text})

    def error(self, message: str) -> None:
        self.flush()
        self._journal.record(
            {"k": "error", "t": time.time(), "message": self._redact(message)[:16_000]}
        )

    def flush(self) -> None:
        """Write what is buffered. Repeatable, callable from a signal handler."""
        self._metrics.flush()
        with self._lock:
            if self._progress is not None:
                self._write_progress()
        self._journal.retry()

    def abandon(self) -> None:
        """Forget without writing: what a forked child does with its parent's buffers."""
        atexit.unregister(self.flush)
        self._closed.set()

    def _show(self, files: list[StagedFile], *, kind: str, name: str) -> Path:
        folder = self.saved_folder(kind) / re.sub(r"[^\w.@+=-]", "_", name).lstrip(".")
        with self._lock:
            assemble(files, folder, blobs=self.blobs)
        return folder

    def _write_progress(self) -> None:
        progress, self._progress = self._progress, None
        if progress is not None:
            self._progress_written_at = time.monotonic()
            value, message = progress
            self._journal.record(
                {"k": "progress", "t": time.time(), "percent": value, "message": message}
            )

    def _start_flusher(self) -> None:
        with self._lock:
            if self._flusher is None:
                self._flusher = threading.Thread(target=self._keep_flushing, daemon=True)
                self._flusher.start()

    def _keep_flushing(self) -> None:
        while not self._closed.wait(FLUSH_S):
            self.flush()
