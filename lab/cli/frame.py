"""What every command is made of: a parser with the common options, and a session to work in."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from lab.cli.as_of import read
from lab.cli.client import Client
from lab.cli.failures import EPILOG
from lab.cli.profiles import current

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


@dataclass(frozen=True, kw_only=True)
class Session:
    """One run of the program."""

    client: Client
    json: bool
    arguments: argparse.Namespace
    environ: Mapping[str, str]

    @property
    def now(self) -> datetime:
        """On the person's clock, in their zone."""
        return datetime.now().astimezone()

    def show(self, value: object, text: Callable[[], str]) -> int:
        """Print ``value`` as JSON when that was asked, else ``text()``; the exit code 0."""
        print(json.dumps(value, indent=2, ensure_ascii=False) if self.json else text(), flush=True)
        return 0


Do: TypeAlias = Callable[[Session], int]


def command(
    commands: Commands, name: str, do: Do, *, help: str, aliases: Sequence[str] = ()
) -> argparse.ArgumentParser:
    """Add a command with the options that every command has."""
    parser = commands.add_parser(
        name,
        help=help,
        description=help,
        aliases=list(aliases),
        epilog=f"Exit codes:\n{EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common(parser)
    parser.set_defaults(do=do)
    return parser


def common(parser: argparse.ArgumentParser) -> None:
    shared = parser.add_argument_group("common options")
    shared.add_argument("--json", action="store_true", help="print JSON")
    shared.add_argument("--server", default="", metavar="URL", help="instead of the profile's")
    shared.add_argument("--profile", default="", help="instead of LAB_PROFILE or 'default'")


def session(arguments: argparse.Namespace) -> Session:
    profile = current(os.environ, server=arguments.server, name=arguments.profile)
    as_of = read(arguments.as_of, now=datetime.now().astimezone()) if arguments.as_of else ""
    if as_of:
        note(f"As of {as_of}.")
    return Session(
        client=Client(profile, as_of),
        json=arguments.json,
        arguments=arguments,
        environ=os.environ,
    )


def note(text: str) -> None:
    """For the person, beside what the command prints."""
    print(text, file=sys.stderr, flush=True)
