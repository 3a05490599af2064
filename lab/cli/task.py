"""``lab task``: write, validate and queue tasks."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from lab.cli import launching, naming
from lab.cli.failures import REFUSED, CliError, problem_line, usage
from lab.cli.folder import UPLOAD_BYTES, upload_folder
from lab.cli.frame import Commands, Session, command
from lab.cli.tables import age, table

ARCHIVES = (".zip", ".tar.gz", ".tgz")
FILES = {"add": "a task file, or a .zip or .tar.gz of its folder"}
TEMPLATE = """\
name: my-task
run: |
  python train.py
# setup: pip install -r requirements.txt
# resources:
#   cpus: 2
#   accelerators: A100:1
# parameters:
#   learning_rate: 0.001
"""


def configure(commands: Commands, name: str, text: str) -> None:
    group = commands.add_parser(name, help=text, description=text)
    inner = group.add_subparsers(metavar="ACTION", title="actions")
    for action, do, told in (
        ("init", init, "write a task.yaml to begin with"),
        ("validate", validate, "check a task file; problems by line and column"),
        ("add", add, "save a task file and its folder as a task, or as its next revision"),
    ):
        parser = command(inner, action, do, help=told)
        parser.add_argument("file", nargs="?", default="task.yaml", help=FILES.get(action))
        if action == "add":
            parser.add_argument("--experiment", default="", help="name or id; LAB_EXPERIMENT")
            parser.add_argument("--no-files", action="store_true")
    taken = command(
        inner, "import", import_, help="save the task.yaml of a git repository as a task"
    )
    taken.add_argument("url")
    taken.add_argument("--ref", default="", help="branch, tag or commit; else the default branch")
    taken.add_argument("--folder", default="", help="where task.yaml is; else at the top")
    taken.add_argument("--experiment", default="alpha", help="name or id")
    shown = command(inner, "list", list_, help="tasks, latest revised first")
    shown.add_argument("--experiment", default="")
    for action, do, told in (
        ("show", show, "its YAML and files"),
        ("edit", edit, "change its YAML in $EDITOR"),
        ("revisions", revisions, "its revisions, newest first"),
        ("restore", restore, "make an old revision the latest"),
        ("archive", archive, "hide it and free its name"),
        ("queue", queue, "launch it"),
    ):
        parser = command(inner, action, do, help=told)
        parser.add_argument("task", help="name or id")
        if action == "restore":
            parser.add_argument("revision", type=int)
        if action == "queue":
            parser.add_argument("--revision", type=int, default=0)
            launching.add_options(parser)


def read_yaml(path: Path) -> str:
    """The text of a task file. ``CliError`` (2) when there is none."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise usage(f"There is no {path}. Write one with `lab task init`.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise usage(f"{path} cannot be read: {error}.") from None


def _read_archive(path: Path) -> bytes:
    try:
        if path.stat().st_size <= UPLOAD_BYTES:
            return path.read_bytes()
    except OSError as error:
        raise usage(f"{path} cannot be read: {error}.") from None
    raise usage(f"{path} is larger than 32 MiB; leave data out of it, or fetch it in setup.")


def init(session: Session) -> int:
    path = Path(session.arguments.file)
    if path.exists():
        raise usage(f"{path} exists already.")
    path.write_text(TEMPLATE, "utf-8")
    return session.show({"path": str(path)}, lambda: f"Wrote {path}. Run it with `lab run {path}`.")


def validate(session: Session) -> int:
    text = read_yaml(Path(session.arguments.file))
    return _checked(session, session.client.ask("validate_task", yaml=text)["validateTask"])


def _checked(session: Session, found: naming.Row) -> int:
    if found["ok"]:
        return session.show(found, lambda: f"{found['name']}: no problems.")
    if session.json:
        session.show(found, str)
        return REFUSED
    told = "\n".join(problem_line(problem) for problem in found["problems"])
    raise CliError(f"{session.arguments.file} is not accepted:\n{told}", REFUSED)


