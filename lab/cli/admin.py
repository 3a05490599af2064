"""``lab admin``: the server's own console, where the server is installed. It speaks to no HTTP server.

Whoever administers an installation may run programs beside its database; nobody else may do this.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib.util import find_spec

from lab.cli.failures import REFUSED, CliError
from lab.cli.frame import Commands, Session

ABOUT = """On the machine of the server, with the server's own environment (LAB_HOME or LAB_DATABASE_URL):

  users, disable-user, enable-user, erase-user, reset-password, sign-in-link    accounts
  rotate-key, verify, export-log, prove, status, storage, rebuild, replay       keys and the log

`lab admin ACTION --help` says more."""
ACCOUNTS = frozenset(
    {"users", "disable-user", "enable-user", "erase-user", "reset-password", "sign-in-link"}
)
UPKEEP = frozenset(
    {"rotate-key", "verify", "export-log", "prove", "status", "storage", "rebuild", "replay"}
)


def configure(commands: Commands, name: str, text: str) -> None:
    parser = commands.add_parser(
        name,
        help=text,
        description=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=sorted(ACCOUNTS | UPKEEP), metavar="ACTION")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...")
    parser.set_defaults(do=run, server="", profile="", json=False)


def run(session: Session) -> int:
    """The exit code of the server's own program."""
    if find_spec("server") is None or find_spec("application") is None:
        told = "The server is not installed here. Run `lab admin` on its machine, as its user."
        raise CliError(told, REFUSED)
    given = session.arguments
    words = ["admin", given.action] if given.action in ACCOUNTS else [given.action]
    argv = [sys.executable, "-m", "server", *words, *given.rest]
    environ = {key: value for key, value in session.environ.items() if key not in CLIENT}
    return subprocess.run(argv, env=environ, check=False).returncode


CLIENT = frozenset({"LAB_TOKEN", "LAB_TEAM", "LAB_PROFILE"})
"""A person's own, which the console has no use for."""
