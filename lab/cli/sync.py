"""``lab sync``: send runs that were recorded without a server."""

from __future__ import annotations

from pathlib import Path

from lab.cli.failures import NOT_SIGNED_IN, REFUSED, UNREACHABLE, CliError, usage
from lab.cli.frame import Commands, Session, command
from lab.cli.profiles import current
from lab.node.asking import JobOver
from lab.sync import SyncRefusedError, Unreachable, sync_run


def configure(commands: Commands, name: str, text: str) -> None:
    parser = command(commands, name, sync, help=text)
    parser.add_argument("folder", nargs="+", help="a run's folder, or one that holds runs")


def sync(session: Session) -> int:
    given = session.arguments
    profile = current(session.environ, server=given.server, name=given.profile)
    if not profile.token:
        raise CliError("Not signed in. Run `lab login`.", NOT_SIGNED_IN)
    done: list[dict[str, str]] = []
    for run in [run for folder in given.folder for run in runs(Path(folder))]:
        try:
            job = sync_run(run, server_url=profile.server_url, token=profile.token)
        except Unreachable as error:
            raise CliError(f"{run}: the server does not answer ({error}).", UNREACHABLE) from None
        except (SyncRefusedError, JobOver) as error:
            raise CliError(f"{run}: {error}", REFUSED) from None
        done.append({"run": str(run), "job": job.job_id})
    return session.show(done, lambda: "\n".join(f"{row['run']}  {row['job']}" for row in done))


def runs(folder: Path) -> list[Path]:
    """The run folders in ``folder``, or itself."""
    found = [folder] if (folder / "run.json").is_file() else []
    found = found or sorted(path.parent for path in folder.glob("*/run.json"))
    if not found:
        raise usage(f"{folder} holds no recorded run (no run.json).")
    return found
