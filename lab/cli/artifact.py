"""``lab artifact``: what the team's jobs saved, its versions, and where each comes from."""

from __future__ import annotations

from lab.cli.frame import Commands, Session, command
from lab.cli.naming import Row
from lab.cli.tables import age, clean, table

KINDS = ("model", "dataset", "checkpoint", "artifact")


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    shown = command(inner, "list", list_, help="latest first")
    shown.add_argument("--kind", action="append", choices=KINDS)
    shown.add_argument("--text", default="", help="a part of the name")
    shown.add_argument("-n", "--limit", type=int, default=25)
    saves = command(inner, "versions", versions, help="every save of one name, newest first")
    saves.add_argument("name")
    saves.add_argument("--kind", choices=KINDS, default="model")
    chain = command(inner, "lineage", lineage, help="where it comes from, step by step")
    chain.add_argument("id", help="as `lab artifact list` shows it")


def list_(session: Session) -> int:
    given = session.arguments
    asked = {"kinds": given.kind, "text": given.text, "first": given.limit}
    rows = session.client.ask("artifacts", **asked)["artifacts"]
    columns = {"kind": "KIND", "name": "NAME", "size": "BYTES", "age": "AGE", "jobId": "JOB"} | {
        "id": "ID"
    }
    aged = [{**row, "age": age(row["savedAt"])} for row in rows]
    return session.show(rows, lambda: table(aged, columns))


def versions(session: Session) -> int:
    given = session.arguments
    found = session.client.ask("artifact_versions", kind=given.kind, name=given.name)
    rows = found["artifactVersions"]
    columns = {"v": "VERSION", "step": "STEP", "size": "BYTES", "age": "AGE", "jobId": "JOB"} | {
        "id": "ID"
    }
    aged = [
        {**row["artifact"], "v": f"v{row['number']}", "age": age(row["artifact"]["savedAt"])}
        for row in rows
    ]
    return session.show(rows, lambda: table(aged, columns))


def lineage(session: Session) -> int:
    rows = session.client.ask("artifact_lineage", id=session.arguments.id)["artifactLineage"]
    return session.show(rows, lambda: "\n".join(_step(row) for row in rows))


def _step(row: Row) -> str:
    """``model student v2  saved by job train (job_…), revision 3, commit 1a2b3c4d``"""
    saved, job = row["version"]["artifact"], row["job"]
    told = f"{saved['kind']} {saved['name']} v{row['version']['number']}"
    told += f"  saved by job {job['name']} ({job['id']})"
    told += f", revision {job['taskRevision']}" if job["taskRevision"] else ""
    return clean(told + (f", commit {row['commit'][:12]}" if row["commit"] else ""))
