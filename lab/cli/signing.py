"""``lab login``, ``logout``, ``whoami``."""

from __future__ import annotations

import getpass
import sys

from lab.cli.client import Client
from lab.cli.failures import CliError, usage
from lab.cli.frame import Commands, Session, command
from lab.cli.profiles import Profile, current, read, write
from lab.cli.tables import pairs


def configure(commands: Commands, name: str, text: str) -> None:
    do = {"login": login, "logout": logout, "whoami": whoami}[name]
    parser = command(commands, name, do, help=text)
    if name == "login":
        parser.add_argument("--email", default="", help="asked for when missing")
        parser.add_argument("--token", action="store_true", help="read an API token from stdin")
        parser.add_argument("--team", default="", help="the team's id to work in")


def login(session: Session) -> int:
    """The password comes from ``LAB_PASSWORD``, the keyboard, or a line of stdin: never from argv."""
    given = session.arguments
    url = current(session.environ, server=given.server, name=given.profile).server_url
    if given.token:
        token = sys.stdin.readline().strip()
    else:
        email = given.email or _line("E-mail: ")
        password = session.environ.get("LAB_PASSWORD") or _password()
        nobody = Client(Profile(server_url=url))
        token = str(nobody.ask("sign_in", email=email, password=password)["signIn"]["token"])
    if not token:
        raise usage("No token was given on stdin.")
    profile = Profile(server_url=url, token=token, team=given.team)
    me = Client(profile).ask("me")["me"]
    path = write(session.environ, profile, name=given.profile)
    team = (me["team"] or {}).get("name", "no team")
    return session.show(
        me, lambda: f"Signed in as {me['person']['email']} in {team} at {url} ({path})."
    )


def logout(session: Session) -> int:
    """End the session at the server, and forget it here whether or not the server answers."""
    name = session.arguments.profile
    try:
        if read(session.environ, name).token:
            session.client.ask("sign_out")
    except CliError:
        pass
    write(session.environ, None, name=name)
    return session.show({"signedOut": True}, lambda: "Signed out.")


def whoami(session: Session) -> int:
    me = session.client.ask("me")["me"]
    shown = {
        "server": session.client.url,
        "e-mail": me["person"]["email"],
        "team": (me["team"] or {}).get("name"),
        "role": me["role"],
        "may": ", ".join(me["may"]),
    }
    return session.show(me, lambda: pairs(shown))


def _line(prompt: str) -> str:
    try:
        return input(prompt).strip()
    except EOFError:
        raise usage("Give --email.") from None


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")
