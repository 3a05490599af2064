"""``lab team``: who works together, in which role, and how others come in."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from lab.cli import naming, profiles
from lab.cli.failures import CliError, usage
from lab.cli.frame import Commands, Session, command, note
from lab.cli.tables import table

ROLES = ("owner", "admin", "member", "viewer", "auditor")


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    command(inner, "list", list_, help="the teams you are in")
    named = command(inner, "create", create, help="a new team that you own")
    named.add_argument("name")
    chosen = command(inner, "use", use, help="work in this team from now on")
    chosen.add_argument("team", help="name or id")
    named = command(inner, "rename", rename, help="give the team another name")
    named.add_argument("name")
    pictured = command(inner, "logo", logo, help="show a picture (PNG or JPEG) as the team's")
    pictured.add_argument("file", nargs="?", default="")
    pictured.add_argument("--remove", action="store_true", help="show its letters again")
    closing = command(inner, "archive", archive, help="close the team for good; it stays readable")
    closing.add_argument("name", help="the team's name, typed again")
    _members(inner)
    _invitations(inner)


def _members(inner: Commands) -> None:
    command(inner, "members", members, help="who is in it, in which role")
    added = command(inner, "add", add, help="make a registered person a member")
    added.add_argument("email")
    added.add_argument("--role", choices=ROLES, default="member")
    changed = command(inner, "role", role, help="give a member another role")
    changed.add_argument("member", help="address, name or id")
    changed.add_argument("role", choices=ROLES)
    gone = command(inner, "remove", remove, help="end a membership")
    gone.add_argument("member", help="address, name or id")
    command(inner, "leave", leave, help="end your own membership")
    given = command(inner, "transfer", transfer, help="make a member owner in your place")
    given.add_argument("member", help="address, name or id")


def _invitations(inner: Commands) -> None:
    offered = command(inner, "invite", invite, help="a link to join, shown once")
    offered.add_argument("email", nargs="?", default="", help="only this address may take it")
    offered.add_argument("--role", choices=ROLES, default="member")
    _days(offered)
    command(inner, "invitations", invitations, help="those sent, newest first")
    again = command(inner, "resend", resend, help="a new link; the old one opens nothing any more")
    again.add_argument("id")
    _days(again)
    gone = command(inner, "cancel", cancel, help="withdraw an invitation")
    gone.add_argument("id")
    taken = command(inner, "accept", accept, help="join a team by its link")
    taken.add_argument("link")


def _days(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", type=int, default=7, help="how long the link is good (7)")


def list_(session: Session) -> int:
    me = session.client.ask("me")["me"]
    now = (me["team"] or {}).get("id")
    rows = [team | {"current": "*" if team["id"] == now else ""} for team in me["teams"]]
    columns = {"current": "", "name": "NAME", "role": "ROLE", "archivedAt": "ARCHIVED", "id": "ID"}
    return session.show(me["teams"], lambda: table(rows, columns))


def create(session: Session) -> int:
    name = session.arguments.name
    made = session.client.ask("create_team", name=name, key=naming.new_key())["createTeam"]
    return session.show(made, lambda: f"{name} is made ({made['id']}). `lab team use {name!r}`")


def use(session: Session) -> int:
    teams = session.client.ask("me")["me"]["teams"]
    team = naming.one(teams, session.arguments.team, "team")
    kept = profiles.read(session.environ, session.arguments.profile)
    profiles.write(session.environ, replace(kept, team=team["id"]), name=session.arguments.profile)
    return session.show(team, lambda: f"You work in {team['name']} from now on.")


def rename(session: Session) -> int:
    name = session.arguments.name
    done = session.client.ask("rename_team", name=name, key=naming.new_key())["renameTeam"]
    return session.show(done, lambda: f"The team is called {name}.")


def logo(session: Session) -> int:
    given, client = session.arguments, session.client
    if bool(given.file) == given.remove:
        raise usage("Give a file, or --remove.")
    if given.remove:
        done = client.ask("remove_team_logo")["removeTeamLogo"]
        return session.show(done, lambda: "The team is shown by its letters.")
    try:
        data = Path(given.file).read_bytes()
    except OSError as error:
        raise usage(f"{given.file} cannot be read: {error}.") from None
    made = client.upload(data)
    done = client.ask("set_team_logo", sha256=made, key=naming.new_key())["setTeamLogo"]
    return session.show(done, lambda: f"{given.file} is the team's picture.")


def archive(session: Session) -> int:
    done = session.client.ask("archive_team", name=session.arguments.name)["archiveTeam"]
    return session.show(done, lambda: "The team is closed. Its log stays readable.")


def members(session: Session) -> int:
    rows = _people(session)
    columns = {"name": "NAME", "email": "E-MAIL", "role": "ROLE", "since": "SINCE", "id": "ID"}
    return session.show(rows, lambda: table(rows, columns))


def add(session: Session) -> int:
    given = session.arguments
    asked = {"email": given.email, "role": given.role.upper()}
    done = session.client.ask("add_member", **asked)["addMember"]
    return session.show(done, lambda: f"{given.email} is {given.role}.")


def role(session: Session) -> int:
    given = session.arguments
    person = _person(session, given.member)
    asked = {"user": person["id"], "role": given.role.upper()}
    done = session.client.ask("set_role", **asked)["setRole"]
    return session.show(done, lambda: f"{person['name']} is {given.role}.")


def remove(session: Session) -> int:
    person = _person(session, session.arguments.member)
    done = session.client.ask("remove_member", user=person["id"])["removeMember"]
    return session.show(done, lambda: f"{person['name']} is no member any more.")


def leave(session: Session) -> int:
    me = session.client.ask("me")["me"]
    done = session.client.ask("remove_member", user=me["person"]["id"])["removeMember"]
    return session.show(done, lambda: f"You have left {(me['team'] or {}).get('name')}.")


def transfer(session: Session) -> int:
    person = _person(session, session.arguments.member)
    done = session.client.ask("transfer_team", user=person["id"])["transferTeam"]
    return session.show(done, lambda: f"{person['name']} owns the team; you are admin.")


def invite(session: Session) -> int:
    given = session.arguments
    asked = {"email": given.email, "role": given.role.upper(), "days": given.days}
    made = session.client.ask("invite", **asked, key=naming.new_key())["invite"]
    note(f"Good for {given.days} days, once. It is not shown again.")
    return session.show(made, lambda: str(made["link"]))


def invitations(session: Session) -> int:
    rows = session.client.ask("invitations")["invitations"]
    columns = {"email": "FOR", "role": "ROLE", "sentAt": "SENT", "expiresAt": "EXPIRES"} | {
        "acceptedAt": "ACCEPTED",
        "cancelledAt": "CANCELLED",
        "id": "ID",
    }
    return session.show(rows, lambda: table(rows, columns))


def resend(session: Session) -> int:
    given = session.arguments
    made = session.client.ask("resend_invitation", id=given.id, days=given.days)
    return session.show(made["resendInvitation"], lambda: str(made["resendInvitation"]["link"]))


def cancel(session: Session) -> int:
    done = session.client.ask("cancel_invitation", id=session.arguments.id)["cancelInvitation"]
    return session.show(done, lambda: "The invitation is withdrawn.")


def accept(session: Session) -> int:
    secret = session.arguments.link.rstrip("/").rpartition("/")[2]
    offered = session.client.ask("invitation", secret=secret)["invitation"]
    done = session.client.ask("accept_invitation", secret=secret)["acceptInvitation"]
    return session.show(
        done, lambda: f"You are {offered['role'].lower()} of {offered['teamName']}."
    )


def _people(session: Session) -> list[dict[str, str]]:
    rows = session.client.ask("members")["members"]
    return [row["person"] | {"role": row["role"], "since": row["since"]} for row in rows]


def _person(session: Session, typed: str) -> dict[str, str]:
    people = _people(session)
    by_address = [person for person in people if person["email"].lower() == typed.lower()]
    if len(by_address) > 1:
        raise CliError(f"{typed!r} is the address of several members; give the id.")
    return by_address[0] if by_address else naming.one(people, typed, "member")
