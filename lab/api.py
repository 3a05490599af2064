"""The calls of the SDK; each is a few lines over the current run. ``lab`` exports them lazily.

Recording calls do nothing on ranks other than 0 unless ``all_ranks`` is given.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from lab.checkpoints import newest_own_checkpoint
from lab.config import get_secret
from lab.current import CURRENT
from lab.frames import Frame, write_frame
from lab.journal import Json
from lab.run import Run
from lab.signals import StopCallback

__all__ = [
    "current_run",
    "error",
    "finish",
    "flush",
    "get_config",
    "get_secret",
    "init",
    "latest_checkpoint",
    "log",
    "log_metric",
    "log_metrics",
    "on_stop",
    "save_artifact",
    "save_checkpoint",
    "save_dataset",
    "save_model",
    "stop_requested",
    "update_progress",
]


def init(experiment_id: str | None = None, config: Mapping[str, Json] | None = None) -> Run:
    """Join the job this process runs in, or begin an offline run. Optional and repeatable."""
    run = CURRENT.get(experiment=experiment_id or "")
    if config:
        run.set_config(config)
    return run


def current_run() -> Run:
    return CURRENT.get()


def log(message: object) -> None:
    """Print a line; the wrapper captures it like any other."""
    text = str(message)
    print(text, flush=True)
    CURRENT.get()
    if CURRENT.offline is not None and CURRENT.rank() == 0:
        CURRENT.offline.log(text)


def log_metric(
    name: str, value: object, step: int | None = None, *, all_ranks: bool = False
) -> None:
    """See ``log_metrics``."""
    log_metrics({name: value}, step, all_ranks=all_ranks)


def log_metrics(
    metrics: Mapping[str, object], step: int | None = None, *, all_ranks: bool = False
) -> None:
    """Record points; NaN and infinity are welcome. Without a step each name counts from 0.

    With ``all_ranks`` the names of other ranks begin with ``rank<k>/``. Raises TypeError or
    ValueError naming the metric, and then records none of them.
    """
    number = CURRENT.rank()
    if number == 0:
        CURRENT.get().log_metrics(metrics, step)
    elif all_ranks:
        CURRENT.get().log_metrics(metrics, step, prefix=f"rank{number}/")


def update_progress(
    progress: float,
    metrics: Mapping[str, object] | None = None,
    step: int | None = None,
    *,
    message: str = "",
) -> None:
    """Percent, 0..100, brought into that range. ``metrics`` are logged as well."""
    if CURRENT.rank() == 0:
        CURRENT.get().update_progress(progress, message)
        if metrics:
            CURRENT.get().log_metrics(metrics, step)


def save_artifact(
    source: str | Path | Frame,
    name: str | None = None,
    type: str | None = None,  # the name callers of the other SDK use
    config: Mapping[str, object] | None = None,
    *,
    metadata: Mapping[str, object] | None = None,
    all_ranks: bool = False,
) -> str:
    """Keep a file, a folder or a data frame; returns where it can be read, "" when skipped.

    ``type`` is None, ``dataset``, ``model`` or ``evals`` (a frame; ``config`` maps ``input``,
    ``output``, ``expected_output`` and ``score`` to its columns).
    Raises FileNotFoundError, OSError.
    """
    kind = {"dataset": "dataset", "model": "model"}.get(type or "", "artifact")
    facts = {**(metadata or {}), **({"type": "evals"} if type in ("eval", "evals") else {})}
    facts |= {f"column/{role}": column for role, column in (config or {}).items()}
    if not isinstance(source, (str, Path)):
        missing = [c for c in (config or {}).values() if c not in list(source.columns)]
        if type in ("eval", "evals") and missing:
            raise ValueError(f"evals name columns {missing} that the frame does not have")
        return _save_frame(
            source, kind=kind, name=name or kind, metadata=facts, all_ranks=all_ranks
        )
    return _save(source, kind=kind, name=name, metadata=facts, all_ranks=all_ranks)


def save_model(
    source: str | Path,
    name: str | None = None,
    architecture: str | None = None,
    pipeline_tag: str | None = None,
    parent_model: str | None = None,
    *,
    metadata: Mapping[str, object] | None = None,
    all_ranks: bool = False,
) -> str:
    """Keep a model for the registry. Returns and raises like ``save_artifact``."""
    about = {
        "architecture": architecture,
        "pipeline_tag": pipeline_tag,
        "parent_model": parent_model,
    }
    facts = {**(metadata or {}), **{key: value for key, value in about.items() if value}}
    return _save(source, kind="model", name=name, metadata=facts, all_ranks=all_ranks)


def save_dataset(
    frame: str | Path | Frame,
    dataset_id: str | None = None,
    additional_metadata: Mapping[str, object] | None = None,
    suffix: str | None = None,
    is_image: bool = False,  # the other SDK's signature
    *,
    all_ranks: bool = False,
) -> str:
    """Keep a frame (as JSON lines), a file or a folder as a dataset for the registry."""
    name = f"{dataset_id}_{suffix}" if dataset_id and suffix else dataset_id
    facts = {**(additional_metadata or {}), **({"is_image": True} if is_image else {})}
    if not isinstance(frame, (str, Path)):
        return _save_frame(
            frame, kind="dataset", name=name or "dataset", metadata=facts, all_ranks=all_ranks
        )
    return _save(frame, kind="dataset", name=name, metadata=facts, all_ranks=all_ranks)


def save_checkpoint(
    source: str | Path,
    name: str | None = None,
    step: int | None = None,
    *,
    metadata: Mapping[str, object] | None = None,
    all_ranks: bool = False,
) -> str:
    """Keep a file or folder to resume from. It counts only when complete, however we end."""
    return _save(
        source, kind="checkpoint", name=name, step=step, metadata=metadata, all_ranks=all_ranks
    )


def latest_checkpoint() -> str | None:
    """A folder with the files of the newest checkpoint to go on from, None for a fresh start.

    This run's own come first, then the one the job was launched to resume from.
    """
    own = newest_own_checkpoint(CURRENT.get())
    return str(own) if own else os.environ.get("LAB_RESUME_CHECKPOINT") or None


def get_config() -> dict[str, Json]:
    """The job's parameters with what ``set_config`` laid over them."""
    return CURRENT.get().config()


