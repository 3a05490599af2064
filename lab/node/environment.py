"""The environment the user's commands get: the node's own, cleaned, and what the bundle adds."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from pathlib import Path

from lab.node.bundle import Bundle


def user_environment(
    bundle: Bundle, run_dir: Path, *, inherited: Mapping[str, str], checkpoint: Path | None
) -> dict[str, str]:
    """Never the job token, never a ``LAB_`` variable of the wrapper or of another job."""
    env = {name: value for name, value in inherited.items() if not name.startswith("LAB_")}
    env["PYTHONUNBUFFERED"] = "1"
    if bundle.nodes > 1:
        env["NODE_RANK"] = str(bundle.node)
        env.setdefault("WORLD_SIZE", str(bundle.nodes))
        env.setdefault("MASTER_PORT", str(_port(bundle.job_id)))
    if bundle.accelerators:
        env["CUDA_VISIBLE_DEVICES"] = ",".join(bundle.accelerators)
    if bundle.venv_cache:
        env["LAB_VENV_CACHE"] = bundle.venv_cache
        env.setdefault("UV_CACHE_DIR", f"{bundle.venv_cache}/uv")
        env.setdefault("PIP_CACHE_DIR", f"{bundle.venv_cache}/pip")
    env |= bundle.envs
    env |= {f"LAB_SECRET_{name}": value for name, value in bundle.secrets.items()}
    env |= {
        "LAB_JOB_ID": bundle.job_id,
        "LAB_ATTEMPT": str(bundle.attempt),
        "LAB_RUN_DIR": str(run_dir),
        "LAB_EXPERIMENT": bundle.experiment,
        "LAB_TASK": bundle.task,
        "LAB_USER": bundle.owner,
    }
    if checkpoint is not None:
        env["LAB_RESUME_CHECKPOINT"] = str(checkpoint)
    sdk = bundle.sdk or str(Path(__file__).parents[2])
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [sdk, env.get("PYTHONPATH", "")]))
    return env


def _port(job_id: str) -> int:
    """The same on every node of a job."""
    return 20_000 + zlib.crc32(job_id.encode()) % 20_000
