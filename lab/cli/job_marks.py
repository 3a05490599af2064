"""``lab job tag|untag|tags|hide|unhide|star|unstar``: what people put on jobs."""

from __future__ import annotations

from lab.cli import naming
from lab.cli.frame import Commands, Session, command
from lab.cli.tables import table

ACTIONS = {
    "hide": ("leave it out of lists", "is hidden."),
    "unhide": ("show it in lists again", "is shown again."),
    "star": ("make it a favourite of yours", "is a favourite."),
    "unstar": ("no favourite any more", "is no favourite any more."),
}


def configure(commands: Commands) -> None:
    command(commands, "tags", tags, help="the team's tags")
    for name, do, text in (
        ("tag", tag, "put labels on it, for everybody"),
        ("untag", untag, "take labels off it"),
    ):
        parser = command(commands, name, do, help=text)
        parser.add_argument("job", help="id, a part of name or id, or 'latest'")
        parser.add_argument("labels", nargs="+")
    for name, (text, _) in ACTIONS.items():
        parser = command(commands, name, mark, help=text)
        parser.add_argument("job", help="id, a part of name or id, or 'latest'")
        parser.set_defaults(action=name)


def tags(session: Session) -> int:
    rows = session.client.ask("job_tags")["jobTags"]
    return session.show(rows, lambda: table(rows, {"label": "TAG", "jobs": "JOBS"}))


def tag(session: Session) -> int:
    return _labels(session, "tag_job", "tagJob", "now has")


def untag(session: Session) -> int:
    return _labels(session, "untag_job", "untagJob", "no longer has")


def mark(session: Session) -> int:
    job, action = naming.job(session.client, session.arguments.job), session.arguments.action
    done = session.client.ask(f"{action}_job", id=job)[f"{action}Job"]
    return session.show(done, lambda: f"{job} {ACTIONS[action][1]}")


def _labels(session: Session, operation: str, field: str, told: str) -> int:
    job, labels = naming.job(session.client, session.arguments.job), session.arguments.labels
    for label in labels:
        done = session.client.ask(operation, id=job, label=label)[field]
    return session.show(done, lambda: f"{job} {told} {', '.join(labels)}.")
