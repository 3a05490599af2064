"""Break-glass on the server's own console: a one-time link for an account, recorded as made there.

Whoever may run this may read the database anyway. Not here: mail.
"""

from __future__ import annotations

import argparse

from application.actor import system
from application.commands.links import MINUTES, Purpose, link_for_address
from server.bootstrap import System

COMMANDS = {
    "reset-password": (Purpose.RESET, "print a one-time link to set a new password"),
    "sign-in-link": (Purpose.SIGN_IN, "print a one-time link that signs in"),
}
CONSOLE = system("console")


def configure(
    parts: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    """The parser of ``admin``; ``link`` then does what it read."""
    parser = parts.add_parser("admin", help="one-time links for people who cannot get in")
    actions = parser.add_subparsers(title="actions", dest="action", required=True)
    for name, (_, text) in COMMANDS.items():
        actions.add_parser(name, help=text).add_argument("email")
    return parser


def link(parts: System, arguments: argparse.Namespace) -> str:
    """The whole address of a new link, and how long it is good. ``NotFound`` for an unknown address."""
    purpose, _ = COMMANDS[arguments.action]
    secret = link_for_address(parts.lab, CONSOLE, email=arguments.email, purpose=purpose)
    return (
        f"{parts.settings.base_url}/{purpose}/{secret}\nGood once, for {MINUTES[purpose]} minutes."
    )
