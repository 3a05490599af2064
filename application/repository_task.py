"""The task.yaml of a git repository, read at a commit without checking the repository out.

Not here: which addresses may be written, and which commit a branch is (``application/sources.py``).
"""

from __future__ import annotations

import subprocess
import tempfile
from typing import NamedTuple

import msgspec

from application.actor import Actor
from application.lab import Lab
from application.permissions import Action, require
from application.sources import admitted, git_environment, resolve_git, to_address
from domain.errors import InvalidInput, NotFound, shorten
from domain.git_urls import is_inner_path

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
    policy, url = lab.policy, url.strip()
    commit = resolve_git(
        url,
        ref.strip(),
        timeout_s=policy.git_timeout_s,
        hosts=lab.hosts,
        allow_file=policy.allow_local_git,
    )
    text = _show(lab, url, commit, f"{folder}/{FILE}" if folder else FILE)
    return RepositoryTask(yaml=_sourced(text, url, ref.strip(), folder), commit=commit)


def _show(lab: Lab, url: str, commit: str, path: str) -> str:
    address = admitted(url, lab.hosts)
    options, where = to_address(url, address)
    with tempfile.TemporaryDirectory(prefix="lab-git-") as place:
        git = _Git(lab, url, address, [*options, "-C", place])
        git.run("init", "--quiet", "--bare", place)
        said = git.run("fetch", "--quiet", "--depth=1", "--no-tags", "--", where, commit)
        if said.returncode:
            told = shorten(said.stderr.decode("utf-8", "replace").strip().replace("\n", " "), 200)
            raise InvalidInput(field="url", value=url, way_out=f"git says: {told}")
        shown = git.run("show", f"{commit}:{path}")
    if shown.returncode:
        raise NotFound(kind="file in the repository", id=path)
    if len(shown.stdout) > LARGEST:
        way_out = f"At most {LARGEST:,} bytes are read."
        raise InvalidInput(field="folder", value=path, way_out=way_out)
    return shown.stdout.decode("utf-8", "replace")


class _Git(NamedTuple):
    """git with ``options`` before its command, bound to the one address of ``url``."""

    lab: Lab
    url: str
    address: str
    options: list[str]

    def run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        policy = self.lab.policy
        env = git_environment(self.url, address=self.address, allow_file=policy.allow_local_git)
        try:
            return subprocess.run(
                ["git", *self.options, *words], env=env, capture_output=True,
                timeout=policy.git_timeout_s, stdin=subprocess.DEVNULL, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            way_out = f"It did not answer in {policy.git_timeout_s:g} s. Try again."
            raise InvalidInput(field="url", value=self.url, way_out=way_out) from error


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
