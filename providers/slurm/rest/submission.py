"""A batch script as the REST API takes it: what ``#SBATCH`` lines say becomes properties. Pure.

slurmrestd reads no ``#SBATCH`` lines. https://slurm.schedmd.com/rest_api.html#v0.0.38_job_properties
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from providers.slurm.rest.api import Refused

LINE = re.compile(r"^#SBATCH --([a-z-]+)(?:=(.*))?$", re.MULTILINE)
MEBI = {"K": 1 / 1024, "M": 1, "G": 1024, "T": 1024**2}


def _mebibytes(text: str) -> int:
    return int(float(text.rstrip("KMGT")) * MEBI.get(text[-1], 1))


def _minutes(text: str) -> int:
    """``minutes``, ``hours:minutes:seconds`` or ``days-hours[:minutes[:seconds]]``: sbatch(1)."""
    days, dash, rest = text.partition("-") if "-" in text else ("0", "", text)
    parts = [int(part) for part in rest.split(":")]
    if dash:
        hours, minutes = [*parts, 0, 0][:2]
        return int(days) * 1440 + hours * 60 + minutes
    return parts[0] * 60 + parts[1] if len(parts) == 3 else parts[0]


PROPERTIES: Mapping[str, tuple[str, Callable[[str], object]]] = MappingProxyType(
    {
        "job-name": ("name", str),
        "comment": ("comment", str),
        "output": ("standard_output", str),
        "open-mode": ("open_mode", str),
        "no-requeue": ("requeue", lambda _: False),
        "nodes": ("nodes", str),
        "ntasks-per-node": ("tasks_per_node", int),
        "partition": ("partition", str),
        "account": ("account", str),
        "qos": ("qos", str),
        "cpus-per-task": ("cpus_per_task", int),
        "mem": ("memory_per_node", _mebibytes),
        "mem-per-cpu": ("memory_per_cpu", _mebibytes),
        "time": ("time_limit", _minutes),
        "gres": ("gres", str),
        "gres-flags": ("gres_flags", str),
        "constraint": ("constraints", str),
        "prefer": ("prefer", str),
        "reservation": ("reservation", str),
        "licenses": ("licenses", str),
        "nice": ("nice", int),
        "deadline": ("deadline", str),
        "wckey": ("wckey", str),
        "mail-type": ("mail_type", str),
        "mail-user": ("mail_user", str),
        "cpus-per-gpu": ("cpus_per_gpu", str),
        "cpu-freq": ("cpu_frequency", str),
        "core-spec": ("core_specification", int),
        "threads-per-core": ("threads_per_core", int),
        "sockets-per-node": ("sockets_per_node", int),
        "cores-per-socket": ("cores_per_socket", int),
        "hint": ("cpu_binding_hint", str),
    }
)


def body(script: str, *, folder: str, environment: Mapping[str, str]) -> dict[str, object]:
    """What is posted. ``Refused`` names an option the API has no property for."""
    job: dict[str, object] = {
        "current_working_directory": folder,
        "environment": dict(environment),
    }
    for option, value in LINE.findall(script):
        if option == "exclusive":
            job["exclusive"] = value or "exclusive"
        elif option not in PROPERTIES:
            raise Refused(f"--{option} cannot be asked for over slurmrestd; it can over SSH")
        else:
            name, read = PROPERTIES[option]
            job[name] = read(value)
    return {"script": script, "job": job}
