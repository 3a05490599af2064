"""``lab rule``: who may do what with one experiment, task or provider, or with the registry."""

from __future__ import annotations

from typing import Any  # rows of parsed JSON

from lab.cli import naming
from lab.cli.failures import usage
from lab.cli.frame import Commands, Session, command
from lab.cli.tables import table

KINDS = ("experiment", "task", "provider", "registry")
VERBS = ("read", "write", "run", "manage")
PREFIXES = {"exp_": "experiment", "task_": "task", "prov_": "provider"}


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    command(inner, "list", list_, help="the team's rules; where there is none, the role decides")
    given = command(inner, "set", set_, help="let somebody do this and nothing else")
    _about(given)
    given.add_argument(
        "--allow",
        required=True,
        metavar="VERBS",
        help=f"of {', '.join(VERBS)}, with commas; or none",
    )
    _about(command(inner, "remove", remove, help="let the role decide again"))


def _about(parser: Any) -> None:
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("name", nargs="?", default="", help="name or id; none for the registry")
    parser.add_argument(
        "--for",
        dest="subject",
        default="everyone",
        metavar="WHO",
        help="everyone, member, viewer, auditor, or a member's address or id",
    )


def list_(session: Session) -> int:
    rows = session.client.ask("access_rules")["accessRules"]
    names = _names(session, rows)
    shown = [
        {
            "resource": names.get(row["resource"], row["resource"]),
            "subject": names.get(row["subject"], row["subject"]),
            "verbs": ", ".join(verb.lower() for verb in row["verbs"]) or "nothing",
        }
        for row in rows
    ]
    columns = {"resource": "WITH", "subject": "WHO", "verbs": "MAY"}
    return session.show(rows, lambda: table(shown, columns))


def set_(session: Session) -> int:
    given = session.arguments
    verbs = [] if given.allow == "none" else [word.strip() for word in given.allow.split(",")]
    unknown = [word for word in verbs if word not in VERBS]
    if unknown:
        raise usage(f"--allow: {unknown[0]!r} is none of {', '.join(VERBS)}; or say none.")
    asked = {"resource": _resource(session), "subject": given.subject}
    wanted = [word.upper() for word in verbs]
    done = session.client.ask("set_access_rule", **asked, verbs=wanted, key=naming.new_key())
    return session.show(done["setAccessRule"], lambda: "The rule is set.")


def remove(session: Session) -> int:
    asked = {"resource": _resource(session), "subject": session.arguments.subject}
    done = session.client.ask("remove_access_rule", **asked)["removeAccessRule"]
    return session.show(done, lambda: "The role decides again.")


def _resource(session: Session) -> str:
    given = session.arguments
    if (given.kind == "registry") == bool(given.name):
        raise usage("Name the one that is meant; the registry has no name.")
    if given.kind == "registry":
        return "registry"
    find = {"experiment": naming.experiment, "task": naming.task, "provider": naming.provider}
    return str(find[given.kind](session.client, given.name)["id"])


def _names(session: Session, rows: list[dict[str, Any]]) -> dict[str, str]:
    """What ids in the rules stand for, asked only of the kinds that occur."""
    wanted = {PREFIXES.get(row["resource"].partition("_")[0] + "_", "") for row in rows} - {""}
    found: dict[str, str] = {}
    for kind in sorted(wanted):
        every = session.client.ask(f"{kind}s")[f"{kind}s"]
        found |= {row["id"]: f"{kind} {row['name']}" for row in every}
    if any(row["subject"].startswith("user_") for row in rows):
        people = session.client.ask("members")["members"]
        found |= {row["person"]["id"]: row["person"]["name"] for row in people}
    if any(row["subject"].startswith("svc_") for row in rows):
        programs = session.client.ask("service_accounts")["serviceAccounts"]
        found |= {row["id"]: row["name"] for row in programs}
    return found
