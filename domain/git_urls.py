"""Which git sources may be named: addresses, branches, folders.

Not here: asking the repository (``application/sources.py``).
"""

from __future__ import annotations

import re

PORTS = {"https": 443, "ssh": 22, "git": 9418}
SCHEMES = ("https", "ssh", "git", "file")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(?:([^/@\s]*)@)?([^/\s]*)(/\S*)?")
_SCP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s:-][^\s:]*")
_SHORT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+")
_PORT = re.compile(r":[0-9]{1,5}\Z")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|^\.|/$|\.$|\.lock(/|$)")


def scheme_of(url: str) -> str:
    """``https``, ``ssh`` (also for ``user@host:path``), … or ``""`` when there is none."""
    if _SCP.fullmatch(url):
        return "ssh"
    found = _URL.fullmatch(url)
    return found[1].lower() if found else ""


def host_of(url: str) -> tuple[str, int]:
    """The host and port that an accepted address leads to; empty and 0 for ``file``."""
    scheme = scheme_of(url)
    found = _URL.fullmatch(url)
    port = PORTS.get(scheme, 0)
    if found is None:
        return (url.partition("@")[2].partition(":")[0], port) if scheme else ("", 0)
    host, _, number = found[3].rpartition(":") if _PORT.search(found[3]) else (found[3], "", "")
    return host.strip("[]").lower(), int(number) if number else port


def refuse_url(url: str) -> tuple[str, str]:
    """What is wrong with ``url`` and the way out; two empty texts when it may be used."""
    if _SHORT.fullmatch(url):
        return "is not a git address.", f"Write `https://github.com/{url}`."
    scheme = scheme_of(url)
    found = _URL.fullmatch(url)
    user, host = (found[2] or "", found[3] or "") if found else ("", "")
    if ":" in user or (user and scheme != "ssh"):
        return "carries a credential.", "Leave it out of the address and store it as a git token."
    if not url.isprintable() or url.startswith("-") or scheme not in SCHEMES:
        return "is not a git address that is accepted.", _EXAMPLES
    if found and (f"{host} {user}".startswith("-") or (not host and scheme != "file")):
        return "names no host.", _EXAMPLES
    return ("names no host.", _EXAMPLES) if user.startswith("-") else ("", "")


_EXAMPLES = "Write `https://host/owner/repo`, `ssh://git@host/repo` or `git@host:owner/repo`."


def is_commit(ref: str) -> bool:
    """Whether ``ref`` is a full commit hash (SHA-1 or SHA-256)."""
    return _COMMIT.fullmatch(ref.lower()) is not None


def is_ref(ref: str) -> bool:
    """Whether ``ref`` can be a branch, tag or commit (https://git-scm.com/docs/git-check-ref-format)."""
    sane = bool(ref) and ref.isprintable() and not ref.startswith(("-", "/"))
    return sane and ref != "@" and _BAD_REF.search(ref) is None


def is_inner_path(path: str) -> bool:
    """Whether ``path`` stays inside the folder it is relative to (POSIX, no ``..``, no NUL)."""
    parts = path.split("/")
    clean = path.isprintable() and "\\" not in path and not path.startswith(("/", "-", "~"))
    return bool(path) and clean and ".." not in parts
