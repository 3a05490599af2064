"""A git address and a branch become one commit, asked of the repository without cloning it.

Not here: which addresses may be written (``domain/git_urls.py``), the checkout (the node).
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Mapping

from application.ports import Hosts
from domain.errors import InvalidInput, shorten
from domain.git_urls import host_of, is_commit, is_ref, refuse_url, scheme_of

_LINE = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64})\t(\S+)")


def resolve_git(
    url: str, ref: str, *, timeout_s: float, hosts: Hosts, allow_file: bool = False
) -> str:
    """The full commit hash of ``ref`` (``""``: the default branch); a full hash is not asked.

    A branch wins over a tag of the same name. ``allow_file`` permits ``file://`` addresses, which
    read the server's own disk. Raises ``InvalidInput`` naming the field, and ``HostRefused``; safe
    to repeat.
    """
    refusal, way_out = refuse_url(url)
    if refusal:
        raise InvalidInput(field="github_repo_url", value=url, way_out=way_out)
    if scheme_of(url) == "file" and not allow_file:
        raise InvalidInput(field="github_repo_url", value=url, way_out="Use https or ssh.")
    if is_commit(ref):
        return ref.lower()
    if ref and not is_ref(ref):
        raise InvalidInput(field="github_repo_branch", value=ref, way_out="Name a branch or tag.")
    address = admitted(url, hosts)
    argv = ls_remote_argv(url, ref, address=address)
    env = git_environment(url, address=address, allow_file=allow_file)
    answer = _ask(argv, url, timeout_s=timeout_s, env=env)
    commit = parse_ls_remote(answer, ref)
    if commit is None:
        way_out = "There is no such branch or tag there; a commit needs its full hash."
        raise InvalidInput(field="github_repo_branch", value=ref or "HEAD", way_out=way_out)
    return commit


def admitted(url: str, hosts: Hosts) -> str:
    """The one address that ``url`` may be asked at; empty for a file. ``HostRefused``."""
    host, port = host_of(url)
    return next(iter(hosts.admit(host, port)), "") if host else ""


def ls_remote_argv(url: str, ref: str, *, address: str = "") -> list[str]:
    """The command that lists ``ref`` and its peeled tag."""
    wanted = [ref, f"{ref}^{{}}"] if ref else ["HEAD"]
    options, where = to_address(url, address)
    return ["git", *options, "ls-remote", "--quiet", "--", where, *wanted]


def to_address(url: str, address: str) -> tuple[list[str], str]:
    """Options of git and the address to name, so that it goes to ``address``, when there is one, and
    nowhere else: a redirection is not followed.
    """
    host, port = host_of(url)
    options = ["-c", "http.followRedirects=false"]
    if address and scheme_of(url) == "https":
        # https://git-scm.com/docs/git-config#Documentation/git-config.txt-httpcurloptResolve
        options += ["-c", f"http.curloptResolve={host}:{port}:{_bracketed(address)}"]
    if address and scheme_of(url) == "git":
        url = url.replace(f"//{host}", f"//{_bracketed(address)}", 1)
    return options, url


def parse_ls_remote(output: str, ref: str) -> str | None:
    """The commit of exactly ``ref`` in lines of ``<hash>\\t<full ref>``; ``None`` when not listed.

    git matches by suffix, so ``main`` also lists ``refs/heads/feature/main``.
    """
    listed = {found[2]: found[1] for found in map(_LINE.fullmatch, output.splitlines()) if found}
    order = (
        *(f"refs/heads/{ref}", f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}"),
        *(f"{ref}^{{}}", ref or "HEAD"),
    )
    return next((listed[name] for name in order if name in listed), None)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def git_environment(url: str, *, address: str, allow_file: bool) -> dict[str, str]:
    """Asks nobody for anything, speaks safe protocols alone, and over ssh to ``address``."""
    ssh = "ssh -o BatchMode=yes"
    if address:
        ssh += f" -o HostName={address} -o HostKeyAlias={shlex.quote(host_of(url)[0])}"
    return os.environ | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_ALLOW_PROTOCOL": "https:ssh:git:file" if allow_file else "https:ssh:git",
        "GIT_SSH_COMMAND": ssh,
        "LC_ALL": "C",
    }


def _ask(argv: list[str], url: str, *, timeout_s: float, env: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            argv,
            env=env,
            capture_output=True,
            timeout=timeout_s,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        way_out = f"It did not answer in {timeout_s:g} s. Try again, or write the full commit."
        raise InvalidInput(field="github_repo_url", value=url, way_out=way_out) from error
    except FileNotFoundError as error:
        way_out = "The server has no git program; install git there."
        raise InvalidInput(field="github_repo_url", value=url, way_out=way_out) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().replace("\n", " ")
        way_out = f"git says: {shorten(said, 200)} Check the address and the team's git token."
        raise InvalidInput(field="github_repo_url", value=url, way_out=way_out)
    return done.stdout.decode("utf-8", "replace")
