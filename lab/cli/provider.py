"""``lab provider``."""

from __future__ import annotations

from collections.abc import Callable

from lab.cli import naming
from lab.cli.failures import FAILED, CliError
from lab.cli.frame import Commands, Session, command
from lab.cli.launching import parameter
from lab.cli.tables import pairs, table


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    command(inner, "list", list_, help="compute providers by name")
    made = command(inner, "add", add, help="add a compute provider")
    made.add_argument("name")
    made.add_argument("kind", help="local, slurm, …")
    made.add_argument("-s", "--setting", action="append", default=[], metavar="NAME=VALUE")
    made.add_argument("--default", action="store_true")
    tried = command(inner, "test", test, help="check settings before they are added")
    tried.add_argument("kind", help="local, slurm, …")
    tried.add_argument("-s", "--setting", action="append", default=[], metavar="NAME=VALUE")
    given = command(inner, "map", map_, help="run a person's jobs as their own account there")
    given.add_argument("provider", help="name or id")
    given.add_argument("person", help="a member's e-mail address or id")
    given.add_argument("account", help="their login name there")
    given.add_argument(
        "--key", required=True, metavar="SECRET",
        help="the name of a secret of theirs (lab secret set SECRET --personal) with a private key",
    )  # fmt: skip
    taken = command(inner, "unmap", unmap, help="run no new jobs of a person there")
    taken.add_argument("provider", help="name or id")
    taken.add_argument("person", help="a member's e-mail address or id")
    for action, do, told in (
        ("show", show, "its settings, and whose accounts there are"),
        ("cluster", cluster, "its partitions and nodes, and how busy they are now"),
        ("check", check, "whether a job could run there now"),
        ("offers", offers, "what could be had now"),
        ("enable", _changing("enable_provider", "enabled"), "take new jobs again"),
        ("disable", _changing("disable_provider", "disabled"), "take no new jobs"),
        ("default", _changing("default_provider", "the default"), "for tasks that name none"),
    ):
        parser = command(inner, action, do, help=told)
        parser.add_argument("provider", help="name or id")


def list_(session: Session) -> int:
    rows = session.client.ask("provider_list")["providers"]
    columns = {"name": "NAME", "kind": "KIND", "enabled": "ENABLED", "isDefault": "DEFAULT"} | {
        "unreachableReason": "UNREACHABLE",
        "id": "ID",
    }
    return session.show(rows, lambda: table(rows, columns))


def add(session: Session) -> int:
    given = session.arguments
    settings = dict(parameter(text) for text in given.setting)
    made = session.client.ask(
        "add_provider",
        name=given.name,
        kind=given.kind,
        settings=settings,
        default=given.default,
        key=naming.new_key(),
    )["addProvider"]
    return session.show(made, lambda: str(made["id"]))


def test(session: Session) -> int:
    """1 when a job could not run."""
    given = session.arguments
    settings = dict(parameter(text) for text in given.setting)
    found = session.client.ask("try_provider", kind=given.kind, settings=settings)["tryProvider"]
    return _checked(session, found)


def check(session: Session) -> int:
    """1 when a job could not run."""
    row = naming.provider(session.client, session.arguments.provider)
    return _checked(session, session.client.ask("check_provider", id=row["id"])["checkProvider"])


def _checked(session: Session, found: naming.Row) -> int:
    columns = {"what": "WHAT", "ok": "OK", "detail": "DETAIL"}
    session.show(found, lambda: table(found["rows"], columns))
    return 0 if found["ok"] else FAILED


def offers(session: Session) -> int:
    row = naming.provider(session.client, session.arguments.provider)
    rows = session.client.ask("offers", id=row["id"])["offers"]
    columns = {"name": "NAME", "accelerator": "ACCELERATOR", "acceleratorCount": "COUNT"} | {
        "cpus": "CPUS",
        "memoryGib": "GIB",
        "region": "REGION",
        "pricePerHour": "PER HOUR",
        "currency": "",
        "available": "AVAILABLE",
    }
    shown = [row | {"memoryGib": f"{row['memoryGib']:.1f}"} for row in rows]
    return session.show(rows, lambda: table(shown, columns))


def map_(session: Session) -> int:
    given = session.arguments
    row = naming.provider(session.client, given.provider)
    done = session.client.ask(
        "map_person", id=row["id"], person=given.person, account=given.account, key=given.key
    )
    told = f"{given.person} runs on {row['name']} as {given.account}."
    return session.show(done["mapPerson"], lambda: told)


def unmap(session: Session) -> int:
    given = session.arguments
    row = naming.provider(session.client, given.provider)
    done = session.client.ask("unmap_person", id=row["id"], person=given.person)["unmapPerson"]
    return session.show(done, lambda: f"{given.person} has no account on {row['name']} now.")


def show(session: Session) -> int:
    row = naming.provider(session.client, session.arguments.provider)
    found = session.client.ask("provider", id=row["id"])["provider"]
    return session.show(found, lambda: _described(found))


def cluster(session: Session) -> int:
    row = naming.provider(session.client, session.arguments.provider)
    found = session.client.ask("cluster", id=row["id"])["provider"]["cluster"]
    if found is None and not session.json:
        raise CliError(f"{row['name']} is no cluster.")
    return session.show(found, lambda: _page(found))


def _described(found: naming.Row) -> str:
    facts = {name: found[name] for name in ("name", "kind", "enabled", "unreachableReason")}
    text = pairs(facts | found["settings"])
    people = [
        {**account, "person": (account["user"] or {}).get("email") or account["userId"]}
        for account in found["accounts"]
    ]
    columns = {"person": "PERSON", "name": "ACCOUNT", "key": "KEY"}
    return f"{text}\n\n{table(people, columns)}" if people else text


def _page(found: naming.Row) -> str:
    queues = {"name": "PARTITION", "up": "UP", "nodes": "NODES", "running": "RUNNING"} | {
        "pending": "PENDING"
    }
    nodes = {"name": "NODE", "state": "STATE", "cpu": "CPUS USED", "gib": "GIB USED"} | {
        "had": "USED",
        "jobs": "JOBS",
        "reason": "REASON",
    }
    shown = [
        {
            **node,
            "state": node["state"] if node["answers"] else f"{node['state']}, no answer",
            "cpu": f"{node['cpusUsed']}/{node['cpus']}",
            "gib": f"{node['memoryUsedGib']:.1f}/{node['memoryGib']:.1f}",
            "had": ", ".join(f"{c['name']} {c['used']}/{c['total']}" for c in node["countables"]),
            "jobs": ", ".join(node["jobs"]),
        }
        for node in found["nodes"]
    ]
    return f"{table(found['partitions'], queues)}\n\n{table(shown, nodes)}"


def _changing(operation: str, told: str) -> Callable[[Session], int]:
    def change(session: Session) -> int:
        row = naming.provider(session.client, session.arguments.provider)
        done = session.client.ask(operation, id=row["id"])
        return session.show(done, lambda: f"{row['name']} is {told}.")

    return change
