"""What an admin sets for one Slurm cluster; everything that enters a script is checked here."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

import msgspec

from providers.base import InvalidSettings

NAME = re.compile(r"[A-Za-z0-9_.@+,-]{1,128}")
FOLDER = re.compile(r"/[A-Za-z0-9_./@+-]{1,200}")
FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
FLAG = re.compile(r"--([a-z-]+)(?:=([A-Za-z0-9_.:,@+/*&|\[\]()-]{1,200}))?")
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

    ``work_folder`` is on a file system all nodes share and belongs to one Labledger server.
    ``gres_types`` renames accelerators, ``A100-80GB=a100_80,H100=h100``. Hooks are shell text.
    """

    ssh_host: str
    ssh_user: str
    work_folder: str
    ssh_port: int = 22
    ssh_key: str = ""
    host_key: str = ""
    partition: str = ""
    spot_partition: str = ""
    account: str = ""
    qos: str = ""
    flags: str = ""
    gres_types: str = ""
    python: str = "python3"
    slurm_bin: str = ""
    pre_setup: str = ""
    post_setup: str = ""
    pre_run: str = ""
    post_run: str = ""


CHECKED: Mapping[str, tuple[re.Pattern[str], str]] = {
    "ssh_host": (NAME, "a host name"),
    "ssh_user": (NAME, "a user name"),
    "ssh_key": (NAME, "the name of a team secret, never the key itself"),
    "work_folder": (FOLDER, "an absolute path of letters, digits and _ . / @ + -"),
    "slurm_bin": (FOLDER, "an absolute path of letters, digits and _ . / @ + -"),
    "python": (re.compile(r"[A-Za-z0-9_./+-]{1,200}"), "a program like python3.11"),
    "host_key": (FINGERPRINT, "a fingerprint as ssh-keygen -l shows it, SHA256:…"),
    "partition": (NAME, "a partition's name"),
    "spot_partition": (NAME, "a partition's name"),
    "account": (NAME, "an account's name"),
    "qos": (NAME, "a QOS' name"),
}


def read_settings(raw: Mapping[str, object]) -> SlurmSettings:
    """Refuses unknown keys and impossible values, listing what is known. Contacts nobody."""
    try:
        settings = msgspec.convert(dict(raw), SlurmSettings)
    except msgspec.ValidationError as error:
        raise _invalid(f"{error}. Known: {', '.join(SlurmSettings.__struct_fields__)}.") from error
    for field, (pattern, meant) in CHECKED.items():
        value = getattr(settings, field)
        if (value or field in ("ssh_host", "ssh_user")) and not pattern.fullmatch(value):
            raise _invalid(f"{field} must be {meant}, not {value!r}.")
    if not FOLDER.fullmatch(settings.work_folder) or ".." in settings.work_folder.split("/"):
        raise _invalid("work_folder must be an absolute path without '..'.")
    if not 0 < settings.ssh_port < 65536:
        raise _invalid(f"ssh_port must be 1 to 65535, not {settings.ssh_port}.")
    read_flags(settings.flags)
    read_types(settings.gres_types)
    return settings


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
