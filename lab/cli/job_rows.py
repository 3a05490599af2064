"""Jobs as rows of a table, chosen by the options of a command."""

from __future__ import annotations

from lab.cli import naming
from lab.cli.frame import Session
from lab.cli.tables import age

COLUMNS = {"id": "ID", "name": "NAME", "status": "STATUS", "age": "AGE"} | {
    "where": "PROVIDER",
    "home": "EXPERIMENT",
    "why": "WHY",
}


def chosen(session: Session) -> list[naming.Row]:
    """The jobs that the filters choose, in the order asked for."""
    given, client = session.arguments, session.client
    where: naming.Row = {"statuses": given.status, "text": given.text}
    if given.experiment:
        where["experiment"] = naming.experiment(client, given.experiment)["id"]
    if given.provider:
        where["provider"] = naming.provider(client, given.provider)["id"]
    rows: list[naming.Row] = []
    after = None
    while len(rows) < given.limit:
        first = min(200, given.limit - len(rows))
        page = client.ask("jobs", first=first, after=after, where=where, **_how(session))["jobs"]
        rows += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    return rows


def _how(session: Session) -> naming.Row:
    """Tags, favourites, hidden ones and the order."""
    given = session.arguments
    marked = {"tag": given.tag, "starred": given.starred, "hidden": given.hidden}
    return {"marked": marked, "sort": given.sort.upper(), "descending": not given.ascending}


def flat(row: naming.Row) -> naming.Row:
    """A job's row for the table."""
    return {
        **row,
        "age": age(row["queuedAt"]),
        "where": (row["provider"] or {}).get("name", ""),
        "home": (row["experiment"] or {}).get("name", ""),
    }
