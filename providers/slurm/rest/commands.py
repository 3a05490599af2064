"""squeue, sbatch, scancel, sinfo, scontrol and sacct, as far as our scripts call them, over REST.

Run as ``python -m providers.slurm.rest.commands COMMAND [OPTIONS]``; where and as whom is in the
environment. Not here: any other option, which is refused, so that none is ever passed over.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from providers.slurm.rest.api import Api, Json, Refused, Unreachable
from providers.slurm.rest.rows import (
    OVER,
    STATES,
    job_rows,
    node_rows,
    partition_rows,
    state_of,
)
from providers.slurm.rest.submission import body

URL, VERSION, USER, TOKEN = "LAB_REST_URL", "LAB_REST_VERSION", "LAB_REST_USER", "LAB_REST_TOKEN"
ON_NODES = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"}
PASSED_ON = ("HOME", "LANG", "SLURM_CONF")
NO_SUCH_JOB = "nvalid job id"


def main(argv: Sequence[str]) -> int:
    command, *options = argv
    api = Api(*(os.environ[name] for name in (URL, VERSION, USER, TOKEN)))
    try:
        return COMMANDS[command](api, options)
    except Refused as error:
        return _complain(f"{command}: error: {SAYS.get(command, '')}{error}")
    except Unreachable as error:
        return _complain(f"{command}: error: {error}")


def squeue(api: Api, options: Sequence[str]) -> int:
    """``-r -a`` is how it always answers."""
    asked = _parser("squeue", "-h", "-a", "-r", "--me").parse_args(options)
    jobs = [job for job in _things(api, "jobs") if _wanted(job, asked, api.user)]
    return _tell(job_rows(jobs, asked.o or asked.O))


def sinfo(api: Api, options: Sequence[str]) -> int:
    asked = _parser("sinfo", "-h", "-a", "-N", "--version").parse_args(options)
    if asked.version:
        return _tell([f"slurm {_release(api)} (slurmrestd {api.version})"])
    partitions = _things(api, "partitions")
    if not asked.N:
        return _tell(partition_rows(partitions, asked.O))
    return _tell(node_rows(_things(api, "nodes"), partitions, asked.O))


def scontrol(api: Api, options: Sequence[str]) -> int:
    """The configuration is not told over REST: no array size is known, and none is made."""
    if list(options) == ["show", "config"]:
        return 0
    if list(options) != ["ping"]:
        raise Refused(f"{' '.join(options)} is not spoken over slurmrestd")
    pings = _things(api, "ping", "pings")
    hosts = [f"{p.get('hostname')} is {p.get('ping') or p.get('pinged')}" for p in pings]
    return _tell([f"Slurmctld at {', '.join(hosts)}"])


def sacct(api: Api, options: Sequence[str]) -> int:
    """In the words of a cluster without it: ends are read from squeue and the job's folder."""
    del api, options
    return _complain("Slurm accounting storage is disabled over slurmrestd")


def sbatch(api: Api, options: Sequence[str]) -> int:
    asked = _parser("sbatch", "--parsable").parse_args(options)
    environment = ON_NODES | {n: os.environ[n] for n in PASSED_ON if n in os.environ}
    script = Path(asked.words[0]).read_text("utf-8")
    told = api.ask(
        "POST",
        "job/submit",
        body(script, folder=str(Path.cwd()), environment={**environment, "USER": api.user}),
    )
    return _tell([str(told["job_id"])])


def scancel(api: Api, options: Sequence[str]) -> int:
    """A signal reaches every process of a job: the batch script takes URG, which programs ignore."""
    asked = _parser("scancel", "--batch").parse_args(options)
    query = "?signal=URG" if asked.signal else ""
    api.ask("DELETE", f"job/{asked.words[0]}{query}")
    return 0


def _parser(command: str, *switches: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=command, add_help=False, allow_abbrev=False)
    for switch in switches:
        parser.add_argument(switch, action="store_true")
    for option in ("-O", "-o", "-n", "-t", "--signal"):
        parser.add_argument(option, default="")
    parser.add_argument("words", nargs="*")
    return parser


def _wanted(job: Json, asked: argparse.Namespace, user: str) -> bool:
    state = state_of(job)
    named = [STATES.get(code, code) for code in asked.t.split(",")] if asked.t else []
    shown = state in named if named and asked.t != "all" else asked.t == "all" or state not in OVER
    own = not asked.me or job.get("user_name") == user
    return own and shown and (not asked.n or job.get("name") in asked.n.split(","))


def _things(api: Api, path: str, name: str = "") -> list[Json]:
    found = api.ask("GET", path).get(name or path)
    return list(found) if isinstance(found, list) else []


def _release(api: Api) -> str:
    meta = api.ask("GET", "ping").get("meta")
    told = meta.get("Slurm", meta.get("slurm")) if isinstance(meta, Mapping) else None
    return str(told.get("release", "")) if isinstance(told, Mapping) else ""


def _tell(lines: Iterable[str]) -> int:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    return 0


def _complain(words: str) -> int:
    sys.stderr.write(f"{words}\n")
    return 1


SAYS = {"sbatch": "Batch job submission failed: "}
COMMANDS: Mapping[str, Callable[[Api, Sequence[str]], int]] = {
    "squeue": squeue,
    "sinfo": sinfo,
    "scontrol": scontrol,
    "sacct": sacct,
    "sbatch": sbatch,
    "scancel": scancel,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
