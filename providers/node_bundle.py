"""What every adapter writes into ``bundle.json`` alike: the work itself, secrets filled in.

Not here: where it runs (folders, processors, node numbers); the adapter adds that.
"""

from __future__ import annotations

from domain.secret_names import fill_secrets
from providers.base import JobRequest

BACKSTOP_S = 30.0
"""The server enforces the timeout; the wrapper does when the server is away this much longer."""


def identity_of(request: JobRequest) -> dict[str, object]:
    """Whose attempt it is and how it reaches the server."""
    return {
        "job_id": request.job,
        "attempt": request.attempt,
        "token": request.token,
        "job_token": request.job_token,
        "server_url": request.server_url,
        "experiment": request.experiment,
        "owner": request.owner,
        "grace_s": request.grace_s,
    }


def work_of(request: JobRequest) -> dict[str, object]:
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
