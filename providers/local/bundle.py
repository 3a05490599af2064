"""What the wrapper is handed: the bundle of ``docs/node-protocol.md``, secrets filled in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from domain.secret_names import fill_secrets
from providers.base import JobRequest
from providers.local.settings import GIB
from providers.local.slots import Slot

BACKSTOP_S = 30.0
"""The server enforces the timeout; the wrapper does when the server is away this much longer."""


def bundle_of(
    request: JobRequest,
    slot: Slot,
    *,
    hooks: Mapping[str, str],
    sdk: Path,
    run: Path,
    cache: Path,
) -> dict[str, object]:
    """JSON-ready. The caller writes it 0600; the wrapper deletes it when it has read it."""
    return {
        "job_id": request.job,
        "attempt": request.attempt,
        "node": 0,
        "nodes": 1,
        "token": request.token,
        "job_token": request.job_token,
        "server_url": request.server_url,
        "experiment": request.experiment,
        "owner": request.owner,
        "grace_s": request.grace_s,
        "hooks": dict(hooks),
        "blobs": str(run / "blobs"),
        "sdk": str(sdk),
        "venv_cache": str(cache),
        "memory_bytes": int(slot.memory_gib * GIB) or None,
        "cpus": slot.cpus,
        "accelerators": list(slot.accelerators),
        **_work(request),
    }


def _work(request: JobRequest) -> dict[str, object]:
    """What to run, with every secret in its place."""
    spec, secrets = request.spec, request.secrets
    git, resume = spec.git, request.resume
    return {
        "task": spec.name,
        "setup": fill_secrets(spec.setup, secrets),
        "run": fill_secrets(spec.run, secrets),
        "envs": {k: fill_secrets(v, secrets) for k, v in spec.envs.items()},
        "secrets": dict(secrets),
        "parameters": spec.parameters,
        "timeout_s": spec.timeout_s + BACKSTOP_S if spec.timeout_s else None,
        "files": [
            {"path": f.path, "sha256": f.sha256, "size": f.size, "executable": f.executable}
            for f in spec.files
        ],
        "git": {"url": git.url, "commit": git.commit, "directory": git.directory} if git else None,
        "resume": {"name": resume.name, "step": resume.step, "files": list(resume.files)}
        if resume
        else None,
    }
