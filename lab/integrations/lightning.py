"""A logger and a callback for PyTorch Lightning, without importing it.

https://lightning.ai/docs/pytorch/stable/extensions/logging.html
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from lab import api


class LightningTrainer(Protocol):
    """The part of ``lightning.Trainer`` that is read."""

    global_step: int
    current_epoch: int
    max_epochs: int | None
    should_stop: bool
    checkpoint_callback: object


class LabLogger:
    """Shaped like ``lightning.pytorch.loggers.Logger``."""

    name = "lab"
    version = ""
    group_separator = "/"
    log_dir: str | None = None
    save_dir: str | None = None
    root_dir: str | None = None

    @property
    def experiment(self) -> object:
        return api.current_run()

    def log_metrics(self, metrics: Mapping[str, object], step: int | None = None) -> None:
        api.log_metrics(metrics, step)

    def log_hyperparams(self, params: object, *_: object, **__: object) -> None:
        values = params if isinstance(params, Mapping) else vars(params)
        api.current_run().set_config({str(key): str(value) for key, value in values.items()})

    def log_graph(self, *_: object, **__: object) -> None:
        return None

    def after_save_checkpoint(self, checkpoint_callback: object) -> None:
        path = getattr(checkpoint_callback, "best_model_path", "")
        if path and Path(path).exists():
            api.save_checkpoint(path)

    def save(self) -> None:
        api.flush()

    def finalize(self, status: str) -> None:
        api.flush()


class LabLightningCallback:
    """Progress by epoch, and a clean end when the job is asked to stop."""

    state_key = "lab"

    def on_train_batch_end(self, trainer: LightningTrainer, *_: object) -> None:
        if api.stop_requested():
            trainer.should_stop = True

    def on_train_epoch_end(self, trainer: LightningTrainer, *_: object) -> None:
        if trainer.max_epochs and trainer.max_epochs > 0:
            api.update_progress(100 * (trainer.current_epoch + 1) / trainer.max_epochs)

    def state_dict(self) -> dict[str, object]:
        return {}

    def __getattr__(self, name: str) -> object:
        if name.startswith(("on_", "setup", "teardown", "load_state_dict")):
            return _ignore
        raise AttributeError(name)


def lightning_logger() -> LabLogger:
    """For ``Trainer(logger=...)``; a true ``Logger`` once Lightning is imported."""
    base = _lightning_class("loggers", "Logger")
    logger: LabLogger = LabLogger() if base is None else type("Logger", (LabLogger, base), {})()
    return logger


def lightning_callback() -> LabLightningCallback:
    """For ``Trainer(callbacks=[...])``; a true ``Callback`` once Lightning is imported."""
    base = _lightning_class("callbacks", "Callback")
    if base is None:
        return LabLightningCallback()
    callback: LabLightningCallback = type("Callback", (LabLightningCallback, base), {})()
    return callback


def _lightning_class(module: str, name: str) -> type | None:
    for package in ("lightning.pytorch", "pytorch_lightning"):
        found = getattr(sys.modules.get(f"{package}.{module}"), name, None)
        if isinstance(found, type):
            return found
    return None


def _ignore(*_: object, **__: object) -> None:
    return None
