"""The one run of this process: found or begun at the first call, renewed by a fork."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from lab.config import run_folder_given
from lab.offline import OfflineRun, new_run_folder
from lab.ranks import rank
from lab.run import Run
from lab.signals import StopSignal


class CurrentRun:
    """Holds what a module would hold in globals, so that a fork can replace it as a whole."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._run: Run | None = None
        self._rank: int | None = None
        self.offline: OfflineRun | None = None
        self.stop = StopSignal(self.flush)

    def get(self, *, experiment: str = "") -> Run:
        """The run, begun in ``./.lab/runs`` when no wrapper gave a folder. Raises OSError."""
        if self._run is not None:
            return self._run
        with self._lock:
            if self._run is None:
                self._run = Run(run_folder_given() or self._begin_offline(experiment))
                self.stop.install()
            return self._run

    def rank(self) -> int:
        """The rank as it was at the first call; reading it anew would cost 5 µs a point."""
        if self._rank is None:
            self._rank = rank()
        return self._rank

    def flush(self) -> None:
        if self._run is not None:
            self._run.flush()

    def after_fork_in_child(self) -> None:
        self._lock = threading.RLock()
        self._rank = None
        if self._run is None:
            return
        parent, self._run = self._run, Run(self._run.folder)
        self._run.overrides.update(parent.overrides)
        parent.abandon()
        util = sys.modules.get("multiprocessing.util")
        if util is not None:
            util.register_after_fork(self, CurrentRun.flush_when_a_worker_ends)

    def flush_when_a_worker_ends(self) -> None:
        """Children of multiprocessing leave by os._exit and run finalizers instead of atexit.

        They forget older finalizers as they start, so this one is registered after that.
        """
        util = sys.modules["multiprocessing.util"]
        util.Finalize(None, self.flush, exitpriority=10)

    def _begin_offline(self, experiment: str) -> Path:
        folder = new_run_folder(Path.cwd())
        self.offline = OfflineRun(folder)
        script = Path(sys.argv[0]).name if sys.argv and sys.argv[0] else "interactive"
        self.offline.begin(experiment=experiment or "alpha", name=script)
        os.environ["LAB_RUN_DIR"] = str(folder)  # processes started from here join this run
        return folder


CURRENT = CurrentRun()
os.register_at_fork(after_in_child=CURRENT.after_fork_in_child)