def finish(
    message: str = "",
    score: object = None,
    additional_output_path: str | None = None,
    plot_data_path: str | None = None,
) -> None:
    """Record the result: a number, or a mapping of names to numbers. The process goes on."""
    for path in (additional_output_path, plot_data_path):
        if path:
            save_artifact(path)
    if CURRENT.rank() == 0:
        CURRENT.get().update_progress(100, message)
        CURRENT.get().finish(message, score)


def error(message: object) -> None:
    """Record that the run failed and why; the process goes on, its exit code stays its own."""
    if CURRENT.rank() == 0:
        CURRENT.get().error(str(message))


def on_stop(callback: StopCallback) -> StopCallback:
    """Call this when the job is asked to stop: save a checkpoint here. Usable as a decorator."""
    CURRENT.get()
    return CURRENT.stop.add(callback)


def stop_requested() -> bool:
    """True after the job was asked to stop. Who asks takes it upon itself to end in time."""
    CURRENT.get()
    return CURRENT.stop.poll()


def flush() -> None:
    """Write what is buffered now."""
    CURRENT.flush()


def _save_frame(
    frame: Frame, *, kind: str, name: str, metadata: Mapping[str, object], all_ranks: bool
) -> str:
    if not (all_ranks or CURRENT.rank() == 0):
        return ""
    file = write_frame(
        frame, CURRENT.get().folder / "frames", name=name, as_lines=kind == "dataset"
    )
    try:
        return _save(str(file), kind=kind, name=name, metadata=metadata, all_ranks=all_ranks)
    finally:
        file.unlink()


def _save(
    source: str | Path,
    *,
    kind: str,
    name: str | None,
    metadata: Mapping[str, object] | None,
    all_ranks: bool,
    step: int | None = None,
) -> str:
    if not (all_ranks or CURRENT.rank() == 0):
        return ""
    path = Path(source)
    label = name or path.resolve().name
    if CURRENT.rank() > 0:
        label = f"{label}-rank{CURRENT.rank()}"
    run = CURRENT.get()
    return str(run.save(path, kind=kind, name=label, step=step, metadata=metadata))
