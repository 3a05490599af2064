"""A branch becomes a commit without cloning; addresses that run or read things are refused."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from application.sources import ls_remote_argv, parse_ls_remote, resolve_git
from domain.errors import InvalidInput

COMMIT = "a" * 40


def git(folder: Path, *argv: str) -> str:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_CONFIG_GLOBAL": os.devnull}
    env = os.environ | who | {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    done = subprocess.run(["git", *argv], cwd=folder, env=env, capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "one")
    git(tmp_path, "tag", "-a", "v1", "-m", "v1")
    git(tmp_path, "checkout", "-q", "-b", "feature/main")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "two")
    git(tmp_path, "checkout", "-q", "main")
    return tmp_path


@pytest.mark.parametrize("ref", ["", "main", "v1", "feature/main", "refs/heads/main"])
def test_a_ref_resolves_to_its_commit(repository: Path, ref: str) -> None:
    wanted = git(repository, "rev-parse", f"{ref or 'HEAD'}^{{commit}}")
    assert resolve_git(repository.as_uri(), ref, timeout_s=20, allow_file=True) == wanted


def test_an_unknown_branch_is_refused_with_its_name(repository: Path) -> None:
    with pytest.raises(InvalidInput, match="nowhere"):
        resolve_git(repository.as_uri(), "nowhere", timeout_s=20, allow_file=True)


def test_a_missing_repository_is_refused_with_the_words_of_git(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="git says"):
        resolve_git((tmp_path / "none").as_uri(), "main", timeout_s=20, allow_file=True)


def test_a_full_commit_is_answered_without_asking() -> None:
    assert resolve_git("https://nowhere.invalid/a/b", COMMIT.upper(), timeout_s=1) == COMMIT


@pytest.mark.parametrize(
    "url",
    [
        *("ext::sh -c id", "--upload-pack=id", "/etc", "file:///etc", "http://h/a/b", "fd::17"),
        *("https://u:p@h/a", "ssh://-oProxyCommand=id/a", "https:///a", "a b", "git@-h:x"),
    ],
)
def test_a_dangerous_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="github_repo_url"):
        resolve_git(url, COMMIT, timeout_s=1)


@pytest.mark.parametrize("ref", ["--help", "a..b", "a b", "a\x00b", "x:y", "~1"])
def test_a_dangerous_ref_is_refused(ref: str) -> None:
    with pytest.raises(InvalidInput, match="github_repo_branch"):
        resolve_git("https://h/a/b", ref, timeout_s=1)


def test_the_address_comes_after_the_end_of_options() -> None:
    argv = ls_remote_argv("https://h/a", "main")
    assert argv[argv.index("--") + 1] == "https://h/a"


def test_a_branch_wins_over_a_tag_and_a_longer_branch_is_not_it() -> None:
    longer = f"{'b' * 40}\trefs/heads/feature/main\n"
    both = f"{'c' * 40}\trefs/tags/main\n{COMMIT}\trefs/heads/main\n"
    assert parse_ls_remote(longer + both, "main") == COMMIT
    assert parse_ls_remote(longer, "main") is None
