"""Scalars written to TensorBoard also become metrics here; event files are written as before."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any  # SummaryWriter's own signatures are untyped at this mouth

from lab import api

_WRITERS = ("torch.utils.tensorboard", "tensorboardX")


def capture_tensorboard() -> None:
    """Wrap ``SummaryWriter.add_scalar`` of what is imported; repeatable. RuntimeError if none."""
    modules = [sys.modules[name] for name in _WRITERS if name in sys.modules]
    if not modules:
        raise RuntimeError(f"import one of {', '.join(_WRITERS)} before lab captures it")
    for module in modules:
        _wrap(module.SummaryWriter)


def _wrap(writer_class: Any) -> None:
    original: Callable[..., Any] = writer_class.add_scalar
    if getattr(original, "captured_by_lab", False):
        return

    def add_scalar(
        writer: Any,
        tag: str,
        scalar_value: object,
        global_step: int | None = None,
        *a: Any,
        **k: Any,
    ) -> Any:
        api.log_metric(tag, scalar_value, global_step)
        return original(writer, tag, scalar_value, global_step, *a, **k)

    vars(add_scalar)["captured_by_lab"] = True
    writer_class.add_scalar = add_scalar
