"""What an admin sets for one Slurm cluster; everything that enters a script is checked here."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec.structs import replace

from providers.base import InvalidSettings
from providers.prices import read_prices

NAME = re.compile(r"[A-Za-z0-9_.@+,-]{1,128}")
FOLDER = re.compile(r"/[A-Za-z0-9_./@+-]{1,200}")
FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
URL = re.compile(r"https?://[A-Za-z0-9._:\[\]-]{1,255}(/[A-Za-z0-9._/-]*)?")
FLAG = re.compile(r"--([a-z-]+)(?:=([A-Za-z0-9_.:,@+/*&|\[\]()-]{1,200}))?")
USER = "{user}"
FLAGS = frozenset(
    {"constraint", "prefer", "reservation", "exclude", "nodelist", "exclusive", "licenses"}
    | {"nice", "hint", "threads-per-core", "switches", "tmp", "time", "deadline", "wckey"}
    | {"mail-type", "mail-user", "gres-flags", "cpus-per-gpu", "mem-per-cpu", "begin"}
    | {"cpu-freq", "core-spec", "extra-node-info", "sockets-per-node", "cores-per-socket"}
)
"""Of sbatch's options, those an admin may add: none of them changes what Labledger itself sets.

https://slurm.schedmd.com/sbatch.html#SECTION_OPTIONS
"""


class SlurmSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``ssh_key`` names a team secret with a private key; empty means the server's SSH agent.

    ``accounts`` says whose account jobs run as: everybody's as ``ssh_user`` (shared), or each
    person's own, and ``ssh_user`` then only looks at the cluster (empty: as one of the persons).
    ``work_folder`` is on a file system all nodes share and belongs to one Labledger server;
    ``{user}`` in it is the account. ``jump_host`` is a host to go through; its user and key are
    those of the login node unless said. ``gres_types`` renames accelerators,
    ``A100-80GB=a100_80,H100=h100``. Hooks are shell text. Prices: ``providers/prices.py``.
    With ``rest_url`` Slurm is spoken to over slurmrestd as ``rest_user``, whose token is in the team
    secret ``rest_token``; ``work_folder`` must be mounted on this machine and be theirs.
    """

    ssh_host: str = ""
    work_folder: str
    ssh_user: str = ""
    rest_url: str = ""
    rest_user: str = ""
    rest_token: str = ""
    rest_version: str = "v0.0.38"
    accounts: Literal["shared", "person"] = "shared"
    ssh_port: int = 22
    ssh_key: str = ""
    host_key: str = ""
    jump_host: str = ""
    jump_user: str = ""
    jump_port: int = 22
    jump_key: str = ""
    jump_host_key: str = ""
    partition: str = ""
    spot_partition: str = ""
    account: str = ""
    qos: str = ""
    flags: str = ""
    gres_types: str = ""
    price_per_cpu_hour: float = 0.0
    price_per_gib_hour: float = 0.0
    price_per_accelerator_hour: str = ""
    python: str = "python3"
    slurm_bin: str = ""
    pre_setup: str = ""
    post_setup: str = ""
    pre_run: str = ""
    post_run: str = ""

    def as_account(self, name: str) -> SlurmSettings:
        """The same cluster as one account."""
        folder = self.work_folder.replace(USER, name)
        return replace(self, ssh_user=name, work_folder=folder)


