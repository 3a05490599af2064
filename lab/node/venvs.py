"""Which cached virtual environment a setup belongs to, and how a command is run inside it."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from lab.node.bundle import Bundle


def cached_environment(bundle: Bundle) -> Path | None:
    """The virtual environment for exactly this setup, these files and this Python, if any."""
    if not bundle.venv_cache or not bundle.setup or bundle.envs.get("LAB_CACHE_SETUP") != "1":
        return None
    digest = hashlib.sha256(f"{sys.version_info[:2]}\n{bundle.setup}".encode())
    for file in sorted(bundle.files, key=lambda file: file.path):
        digest.update(f"\n{file.path} {file.sha256}".encode())
    return Path(bundle.venv_cache) / f"env-{digest.hexdigest()[:24]}"


def activated(env: Mapping[str, str], venv: Path) -> dict[str, str]:
    return {**env, "VIRTUAL_ENV": str(venv), "PATH": f"{venv}/bin:{env.get('PATH', os.defpath)}"}


def remove_incomplete(venv: Path) -> None:
    """What a setup that failed or was killed left behind."""
    shutil.rmtree(venv, ignore_errors=True)
