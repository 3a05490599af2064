"""Everything a job was launched with, frozen: the part of ``job.queued`` that a re-run needs.

Secret values never enter: ``envs``, ``run`` and ``setup`` keep their ``{{secret.NAME}}`` placeholders
and ``secrets`` lists the names. Files are content hashes, git sources are commits.
"""

from __future__ import annotations

import msgspec

from domain.resources import Resources

Scalar = str | int | float | bool | None
ParameterValue = Scalar | list[Scalar]


class GitSource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``commit`` is the full hash resolved at submit; ``ref`` what the person wrote; ``directory`` inside the tree."""

    url: str
    commit: str = ""
    ref: str = ""
    directory: str = ""


class FrozenFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file placed in the working directory. ``path`` is relative, POSIX, without ``..``."""

    path: str
    sha256: str
    size: int
    executable: bool = False


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many further attempts after a fault: of the user's code, and of the platform under it."""

    user: int = 0
    platform: int = 3
    backoff_s: float = 5.0


class JobSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``parameters`` are resolved values (defaults and overrides applied), never definitions.

    ``timeout_s`` bounds the run phase, ``launch_timeout_s`` everything before it. ``priority`` is
    0..100, higher first. ``minutes_requested`` is what the quota reserves, else the timeout.
    ``idle_timeout_s`` bounds how long it may run without a sign of work, ``ttl_s`` everything from
    queueing to the end, waiting and retries included.
    """

    name: str
    run: str
    description: str = ""
    setup: str = ""
    envs: dict[str, str] = {}
    parameters: dict[str, ParameterValue] = {}
    resources: Resources = Resources()
    git: GitSource | None = None
    files: tuple[FrozenFile, ...] = ()
    file_mounts: dict[str, str] = {}
    secrets: tuple[str, ...] = ()
    timeout_s: float | None = None
    launch_timeout_s: float | None = None
    idle_timeout_s: float | None = None
    ttl_s: float | None = None
    retries: RetryPolicy = RetryPolicy()
    priority: int = 50
    minutes_requested: int | None = None
    interactive: str = ""
