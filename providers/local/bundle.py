"""What the wrapper is handed: the bundle of ``docs/node-protocol.md``, secrets filled in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from domain.secret_names import fill_secrets
from providers.base import JobRequest
from providers.local.settings import GIB
from providers.local.slots import Slot


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
    spec, secrets = request.spec, request.secrets
    memory = int(slot.memory_gib * GIB) or None
    git = spec.git
    resume = request.resume
    return {
        "job_id": request.job,
        "attempt": request.attempt,
        "node": 0,
        "nodes": 1,
        "token": request.token,
        "job_token": request.job_token,
        "server_url": request.server_url,
        "experiment": request.experiment,
        "task": spec.name,
        "owner": request.owner,
        "setup": fill_secrets(spec.setup, secrets),
        "run": fill_secrets(spec.run, secrets),
        "envs": {k: fill_secrets(v, secrets) for k, v in spec.envs.items()},
        "secrets": dict(secrets),
        "parameters": spec.parameters,
        "files": [
            {"path": f.path, "sha256": f.sha256, "size": f.size, "executable": f.executable}
            for f in spec.files
        ],
        "blobs": str(run / "blobs"),
        "git": {"url": git.url, "commit": git.commit, "directory": git.directory} if git else None,
        "hooks": dict(hooks),
        "resume": {"name": resume.name, "step": resume.step, "files": list(resume.files)}
        if resume
        else None,
        "grace_s": request.grace_s,
        "timeout_s": spec.timeout_s,
        "memory_bytes": memory,
        "cpus": slot.cpus,
        "accelerators": list(slot.accelerators),
        "sdk": str(sdk),
        "venv_cache": str(cache),
    }
