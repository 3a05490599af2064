"""``lab``: finds the command, loads its module alone, and ends with its exit code; never a traceback."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from lab.cli.failures import EPILOG, FAILED, UNREACHABLE, CliError

INTERRUPTED = 130
GROUPS = {
    "login": "sign in and keep the session",
    "logout": "end the session",
    "whoami": "who is signed in, in which team",
    "server": "the server's health",
    "run": "run a task file and its folder as a job",
    "job": "list, inspect, follow, stop and repeat jobs",
    "task": "write, validate, list and queue tasks",
    "experiment": "create, list, describe, annotate and archive experiments",
    "artifact": "models, datasets, checkpoints and files that jobs saved",
    "view": "filters of lists, kept under names",
    "provider": "add, check and choose compute providers",
    "event": "read and follow the event log",
    "audit": "who did what, when and why; export and verify it",
    "secret": "set, list and delete secrets",
    "team": "members, roles, invitations; create, hand over and close teams",
    "rule": "who may do what with one experiment, task or provider",
    "session": "list and end your sessions",
    "service-account": "members that are no persons, and their tokens",
    "token": "create, list and revoke API tokens",
    "quota": "show and set compute quotas",
    "budget": "show and set budgets in money",
    "notify": "webhooks, Slack, Discord and e-mail: who is told of what",
    "usage": "who used how much compute",
    "admin": "accounts, keys and the log, on the server's own machine",
    "sync": "send runs that were recorded offline",
    "completion": "completion for bash, zsh or fish",
}
ALIASES = {"jobs": "job", "tasks": "task", "experiments": "experiment", "events": "event"} | {
    "providers": "provider",
    "rules": "rule",
    "secrets": "secret",
    "sessions": "session",
    "service-accounts": "service-account",
    "teams": "team",
    "tokens": "token",
}
MODULES = {"login": "signing", "logout": "signing", "whoami": "signing", "run": "running"} | {
    "service-account": "service_account"
}


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(words)
        sys.stdout.flush()
    except CliError as error:
        print(f"lab: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        print(f"lab: {error}", file=sys.stderr)
        return UNREACHABLE if isinstance(error, ConnectionError) else FAILED
    return code


def _run(words: list[str]) -> int:
    place = _place(words)
    chosen = words[place] if place < len(words) else ""
    if chosen in ALIASES:
        chosen = words[place] = ALIASES[chosen]
    parser = argparse.ArgumentParser(
        prog="lab",
        description="Labledger: launch, follow and account for machine-learning jobs.",
        epilog=f"Exit codes:\n{EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    told = "answer as it was: a position, a time, 'yesterday 02:14', '2 hours ago'"
    parser.add_argument("--as-of", default="", metavar="MOMENT", help=told)
    groups = parser.add_subparsers(dest="group", metavar="COMMAND", title="commands")
    for name, text in GROUPS.items():
        if name == chosen:
            module = importlib.import_module(f"lab.cli.{MODULES.get(name, name)}")
            module.configure(groups, name, text)
        else:
            groups.add_parser(name, help=text, add_help=False)
    arguments = parser.parse_args(words)
    if arguments.version:
        print("lab 0.1.0")
        return 0
    if not hasattr(arguments, "do"):
        groups.choices.get(chosen, parser).print_help()
        return 0 if not words else 2
    frame = importlib.import_module("lab.cli.frame")
    return int(arguments.do(frame.session(arguments)))


def _place(words: Sequence[str]) -> int:
    """Where the command stands: behind ``--as-of MOMENT``."""
    if words and words[0] == "--as-of":
        return 2
    return 1 if words and words[0].startswith("--as-of=") else 0


if __name__ == "__main__":
    sys.exit(main())
