"""Running the server: everything together, or one part of it.

This module and what it imports are all that stands before the web process can begin to start: keep
it light. What looks after the data is in ``upkeep.py``.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import TypeAlias

from server.settings import Settings
from server.supervisor import TOLD, supervise

Parts: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
REFUSED = 2
PARTS = {
    "all": "database, web and worker together (the default)",
    "web": "the web process alone; needs LAB_DATABASE_URL",
    "worker": "a worker alone; needs LAB_DATABASE_URL",
}

NEVER_USED = {"web": ("aiohttp", "requests"), "worker": ()}
"""Of what engineio imports to be a client, which no server is; without them it does without. They are a
fifth of all that the web process imports."""


def configure(parts: Parts) -> None:
    """The commands that run until they are told to stop; each carries its function as ``do``."""
    for name, text in PARTS.items():
        part = parts.add_parser(name, help=text)
        part.set_defaults(do=run_all if name == "all" else run_part)
        if name != "all":  # how the supervisor starts it
            part.add_argument(TOLD, action="store_true", dest="told", help=argparse.SUPPRESS)


def run_all(settings: Settings, _: argparse.Namespace) -> int:
    return supervise(settings, os.environ)


def run_part(settings: Settings, arguments: argparse.Namespace) -> int:
    """Web and worker are imported when they run: neither pays for the other's libraries."""
    gc.disable()  # nothing that is imported is garbage
    sys.modules |= dict.fromkeys(NEVER_USED[arguments.part])  # type: ignore[arg-type]  # None: not there
    part = import_module(f"server.{arguments.part}")
    gc.freeze()
    gc.enable()
    if arguments.told:
        settings = replace(settings, database_url=sys.stdin.readline().strip())
        if not settings.database_url:
            return REFUSED  # the supervisor is gone
    run: Callable[[Settings], int] = part.run
    return run(settings)
