"""Which server, as whom: profiles in ``credentials.json`` (0600), and the environment before them.

``LAB_SERVER_URL``, ``LAB_TOKEN``, ``LAB_TEAM``, ``LAB_PROFILE``, ``LAB_CONFIG_DIR``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.cli.failures import CliError

DEFAULT_URL = "http://127.0.0.1:8470"
DEFAULT_PROFILE = "default"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """``token`` empty: not signed in. ``team`` empty: the server chooses."""

    server_url: str = DEFAULT_URL
    token: str = ""
    team: str = ""

    def __repr__(self) -> str:
        return f"Profile({self.server_url!r})"


def current(environ: Mapping[str, str], *, server: str = "", name: str = "") -> Profile:
    """The profile to use. A token is only sent to the server it was made for."""
    kept = read(environ, name)
    url = (server or environ.get("LAB_SERVER_URL", "") or kept.server_url).rstrip("/")
    token = environ.get("LAB_TOKEN", "")
    if not token and url == kept.server_url:
        token = kept.token
    return Profile(server_url=url, token=token, team=environ.get("LAB_TEAM", "") or kept.team)


def read(environ: Mapping[str, str], name: str = "") -> Profile:
    found = _all(environ).get(chosen(environ, name))
    return Profile(**found) if found else Profile()


def write(environ: Mapping[str, str], profile: Profile | None, *, name: str = "") -> Path:
    """Keep ``profile`` under its name, or forget the name; only the owner may read the file."""
    path = _path(environ)
    every = _all(environ)
    every.pop(chosen(environ, name), None)
    if profile:
        every[chosen(environ, name)] = asdict(profile)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(every, out, indent=2)
    fresh.replace(path)
    return path


def chosen(environ: Mapping[str, str], name: str) -> str:
    return name or environ.get("LAB_PROFILE", "") or DEFAULT_PROFILE


def config_dir(environ: Mapping[str, str]) -> Path:
    """The folder of everything the command line keeps."""
    return _path(environ).parent


def _path(environ: Mapping[str, str]) -> Path:
    # https://specifications.freedesktop.org/basedir-spec/latest/
    base = environ.get("XDG_CONFIG_HOME") or "~/.config"
    folder = environ.get("LAB_CONFIG_DIR") or f"{base}/labledger"
    return Path(folder).expanduser() / "credentials.json"


def _all(environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    path = _path(environ)
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CliError(f"{path} cannot be read ({error}). Delete it and run `lab login`.") from None
    known = set(Profile.__dataclass_fields__)
    if not isinstance(found, dict):
        raise CliError(f"{path} is not ours. Delete it and run `lab login`.")
    return {
        str(name): {k: str(v) for k, v in entry.items() if k in known}
        for name, entry in found.items()
        if isinstance(entry, dict)
    }
