"""A callback for transformers' Trainer, shaped like ``TrainerCallback`` without importing it.

https://huggingface.co/docs/transformers/main_classes/callback
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from lab import api


class TrainerState(Protocol):
    """The part of ``transformers.TrainerState`` that is read."""

    global_step: int
    max_steps: int


class TrainingArguments(Protocol):
    """The part of ``transformers.TrainingArguments`` that is read."""

    output_dir: str


class LabCallback:
    """Logs what the Trainer logs, progress by its own step count, and every checkpoint it saves."""

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: object,
        logs: Mapping[str, object] | None = None,
        **_: object,
    ) -> None:
        numbers = {k: v for k, v in (logs or {}).items() if isinstance(v, (int, float))}
        if numbers:
            api.log_metrics({_renamed(k): v for k, v in numbers.items()}, state.global_step)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: object, **_: object
    ) -> None:
        if state.max_steps > 0:
            api.update_progress(100 * state.global_step / state.max_steps)
        if api.stop_requested():
            # The Trainer saves and ends by itself when it is asked this way.
            vars(control).update(should_save=True, should_training_stop=True)

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: object, **_: object
    ) -> None:
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if folder.is_dir():
            api.save_checkpoint(folder, step=state.global_step)

    def __getattr__(self, name: str) -> object:
        if name.startswith("on_"):
            return _ignore
        raise AttributeError(name)


def get_hf_callback() -> LabCallback:
    """For ``Trainer(callbacks=[...])``; a ``TrainerCallback`` once transformers is imported."""
    base = getattr(sys.modules.get("transformers"), "TrainerCallback", None)
    if base is None:
        return LabCallback()
    callback: LabCallback = type("LabTrainerCallback", (LabCallback, base), {})()
    return callback


def _ignore(*_: object, **__: object) -> None:
    return None


def _renamed(name: str) -> str:
    """``eval_loss`` → ``eval/loss``; everything else belongs to training."""
    for prefix in ("eval", "test", "train"):
        if name.startswith(f"{prefix}_"):
            return f"{prefix}/{name.removeprefix(prefix + '_')}"
    return f"train/{name}"
