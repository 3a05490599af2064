"""Numbers logged to Weights & Biases also become metrics here; W&B itself goes on as before."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any  # W&B's own signatures are untyped at this mouth

from lab import api


def capture_wandb() -> None:
    """Wrap ``wandb.Run.log``. Call it after ``import wandb``; repeatable. RuntimeError if not."""
    wandb = _imported()
    run_class: Any = getattr(wandb, "Run", None) or type(wandb.run)
    original: Callable[..., Any] = run_class.log
    if getattr(original, "captured_by_lab", False):
        return

    def log(run: Any, data: Mapping[str, object], step: int | None = None, **more: Any) -> Any:
        numbers = {k: v for k, v in data.items() if isinstance(v, (int, float))}
        if numbers:
            api.log_metrics(numbers, step)
        return original(run, data, step=step, **more)

    vars(log)["captured_by_lab"] = True
    run_class.log = log
    if getattr(wandb, "run", None) is not None:
        vars(wandb)["log"] = wandb.run.log


def capture_wandb_url() -> str | None:
    """Attach the address of the active W&B run to this run; None when none is active."""
    url = getattr(getattr(_imported(), "run", None), "url", None)
    if url:
        api.current_run().set_field("link/wandb", str(url))
    return str(url) if url else None


def _imported() -> ModuleType:
    wandb = sys.modules.get("wandb")
    if wandb is None:
        raise RuntimeError("import wandb before lab captures it")
    return wandb
