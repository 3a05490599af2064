"""``lab login``, ``logout``, ``whoami``."""

from __future__ import annotations

import getpass
import sys

from lab.cli.browser_login import has_browser, token_by_browser, token_by_code
from lab.cli.client import Client
from lab.cli.failures import CliError, usage
from lab.cli.frame import Commands, Session, command
from lab.cli.profiles import Profile, current, read, write
from lab.cli.tables import pairs


def configure(commands: Commands, name: str, text: str) -> None:
    do = {"login": login, "logout": logout, "whoami": whoami}[name]
    parser = command(commands, name, do, help=text)
    if name == "login":
        parser.add_argument("--email", default="", help="sign in with a password instead")
        parser.add_argument("--device", action="store_true", help="by a code typed in any browser")
        parser.add_argument("--token", action="store_true", help="read an API token from stdin")
        parser.add_argument("--team", default="", help="the team's id to work in")


def login(session: Session) -> int:
    """Through the browser, or by a code where there is none; with ``--email`` by password.

    The password comes from ``LAB_PASSWORD``, the keyboard, or a line of stdin: never from argv.
    """
    given = session.arguments
    url = current(session.environ, server=given.server, name=given.profile).server_url
    token = _token(session, Client(Profile(server_url=url)))
    if not token:
        raise usage("No token was given on stdin.")
    profile = Profile(server_url=url, token=token, team=given.team)
    me = Client(profile).ask("me")["me"]
    path = write(session.environ, profile, name=given.profile)
    team = (me["team"] or {}).get("name", "no team")
    return session.show(
        me, lambda: f"Signed in as {me['person']['email']} in {team} at {url} ({path})."
    )


def _token(session: Session, nobody: Client) -> str:
    given = session.arguments
    if given.token:
        return sys.stdin.readline().strip()
    if given.email:
        password = session.environ.get("LAB_PASSWORD") or _password()
        return str(nobody.ask("sign_in", email=given.email, password=password)["signIn"]["token"])
    if given.device or not has_browser(session.environ):
        return token_by_code(nobody)
    return token_by_browser(nobody)


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
        "name": me["person"]["name"],
        "e-mail": me["person"]["email"],
        "team": (me["team"] or {}).get("name"),
        "role": me["role"],
        "may": ", ".join(me["may"]),
    }
    return session.show(me, lambda: pairs(shown))


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")
