"""The task.yaml of a git repository, read at a commit without checking the repository out.

Not here: which addresses may be written, and which commit a branch is (``application/sources.py``).
"""

from __future__ import annotations

import os
import subprocess
import tempfile

import msgspec

from application.actor import Actor
from application.lab import Lab
from application.permissions import Action, require
from application.sources import resolve_git
from domain.errors import InvalidInput, NotFound, shorten
from domain.git_urls import is_inner_path, scheme_of

FILE = "task.yaml"
LARGEST = 256 * 1024


class RepositoryTask(msgspec.Struct, frozen=True, kw_only=True):
    """``yaml`` names the repository, so that a launch finds the files beside it."""

    yaml: str
    commit: str


def read_repository_task(
    lab: Lab, actor: Actor, *, url: str, ref: str = "", folder: str = ""
) -> RepositoryTask:
    """``InvalidInput`` names the field; ``NotFound`` when the folder has no task.yaml. Saves nothing."""
    require(actor, Action.WRITE_TASKS)
    folder = folder.strip().strip("/")
    if folder and not is_inner_path(folder):
        raise InvalidInput(field="folder", value=folder, way_out="Name a folder inside it.")
    policy = lab.policy
    local = policy.allow_local_git
    commit = resolve_git(url.strip(), ref.strip(), timeout_s=policy.git_timeout_s, allow_file=local)
    path = f"{folder}/{FILE}" if folder else FILE
    allowed = "https:ssh:git:file" if local and scheme_of(url) == "file" else "https:ssh:git"
    text = _show(url.strip(), commit, path, timeout_s=policy.git_timeout_s, allowed=allowed)
    return RepositoryTask(yaml=_sourced(text, url.strip(), ref.strip(), folder), commit=commit)


def _show(url: str, commit: str, path: str, *, timeout_s: float, allowed: str) -> str:
    with tempfile.TemporaryDirectory(prefix="lab-git-") as place:
        _git(["init", "--quiet", "--bare", place], place, timeout_s=timeout_s, allowed=allowed)
        fetch = ["fetch", "--quiet", "--depth=1", "--no-tags", "--", url, commit]
        said = _git(fetch, place, timeout_s=timeout_s, allowed=allowed)
        if said.returncode:
            told = shorten(said.stderr.decode("utf-8", "replace").strip().replace("\n", " "), 200)
            raise InvalidInput(field="url", value=url, way_out=f"git says: {told}")
        shown = _git(["show", f"{commit}:{path}"], place, timeout_s=timeout_s, allowed=allowed)
    if shown.returncode:
        raise NotFound(kind="file in the repository", id=path)
    if len(shown.stdout) > LARGEST:
        raise InvalidInput(
            field="folder", value=path, way_out=f"At most {LARGEST:,} bytes are read."
        )
    return shown.stdout.decode("utf-8", "replace")


def _git(
    words: list[str], place: str, *, timeout_s: float, allowed: str
) -> subprocess.CompletedProcess[bytes]:
    env = os.environ | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_ALLOW_PROTOCOL": allowed,
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
        "LC_ALL": "C",
    }
    try:
        return subprocess.run(
            ["git", "-C", place, *words], env=env, capture_output=True, timeout=timeout_s,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        way_out = f"It did not answer in {timeout_s:g} s. Try again."
        raise InvalidInput(field="url", value=" ".join(words), way_out=way_out) from error


def _sourced(text: str, url: str, ref: str, folder: str) -> str:
    """``text`` with its repository named, unless it names one."""
    if "github_repo_url" in text:
        return text
    lines = [f"github_repo_url: {url}"]
    if ref:
        lines.append(f"github_repo_branch: {ref}")
    if folder:
        lines.append(f"github_repo_dir: {folder}")
    return text.rstrip("\n") + "\n" + "\n".join(lines) + "\n"
