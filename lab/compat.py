"""Calls that scripts written for ``from lab import lab`` expect beside the SDK's own.

What cannot be served from inside a job says what to use instead; nothing returns a made-up answer.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from lab.api import (
    error,
    finish,
    get_config,
    get_secret,
    init,
    latest_checkpoint,
    log,
    log_metric,
    log_metrics,
    save_artifact,
    save_checkpoint,
    save_dataset,
    save_model,
    update_progress,
)
from lab.config import read_fields, write_fields
from lab.current import CURRENT
from lab.journal import Json
from lab.ranks import is_main_rank

__all__ = [
    "error",
    "finish",
    "get_config",
    "get_secret",
    "init",
    "latest_checkpoint",
    "log",
    "log_metric",
    "log_metrics",
    "save_artifact",
    "save_checkpoint",
    "save_dataset",
    "save_model",
    "update_progress",
]


class NotServedHereError(NotImplementedError):
    """A call that needs the server's registry; the message names what serves it."""


def set_config(config: Mapping[str, Json]) -> None:
    """Lay values over the parameters, for this process and for the run's page."""
    CURRENT.get().set_config(config)


def get_checkpoint_to_resume() -> str | None:
    """What the job was launched to resume from: the file if it is a single one, else the folder."""
    folder = os.environ.get("LAB_RESUME_CHECKPOINT")
    if not folder:
        return None
    entries = list(Path(folder).iterdir())
    return str(entries[0]) if len(entries) == 1 and entries[0].is_file() else folder


def get_parent_job_checkpoint_path(parent_job_id: str, checkpoint_name: str) -> str | None:
    """The checkpoint this job resumes from, None when it resumes from none."""
    if "/" in checkpoint_name or checkpoint_name.startswith("."):
        raise ValueError(f"{checkpoint_name!r} of {parent_job_id} is not a plain checkpoint name")
    return get_checkpoint_to_resume()


def get_checkpoints_dir() -> str:
    """Where saved checkpoints can be read."""
    return str(CURRENT.get().saved_folder("checkpoint"))


def get_artifacts_dir() -> str:
    """Where saved artifacts can be read."""
    return str(CURRENT.get().saved_folder("artifact"))


def get_checkpoint_paths() -> list[str]:
    return _entries("checkpoint")


def get_artifact_paths() -> list[str]:
    return _entries("artifact")


def set_job_data_field(field: str, value: Json) -> None:
    """Attach a fact to the run; kept apart from everything the system itself records."""
    run = CURRENT.get()
    write_fields(run.folder, {**read_fields(run.folder), field: value})
    if is_main_rank():
        run.set_field(field, value)


def get_job_data() -> dict[str, Json]:
    """The run's identity, parameters and the fields set by ``set_job_data_field``."""
    run = CURRENT.get()
    about: dict[str, Json] = {
        "job_id": os.environ.get("LAB_JOB_ID", ""),
        "experiment_name": experiment(),
        "user": os.environ.get("LAB_USER", ""),
        "parameters": dict(run.config()),
    }
    return about | read_fields(run.folder)


def job() -> str:
    """The job's id; the folder's name when the run is offline."""
    return os.environ.get("LAB_JOB_ID") or CURRENT.get().folder.name


def experiment() -> str:
    return os.environ.get("LAB_EXPERIMENT") or "alpha"


def copy_file_mounts() -> None:
    """Nothing to do: the wrapper has placed the task's files before the script starts."""


def capture_trackio_metadata(*_: object, **__: object) -> NoReturn:
    _refuse("capture_trackio_metadata", "log the metrics with lab.log_metrics")


def capture_active_trackio_run(*_: object, **__: object) -> NoReturn:
    _refuse("capture_active_trackio_run", "log the metrics with lab.log_metrics")


def list_models(*_: object, **__: object) -> NoReturn:
    _refuse("list_models", "run `lab model list`")


def get_model(*_: object, **__: object) -> NoReturn:
    _refuse("get_model", "run `lab model show <name>`")


def get_model_path(*_: object, **__: object) -> NoReturn:
    _refuse("get_model_path", "run `lab model download <name>` in the task's setup")


def download_registry_model(*_: object, **__: object) -> NoReturn:
    _refuse("download_registry_model", "run `lab model download <name>` in the task's setup")


def list_datasets(*_: object, **__: object) -> NoReturn:
    _refuse("list_datasets", "run `lab dataset list`")


def get_dataset(*_: object, **__: object) -> NoReturn:
    _refuse("get_dataset", "run `lab dataset download <name>` in the task's setup")


def list_documents(*_: object, **__: object) -> NoReturn:
    _refuse("list_documents", "attach the document to the task as a file")


def get_document_contents(*_: object, **__: object) -> NoReturn:
    _refuse("get_document_contents", "attach the document to the task as a file")


def get_document_bytes(*_: object, **__: object) -> NoReturn:
    _refuse("get_document_bytes", "attach the document to the task as a file")


def load_generation_model(*_: object, **__: object) -> NoReturn:
    _refuse("load_generation_model", "point an OpenAI-compatible client at the endpoint")


def _refuse(call: str, instead: str) -> NoReturn:
    raise NotServedHereError(f"lab.{call} needs the registry, which a job cannot reach: {instead}")


def _entries(kind: str) -> list[str]:
    folder = CURRENT.get().saved_folder(kind)
    return sorted(str(entry) for entry in folder.iterdir() if not entry.name.startswith("."))
