"""The Lab SDK: ``import lab`` in a training script; names are loaded when first used.

Nothing here talks to a network: records go to the run directory and the node wrapper (or
``lab sync``) carries them. Importing costs a few milliseconds and needs the standard library only.
"""

from __future__ import annotations

import importlib
import sys

# The constant that type checkers take for ``typing.TYPE_CHECKING``; importing typing costs 4 ms.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lab import compat as lab
    from lab.api import (
        current_run,
        error,
        finish,
        flush,
        get_config,
        get_secret,
        init,
        latest_checkpoint,
        log,
        log_metric,
        log_metrics,
        on_stop,
        save_artifact,
        save_checkpoint,
        save_dataset,
        save_model,
        stop_requested,
        update_progress,
    )
    from lab.integrations.huggingface import get_hf_callback
    from lab.integrations.lightning import lightning_callback, lightning_logger
    from lab.integrations.tensorboard import capture_tensorboard
    from lab.integrations.wandb import capture_wandb, capture_wandb_url
    from lab.ranks import is_main_rank, rank

_API = (
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
)
_COMPATIBLE = (
    "capture_active_trackio_run",
    "capture_trackio_metadata",
    "copy_file_mounts",
    "download_registry_model",
    "get_artifact_paths",
    "get_artifacts_dir",
    "get_checkpoint_paths",
    "get_checkpoint_to_resume",
    "get_checkpoints_dir",
    "get_dataset",
    "get_document_bytes",
    "get_document_contents",
    "get_job_data",
    "get_model",
    "get_model_path",
    "get_parent_job_checkpoint_path",
    "list_datasets",
    "list_documents",
    "list_models",
    "load_generation_model",
    "set_config",
    "set_job_data_field",
)
_HOME = {
    **dict.fromkeys(_API, "lab.api"),
    **dict.fromkeys(_COMPATIBLE, "lab.compat"),
    "capture_tensorboard": "lab.integrations.tensorboard",
    "capture_wandb": "lab.integrations.wandb",
    "capture_wandb_url": "lab.integrations.wandb",
    "get_hf_callback": "lab.integrations.huggingface",
    "is_main_rank": "lab.ranks",
    "lightning_callback": "lab.integrations.lightning",
    "lightning_logger": "lab.integrations.lightning",
    "rank": "lab.ranks",
}
_COMPUTED = ("experiment", "job")

__all__ = [
    "capture_tensorboard",
    "capture_wandb",
    "capture_wandb_url",
    "current_run",
    "error",
    "finish",
    "flush",
    "get_config",
    "get_hf_callback",
    "get_secret",
    "init",
    "is_main_rank",
    "lab",
    "latest_checkpoint",
    "lightning_callback",
    "lightning_logger",
    "log",
    "log_metric",
    "log_metrics",
    "on_stop",
    "rank",
    "save_artifact",
    "save_checkpoint",
    "save_dataset",
    "save_model",
    "stop_requested",
    "update_progress",
]


def __getattr__(name: str) -> object:
    if name == "lab":
        return sys.modules[__name__]
    if name in _COMPUTED:
        return getattr(importlib.import_module("lab.compat"), name)()
    if name.startswith("async_") and name.removeprefix("async_") in _HOME:
        return _in_a_thread(name.removeprefix("async_"))
    if name not in _HOME:
        raise AttributeError(f"module 'lab' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, *_COMPUTED, "lab"})


def _in_a_thread(name: str) -> Callable[..., Awaitable[object]]:
    """The ``async_`` twin of a call: the same call, run in a worker thread."""
    call = getattr(sys.modules[__name__], name)
    to_thread = importlib.import_module("asyncio").to_thread

    async def twin(*args: object, **kwargs: object) -> object:
        return await to_thread(call, *args, **kwargs)

    twin.__name__ = f"async_{name}"
    return twin
