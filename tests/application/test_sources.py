"""A branch becomes a commit without cloning; addresses that run or read things are refused."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from application.sources import ls_remote_argv, parse_ls_remote, resolve_git
from domain.errors import HostRefused, InvalidInput
from server.git_hosts import GitHosts

COMMIT = "a" * 40
ANYWHERE = GitHosts(resolve=lambda host, port: ["140.82.121.4"])


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
    assert (
        resolve_git(repository.as_uri(), ref, hosts=ANYWHERE, timeout_s=20, allow_file=True)
        == wanted
    )


def test_an_unknown_branch_is_refused_with_its_name(repository: Path) -> None:
    with pytest.raises(InvalidInput, match="nowhere"):
        resolve_git(repository.as_uri(), "nowhere", hosts=ANYWHERE, timeout_s=20, allow_file=True)


def test_a_missing_repository_is_refused_with_the_words_of_git(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="git says"):
        resolve_git(
            (tmp_path / "none").as_uri(), "main", hosts=ANYWHERE, timeout_s=20, allow_file=True
        )


def test_a_full_commit_is_answered_without_asking() -> None:
    assert (
        resolve_git("https://nowhere.invalid/a/b", COMMIT.upper(), hosts=ANYWHERE, timeout_s=1)
        == COMMIT
    )


@pytest.mark.parametrize(
    "url",
    [
        *("ext::sh -c id", "--upload-pack=id", "/etc", "file:///etc", "http://h/a/b", "fd::17"),
        *("https://u:p@h/a", "ssh://-oProxyCommand=id/a", "https:///a", "a b", "git@-h:x"),
    ],
)
def test_a_dangerous_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="github_repo_url"):
        resolve_git(url, COMMIT, hosts=ANYWHERE, timeout_s=1)


@pytest.mark.parametrize("ref", ["--help", "a..b", "a b", "a\x00b", "x:y", "~1"])
def test_a_dangerous_ref_is_refused(ref: str) -> None:
    with pytest.raises(InvalidInput, match="github_repo_branch"):
        resolve_git("https://h/a/b", ref, hosts=ANYWHERE, timeout_s=1)


def test_the_address_comes_after_the_end_of_options() -> None:
    argv = ls_remote_argv("https://h/a", "main")
    assert argv[argv.index("--") + 1] == "https://h/a"


def test_a_branch_wins_over_a_tag_and_a_longer_branch_is_not_it() -> None:
    longer = f"{'b' * 40}\trefs/heads/feature/main\n"
    both = f"{'c' * 40}\trefs/tags/main\n{COMMIT}\trefs/heads/main\n"
    assert parse_ls_remote(longer + both, "main") == COMMIT
    assert parse_ls_remote(longer, "main") is None


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://inner.example/a/b", "10.0.0.5"),
        ("https://rebound.example/a/b", "127.0.0.1"),
        ("https://metadata.example/latest", "169.254.169.254"),
        ("git://redis.example:6379/a", "172.16.0.1"),
        ("ssh://git@host.example/a", "::1"),
        ("git@host.example:a/b", "::ffff:192.168.0.1"),
    ],
)
def test_a_host_in_a_private_network_is_asked_nothing(url: str, address: str) -> None:
    hosts = GitHosts(resolve=lambda host, port: ["140.82.121.4", address])
    with pytest.raises(HostRefused, match="private network"):
        resolve_git(url, "main", hosts=hosts, timeout_s=1)


@pytest.mark.parametrize("host", ["0x7f000001", "2130706433", "127.1", "[::1]", "localhost"])
def test_no_spelling_of_this_machine_is_asked(host: str) -> None:
    with pytest.raises(HostRefused):
        resolve_git(f"https://{host}/a/b", "main", hosts=GitHosts(), timeout_s=1)


def test_what_was_judged_is_what_is_connected_to_and_no_redirection_is_followed() -> None:
    argv = ls_remote_argv("https://h.example:8443/a", "main", address="140.82.121.4")
    assert "http.curloptResolve=h.example:8443:140.82.121.4" in argv
    assert "http.followRedirects=false" in argv
    assert "git://[2001:db8::1]/a" in ls_remote_argv("git://h.example/a", "", address="2001:db8::1")


def test_an_operator_names_a_host_in_a_private_network() -> None:
    hosts = GitHosts(["gitlab.lab.internal", " "], resolve=lambda host, port: ["10.0.0.5"])
    assert hosts.admit("GitLab.lab.internal", 443) == ()
