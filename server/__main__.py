"""``python -m server``: run the server, or one part of it, or look after its data."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from domain.errors import LabError
from server import running
from server.settings import Settings

EPILOG = "Settings are environment variables; see docs/operation.md. Start with: python -m server"


def main(argv: list[str] | None = None) -> int:
    """The exit code: 0 done, 1 failed, 2 refused."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    given = sys.argv[1:] if argv is None else argv
    arguments = _parser(given).parse_args(given)
    try:
        settings = Settings.from_environ(os.environ)
        command: Callable[[Settings, argparse.Namespace], int] = arguments.do
        return command(settings, arguments)
    except LabError as error:
        print(f"labledger: {error}", file=sys.stderr)  # noqa: T201
        return running.REFUSED


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """All commands; to run the server, those alone: the others cost it a third of a second."""
    parser = argparse.ArgumentParser(prog="python -m server", description=__doc__, epilog=EPILOG)
    parser.set_defaults(do=running.run_all)
    parts = parser.add_subparsers(title="parts", dest="part")
    running.configure(parts)
    if given and given[0] not in running.PARTS:
        import_module("server.upkeep").configure(parts)
    return parser


if __name__ == "__main__":
    sys.exit(main())
