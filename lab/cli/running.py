"""``lab run FILE``: a task file with its folder, as a job, in one step."""

from __future__ import annotations

from pathlib import Path

from lab.cli import launching
from lab.cli.folder import upload_folder
from lab.cli.frame import Commands, Session, command
from lab.cli.task import read_yaml


def configure(commands: Commands, name: str, text: str) -> None:
    parser = command(commands, name, run, help=text)
    parser.add_argument("file", nargs="?", default="task.yaml", help="a task file or its folder")
    parser.add_argument("--no-files", action="store_true", help="leave the folder's files out")
    launching.add_options(parser)


def run(session: Session) -> int:
    path = Path(session.arguments.file)
    path = path / "task.yaml" if path.is_dir() else path
    wish = launching.launch_of(session) | {"yaml": read_yaml(path)}
    if not session.arguments.no_files:
        wish["files"] = upload_folder(session.client, path.parent, leave_out=path)
    return launching.launch(session, wish)
