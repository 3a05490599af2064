"""The identity providers of this server, read from ``LAB_OIDC``: a JSON list, or the path of a file with one.

Client secrets are named by environment variable or file, never written into the list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from domain.errors import InvalidInput
from domain.teams import Role

GITHUB = "https://github.com"
GITHUB_SCOPES = ("read:user", "user:email")
GITHUB_GROUPS = "read:org"
NAME = re.compile(r"[a-z0-9-]{1,40}")
PRESETS: Mapping[str, str] = {
    # https://developers.google.com/identity/openid-connect/openid-connect#discovery
    "google": "https://accounts.google.com",
    # https://docs.gitlab.com/integration/openid_connect_provider/
    "gitlab": "https://gitlab.com",
    "github": GITHUB,  # OAuth: server/oidc/github.py
}
OPENID = ("openid", "email", "profile")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Grant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role in the team of that short name."""

    team: str
    role: Role


class ProviderConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One provider. ``roles`` maps a value of the claim ``groups_claim`` to roles."""

    name: str
    client_id: str
    label: str = ""
    preset: str = ""
    issuer: str = ""
    client_secret_env: str = ""
    client_secret_file: str = ""
    scopes: tuple[str, ...] = ()
    groups_claim: str = "groups"
    roles: dict[str, tuple[Grant, ...]] = {}


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A provider as it is used. ``secret`` empty: a public client, by PKCE alone."""

    name: str
    label: str
    issuer: str
    id: str
    secret: str
    scopes: tuple[str, ...]
    groups_claim: str
    roles: Mapping[str, tuple[Grant, ...]]
    github: bool = False

    def __repr__(self) -> str:
        return f"Client({self.name!r}, {self.issuer!r})"


def read_clients(setting: str, environ: Mapping[str, str]) -> tuple[Client, ...]:
    """In the order given. ``InvalidInput`` names what is wrong with the setting."""
    if not setting:
        return ()
    text = setting if setting.lstrip().startswith("[") else _file(setting, "the list")
    try:
        configs = msgspec.json.decode(text, type=tuple[ProviderConfig, ...])
    except msgspec.MsgspecError as error:
        raise _wrong("list", str(error)) from error
    names = [config.name for config in configs]
    if len(set(names)) != len(names):
        raise _wrong(", ".join(names), "Give every provider a name of its own.")
    return tuple(_client(config, environ) for config in configs)


def secure(url: str) -> bool:
    """Whether what is sent to ``url`` stays secret: HTTPS, or this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _client(config: ProviderConfig, environ: Mapping[str, str]) -> Client:
    issuer = config.issuer or PRESETS.get(config.preset, "")
    if not NAME.fullmatch(config.name):
        raise _wrong(config.name, "A name has lower-case letters, digits and dashes.")
    if not secure(issuer):
        known = ", ".join(sorted(PRESETS))
        raise _wrong(config.name, f"Give an https:// issuer, or a preset of {known}.")
    github = config.preset == "github"
    scopes = config.scopes or (_github_scopes(config) if github else OPENID)
    if not github and "openid" not in scopes:
        raise _wrong(config.name, "The scopes must hold openid.")
    if any(grant.role is Role.OWNER for grants in config.roles.values() for grant in grants):
        raise _wrong(config.name, "A group cannot make owners.")
    return Client(
        name=config.name,
        label=config.label or config.name.title(),
        issuer=issuer,
        id=config.client_id,
        secret=_secret(config, environ),
        scopes=scopes,
        groups_claim=config.groups_claim,
        roles=config.roles,
        github=github,
    )


def _github_scopes(config: ProviderConfig) -> tuple[str, ...]:
    return (*GITHUB_SCOPES, GITHUB_GROUPS) if config.roles else GITHUB_SCOPES


def _secret(config: ProviderConfig, environ: Mapping[str, str]) -> str:
    if config.client_secret_file:
        return _file(config.client_secret_file, "the client secret").strip()
    if not config.client_secret_env:
        return ""
    found = environ.get(config.client_secret_env, "")
    if not found:
        raise _wrong(config.name, f"The environment has no {config.client_secret_env}.")
    return found


def _file(path: str, what: str) -> str:
    try:
        return Path(path).expanduser().read_text("utf-8")
    except (OSError, ValueError) as error:
        raise _wrong(path, f"The file with {what} cannot be read.") from error


def _wrong(value: str, way_out: str) -> InvalidInput:
    return InvalidInput(field="LAB_OIDC", value=value, way_out=way_out)
