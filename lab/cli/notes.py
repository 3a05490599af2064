"""``lab experiment describe|note|notes|score|attach|documents|detach|restore``: what is written about one."""

from __future__ import annotations

import sys
from pathlib import Path

from lab.cli import naming
from lab.cli.frame import Commands, Session, command
from lab.cli.tables import age, table


def configure(commands: Commands) -> None:
    for name, do, text in (
        ("describe", describe, "say what it is about"),
        ("notes", notes, "print its notes, which are Markdown"),
        ("note", note, "replace its notes by a file, or by what is typed"),
        ("history", history, "when its notes were changed, and by whom"),
        ("score", score, "by which score its jobs are compared"),
        ("attach", attach, "put a file beside its notes"),
        ("detach", detach, "take a file away"),
        ("documents", documents, "files beside its notes"),
        ("restore", restore, "show an archived one again"),
    ):
        parser = command(commands, name, do, help=text)
        parser.add_argument("experiment", help="name or id")
        for flags, options in EXTRA.get(name, ()):
            parser.add_argument(*flags, **options)  # type: ignore[arg-type]  # a table of options


EXTRA: dict[str, tuple[tuple[tuple[str, ...], dict[str, object]], ...]] = {
    "describe": ((("text",), {}),),
    "note": ((("file",), {"nargs": "?", "default": "-", "help": "- is standard input"}),),
    "score": (
        (("name",), {"help": "as reported by lab.finish; empty: by none"}),
        (("--lower-is-better",), {"action": "store_true"}),
    ),
    "attach": ((("file",), {"type": Path}),),
    "detach": ((("path",), {}),),
}


def describe(session: Session) -> int:
    text = session.arguments.text
    done = session.client.ask("describe_experiment", id=_id(session), text=text)
    return session.show(done["describeExperiment"], lambda: "Described.")


def notes(session: Session) -> int:
    found = session.client.ask("experiment_notes", experiment=_id(session))["experimentNotes"]
    return session.show(found, lambda: found["text"] or found["description"] or "No notes yet.")


def note(session: Session) -> int:
    file = session.arguments.file
    text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    done = session.client.ask("note_experiment", id=_id(session), text=text)["noteExperiment"]
    return session.show(done, lambda: "Noted.")


def history(session: Session) -> int:
    rows = session.client.ask("notes_history", experiment=_id(session))["notesHistory"]
    told = [{**row, "age": age(row["at"]), "length": len(row["text"])} for row in rows]
    columns = {"number": "REVISION", "age": "AGE", "by": "BY", "length": "CHARACTERS"}
    return session.show(rows, lambda: table(told, columns))


def score(session: Session) -> int:
    given = session.arguments
    asked = {"name": given.name, "lowerIsBetter": given.lower_is_better}
    done = session.client.ask("choose_score", id=_id(session), **asked)["chooseScore"]
    return session.show(done, lambda: f"Jobs are compared by {given.name or 'no score'}.")


def attach(session: Session) -> int:
    file: Path = session.arguments.file
    data = file.read_bytes()
    asked = {"path": file.name, "sha256": session.client.upload(data), "size": len(data)}
    done = session.client.ask("attach_document", id=_id(session), **asked)["attachDocument"]
    return session.show(done, lambda: f"{file.name} is attached.")


def detach(session: Session) -> int:
    path = session.arguments.path
    done = session.client.ask("remove_document", id=_id(session), path=path)["removeDocument"]
    return session.show(done, lambda: f"{path} is removed.")


def documents(session: Session) -> int:
    rows = session.client.ask("documents", experiment=_id(session))["documents"]
    told = [{**row, "age": age(row["attachedAt"])} for row in rows]
    return session.show(rows, lambda: table(told, {"path": "PATH", "size": "BYTES", "age": "AGE"}))


def restore(session: Session) -> int:
    every = session.client.ask("experiments", archived=True)["experiments"]
    row = naming.one(every, session.arguments.experiment, "experiment")
    done = session.client.ask("restore_experiment", id=row["id"])["restoreExperiment"]
    return session.show(done, lambda: f"{row['name']} is shown again.")


def _id(session: Session) -> str:
    return str(naming.experiment(session.client, session.arguments.experiment)["id"])
