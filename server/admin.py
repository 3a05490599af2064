"""What an administrator does on the server's own console, recorded as done there.

Whoever may run this may read the database anyway. Not here: keys and the log (``server/__main__.py``),
mail, and what a team's admins do for themselves.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

import msgspec

from application.actor import system
from application.commands.links import MINUTES, Purpose, link_for_address
from application.commands.naming import user_id
from domain.errors import NotFound
from domain.users import User, fold
from server.bootstrap import System
from server.custody import catch_up, erase

CONSOLE = system("console")
Told = str | list["Account"]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One person, names opened; ``[erased]`` for who was erased."""

    id: str
    email: str
    name: str
    enabled: bool
    verified: bool
    teams: list[str]

    def __str__(self) -> str:
        state = "" if self.enabled else "  (disabled)"
        return f"{self.id}  {self.email}  {self.name}  [{', '.join(self.teams)}]{state}"


def configure(
    parts: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    """The parser of ``admin``; ``do`` then does what it read."""
    parser = parts.add_parser("admin", help="accounts: list, disable, erase, let somebody in")
    actions = parser.add_subparsers(title="actions", dest="action", required=True)
    for name, (text, _) in ACTIONS.items():
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument("--json", action="store_true", help="print JSON")
        if name != "users":
            action.add_argument("account", help="the e-mail address, or the id")
        if name == "disable-user":
            action.add_argument("--reason", default="", help="kept in the log")
    return parser


def do(parts: System, arguments: argparse.Namespace) -> str:
    """What is to be printed. ``NotFound`` for an unknown account."""
    told = ACTIONS[arguments.action][1](parts, arguments)
    if arguments.json:
        return msgspec.json.format(msgspec.json.encode(told), indent=2).decode()
    return told if isinstance(told, str) else "\n".join(map(str, told))


def _users(parts: System, _: argparse.Namespace) -> Told:
    catch_up(parts)
    opened = parts.vault.open
    return [
        Account(
            id=row.id,
            email=opened(row.id, row.email_sealed),
            name=opened(row.id, row.name_sealed),
            enabled=row.enabled,
            verified=fold(parts.lab.log.stream(row.id)).verified,
            teams=[f"{team.name}: {team.role}" for team in parts.queries.teams_of(row.id)],
        )
        for row in parts.queries.all_users()
    ]


def _link(purpose: Purpose) -> Callable[[System, argparse.Namespace], Told]:
    def link(parts: System, arguments: argparse.Namespace) -> Told:
        made = link_for_address(parts.lab, CONSOLE, email=arguments.account, purpose=purpose)
        where = f"{parts.settings.base_url}/{purpose}/{made}"
        return f"{where}\nGood once, for {MINUTES[purpose]} minutes."

    return link


def _disable(parts: System, arguments: argparse.Namespace) -> Told:
    lab = parts.lab
    user = _known(parts, arguments.account)
    now = lab.clock.now()
    lab.change(
        user.id,
        fold,
        lambda u: u.disable(now=now, by=CONSOLE.by, reason=arguments.reason),
        actor=CONSOLE,
    )
    return f"{user.id} is disabled: sessions and tokens open nothing. Jobs that run go on, those that wait are held."


def _enable(parts: System, arguments: argparse.Namespace) -> Told:
    lab = parts.lab
    user = _known(parts, arguments.account)
    now = lab.clock.now()
    lab.change(user.id, fold, lambda u: u.enable(now=now, by=CONSOLE.by), actor=CONSOLE)
    return f"{user.id} is enabled."


def _erase(parts: System, arguments: argparse.Namespace) -> Told:
    user = erase(parts, arguments.account)
    return f"{user} is erased. Backups made before still hold the key."


def _known(parts: System, account: str) -> User:
    user = fold(parts.lab.log.stream(user_id(parts.lab, account)))
    if not user.version or not user.id.startswith("user_"):
        raise NotFound(kind="account", id=account)
    return user


ACTIONS: Mapping[str, tuple[str, Callable[[System, argparse.Namespace], Told]]] = {
    "users": ("every account, with its teams", _users),
    "disable-user": ("let nobody in with this account", _disable),
    "enable-user": ("let them in again", _enable),
    "erase-user": ("make a person's name and address unreadable for ever", _erase),
    "reset-password": ("print a one-time link to set a new password", _link(Purpose.RESET)),
    "sign-in-link": ("print a one-time link that signs in", _link(Purpose.SIGN_IN)),
}