def add(session: Session) -> int:
    given, client = session.arguments, session.client
    path = Path(given.file)
    packed = path.name.lower().endswith(ARCHIVES)
    taken = client.send_archive(_read_archive(path)) if packed else {"yaml": read_yaml(path)}
    text = taken["yaml"]
    checked = client.ask("validate_task", yaml=text)["validateTask"]
    if not checked["ok"]:
        return _checked(session, checked)
    files = taken.get("files")
    if given.no_files:
        files = None
    elif not packed:
        files = upload_folder(client, path.parent, leave_out=path)
    home = naming.experiment(
        client, given.experiment or session.environ.get("LAB_EXPERIMENT", "") or "alpha"
    )
    tasks = client.ask("tasks", experiment=home["id"])["tasks"]
    old = next((row for row in tasks if row["name"] == checked["name"]), None)
    if old:
        done = client.ask("revise_task", id=old["id"], yaml=text, files=files)["reviseTask"]
    else:
        done = client.ask(
            "create_task", experiment=home["id"], yaml=text, files=files, key=naming.new_key()
        )["createTask"]
    return session.show(done, lambda: str(done["id"]))


def import_(session: Session) -> int:
    given, client = session.arguments, session.client
    asked = {"url": given.url, "ref": given.ref, "folder": given.folder}
    found = client.ask("repository_task", **asked)["repositoryTask"]
    home = naming.experiment(client, given.experiment)
    done = client.ask(
        "create_task", experiment=home["id"], yaml=found["yaml"], files=None, key=naming.new_key()
    )["createTask"]
    return session.show(done, lambda: f"{done['id']} from commit {found['commit'][:12]}")


def list_(session: Session) -> int:
    given, client = session.arguments, session.client
    home = naming.experiment(client, given.experiment)["id"] if given.experiment else ""
    rows = client.ask("tasks", experiment=home)["tasks"]
    shown = [{**row, "age": age(row["revisedAt"])} for row in rows]
    columns = {"name": "NAME", "id": "ID", "revision": "REVISION", "age": "REVISED"}
    return session.show(rows, lambda: table(shown, columns))


def show(session: Session) -> int:
    task = _whole(session)
    files = "".join(f"# {file['path']} ({file['size']} B)\n" for file in task["files"])
    return session.show(task, lambda: files + task["yaml"].rstrip("\n"))


def edit(session: Session) -> int:
    task = _whole(session)
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "task.yaml"
        path.write_text(task["yaml"], "utf-8")
        if subprocess.run([*shlex.split(editor), str(path)], check=False).returncode:
            raise CliError(f"{editor} failed; nothing was changed.")
        text = read_yaml(path)
    done = session.client.ask("revise_task", id=task["id"], yaml=text, files=None)["reviseTask"]
    return session.show(done, lambda: f"Revision {done['task']['revision']}")


def revisions(session: Session) -> int:
    row = naming.task(session.client, session.arguments.task)
    rows = session.client.ask("revisions", task=row["id"])["revisions"]
    columns = {"number": "REVISION", "at": "AT", "by": "BY", "restoredFrom": "RESTORED FROM"}
    return session.show(rows, lambda: table(rows, columns))


def restore(session: Session) -> int:
    row = naming.task(session.client, session.arguments.task)
    done = session.client.ask("restore_task", id=row["id"], revision=session.arguments.revision)
    return session.show(done["restoreTask"], lambda: f"{row['name']} is restored.")


def archive(session: Session) -> int:
    row = naming.task(session.client, session.arguments.task)
    done = session.client.ask("archive_task", id=row["id"])["archiveTask"]
    return session.show(done, lambda: f"{row['name']} is archived.")


def queue(session: Session) -> int:
    row = naming.task(session.client, session.arguments.task)
    wish = launching.launch_of(session)
    wish |= {"task": row["id"], "revision": session.arguments.revision}
    return launching.launch(session, wish)


def _whole(session: Session) -> naming.Row:
    row = naming.task(session.client, session.arguments.task)
    found: naming.Row = session.client.ask("task", id=row["id"])["task"]
    return found