CHECKED: Mapping[str, tuple[re.Pattern[str], str]] = {
    "ssh_host": (NAME, "a host name"),
    "ssh_user": (NAME, "a user name"),
    "ssh_key": (NAME, "the name of a team secret, never the key itself"),
    "jump_host": (NAME, "a host name"),
    "jump_user": (NAME, "a user name"),
    "jump_key": (NAME, "the name of a team secret, never the key itself"),
    "jump_host_key": (FINGERPRINT, "a fingerprint as ssh-keygen -l shows it, SHA256:…"),
    "slurm_bin": (FOLDER, "an absolute path of letters, digits and _ . / @ + -"),
    "python": (re.compile(r"[A-Za-z0-9_./+-]{1,200}"), "a program like python3.11"),
    "host_key": (FINGERPRINT, "a fingerprint as ssh-keygen -l shows it, SHA256:…"),
    "partition": (NAME, "a partition's name"),
    "spot_partition": (NAME, "a partition's name"),
    "account": (NAME, "an account's name"),
    "qos": (NAME, "a QOS' name"),
    "rest_url": (URL, "an address like https://slurm.example.org:6820"),
    "rest_user": (NAME, "a user name"),
    "rest_token": (NAME, "the name of a team secret, never the token itself"),
    "rest_version": (re.compile(r"v0\.0\.\d{2}"), "a version of the API like v0.0.38"),
}


def read_settings(raw: Mapping[str, object]) -> SlurmSettings:
    """Refuses unknown keys and impossible values, listing what is known. Contacts nobody."""
    try:
        settings = msgspec.convert(dict(raw), SlurmSettings)
    except msgspec.ValidationError as error:
        raise _invalid(f"{error}. Known: {', '.join(SlurmSettings.__struct_fields__)}.") from error
    needed = _needed(settings)
    for field, (pattern, meant) in CHECKED.items():
        value = getattr(settings, field)
        if (value or field in needed) and not pattern.fullmatch(value):
            raise _invalid(f"{field} must be {meant}, not {value!r}.")
    for field in ("ssh_port", "jump_port"):
        if not 0 < getattr(settings, field) < 65536:
            raise _invalid(f"{field} must be 1 to 65535, not {getattr(settings, field)}.")
    _check_folder(settings)
    read_flags(settings.flags)
    read_types(settings.gres_types)
    read_prices(settings, provider="slurm")
    if settings.accounts == "person":
        return settings
    return settings.as_account(settings.rest_user or settings.ssh_user)


def _needed(settings: SlurmSettings) -> set[str]:
    """What may not be empty."""
    if not settings.rest_url:
        return {"ssh_host"} if settings.accounts == "person" else {"ssh_host", "ssh_user"}
    if settings.accounts == "person" or settings.ssh_host:
        raise _invalid(
            "rest_url is for one shared account: leave accounts and ssh_host out, or rest_url."
        )
    return {"rest_user", "rest_token"}


def _check_folder(settings: SlurmSettings) -> None:
    folder = settings.work_folder
    plain = folder.replace(USER, "user")
    if not FOLDER.fullmatch(plain) or ".." in plain.split("/"):
        raise _invalid(
            f"work_folder must be an absolute path of letters, digits and _ . / @ + - or {USER}, "
            f"without '..', not {folder!r}."
        )
    if settings.accounts == "person" and USER not in folder:
        raise _invalid(
            f"work_folder must have {USER} in it: each account needs a folder of its own."
        )


def read_flags(text: str) -> dict[str, str]:
    """Name to value (empty for a switch) of ``--name=value --switch``."""
    flags = {}
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise _invalid(f"flags: {error}.") from error
    for word in words:
        found = FLAG.fullmatch(word)
        if found is None:
            raise _invalid(f"flags: {word!r} is not --name or --name=value.")
        if found[1] not in FLAGS:
            known = ", ".join(sorted(FLAGS))
            raise _invalid(f"flags: --{found[1]} may not be set here. Known: {known}.")
        flags[found[1]] = found[2] or ""
    return flags


def read_types(text: str) -> dict[str, str]:
    """Accelerator kind (lower case) to the cluster's own GRES type."""
    types = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        kind, equals, gres = part.partition("=")
        if not equals or not NAME.fullmatch(kind) or not NAME.fullmatch(gres):
            raise _invalid(f"gres_types: {part!r} is not KIND=TYPE, like A100-80GB=a100.")
        types[kind.lower()] = gres
    return types


def _invalid(reason: str) -> InvalidSettings:
    return InvalidSettings(provider="slurm", reason=reason)
