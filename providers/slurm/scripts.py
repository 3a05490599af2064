"""The scripts that run on the login node: files in ``providers/templates``, values as arguments."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from re import compile as pattern
from shlex import quote

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
PLACE = pattern(r"@([A-Z]+)@")
PRELUDE = 'umask 077; [ -z "$1" ] || PATH="$1:$PATH"; shift\n'


@cache
def template(name: str) -> str:
    """The text of a template file."""
    return (TEMPLATES / name).read_text("utf-8")


def login_argv(name: str, *arguments: str, slurm_bin: str = "") -> list[str]:
    """The command that runs ``slurm_<name>.sh`` on the login node."""
    script = PRELUDE + template("slurm_names.sh") + template(f"slurm_{name}.sh")
    return ["bash", "-c", script, f"lab-{name}", slurm_bin, *arguments]


def fill(name: str, values: Mapping[str, str], *, lines: str) -> str:
    """A template with every ``@NAME@`` shell-quoted; ``@DIRECTIVES@`` becomes ``lines`` as they are."""
    return PLACE.sub(
        lambda found: lines if found[1] == "DIRECTIVES" else quote(values[found[1]]),
        template(name),
    )
