"""Rows as squeue and sinfo print them, from the answers of the REST API. Pure.

Its JSON differs by version: a number may be an object that says whether it is set, a state may be a
list of a state and its flags. https://slurm.schedmd.com/rest_api.html (v0.0.38 to v0.0.41)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

Json = Mapping[str, object]

FIELD = re.compile(r"([A-Za-z_]+):([^,]*),?")
PLACES = re.compile(r"(\d+)(?:-(\d+))?(?:%\d+)?")
STATES = {
    "PD": "PENDING", "CF": "CONFIGURING", "R": "RUNNING", "S": "SUSPENDED", "ST": "STOPPED",
    "RQ": "REQUEUED", "RH": "REQUEUE_HOLD", "CG": "COMPLETING",
}  # fmt: skip
OVER = frozenset(
    {"BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY"}
    | {"PREEMPTED", "TIMEOUT", "LAUNCH_FAILED", "RECONFIG_FAIL", "REVOKED"}
)
MOMENTARY = ("COMPLETING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT", "STOPPED")
"""Flags that squeue shows instead of the state they are about."""


def job_rows(jobs: Iterable[Json], fields: str) -> Iterator[str]:
    """One for each element of an array, as ``squeue -r`` has it."""
    for job in jobs:
        for element in _elements(job):
            yield _row(JOB, {**job, "array_task_id": element}, fields)


def node_rows(nodes: Iterable[Json], partitions: Iterable[Json], fields: str) -> Iterator[str]:
    """One for each node in each of its partitions, as ``sinfo -N``."""
    default = {str(p["name"]) for p in partitions if _is_default(p)}
    for node in nodes:
        for name in _list(node.get("partitions")):
            shown = f"{name}*" if name in default else str(name)
            yield _row(NODE, {**node, "partition": shown}, fields)


def partition_rows(partitions: Iterable[Json], fields: str) -> Iterator[str]:
    for partition in partitions:
        yield _row(PARTITION, partition, fields)


def state_of(job: Json) -> str:
    """A job's, as squeue prints it."""
    states = _list(job.get("job_state"))
    return next((s for s in MOMENTARY if s in states), str(states[0]) if states else "")


def number(value: object) -> int:
    """0 for what is not set."""
    if isinstance(value, Mapping):
        value = value.get("number") if value.get("set", True) else 0
    return int(value) if isinstance(value, int | float | str) and value not in ("", None) else 0


def _row(columns: Mapping[str, Callable[[Json], str]], thing: Json, fields: str) -> str:
    """``fields`` is ``%i %T`` or ``Name:|,Name:|``, whose words after the colon follow the value."""
    if "%" in fields:
        return re.sub("%([a-zA-Z])", lambda found: columns[found[1]](thing), fields)
    return "".join(columns[name](thing) + end for name, end in FIELD.findall(fields))


def _elements(job: Json) -> Iterator[int | None]:
    places = PLACES.findall(str(job.get("array_task_string") or ""))
    for first, last in places:
        yield from range(int(first), int(last or first) + 1)
    if not places:
        yield number(job.get("array_task_id")) if number(job.get("array_job_id")) else None


def _id(job: Json) -> str:
    element = job["array_task_id"]
    own = number(job.get("job_id"))
    return f"{own}" if element is None else f"{number(job.get('array_job_id'))}_{element}"


def _exit(job: Json) -> str:
    """The wait status, which newer versions part into code and signal."""
    found = job.get("exit_code")
    if not isinstance(found, Mapping) or "return_code" not in found:
        return str(number(found))
    signal = found.get("signal")
    told = signal.get("id", signal.get("signal_id")) if isinstance(signal, Mapping) else 0
    return f"{number(found['return_code'])}:{number(told)}"


def _moment(name: str) -> Callable[[Json], str]:
    def told(job: Json) -> str:
        at = number(job.get(name))
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}" if at else "N/A"

    return told


def _text(name: str) -> Callable[[Json], str]:
    return lambda thing: str(thing.get(name) or "").replace("\n", " ")


def _count(name: str) -> Callable[[Json], str]:
    return lambda thing: str(number(thing.get(name)))


def _node_state(node: Json) -> str:
    words = [str(s).lower() for s in _list(node.get("state"))]
    flags = {*words[1:], *(str(f).lower() for f in _list(node.get("state_flags")))}
    state = words[0] if words else "unknown"
    if "drain" in flags:
        state = "draining" if state in ("allocated", "mixed") else "drained"
    return f"{state}*" if "not_responding" in flags else state


def _cpus(node: Json) -> str:
    total, busy = number(node.get("cpus")), number(node.get("alloc_cpus"))
    usable = _node_state(node) in ("idle", "mixed", "allocated", "draining")
    idle = total - busy if usable else 0
    return f"{busy}/{idle}/{total - busy - idle}/{total}"


def _is_default(partition: Json) -> bool:
    inner = partition.get("partition")
    flags = _list(partition.get("flags")) or _list(
        inner.get("flags") if isinstance(inner, Mapping) else None
    )
    return "default" in {str(flag).lower() for flag in flags}


def _up(partition: Json) -> str:
    state = partition.get("state")
    inner = partition.get("partition")
    if state is None and isinstance(inner, Mapping):
        state = inner.get("state")
    return "up" if "UP" in _list(state) else "down"


def _nodes(partition: Json) -> str:
    inner = partition.get("nodes")
    total = inner.get("total") if isinstance(inner, Mapping) else partition.get("total_nodes")
    return str(number(total))


def _list(value: object) -> Sequence[object]:
    if isinstance(value, str):
        return [value]
    return value if isinstance(value, Sequence) else []


JOB: Mapping[str, Callable[[Json], str]] = {
    "JobArrayID": _id,
    "Name": _text("name"),
    "State": state_of,
    "exit_code": _exit,
    "StartTime": _moment("start_time"),
    "SubmitTime": _moment("submit_time"),
    "EndTime": _moment("end_time"),
    "NodeList": _text("nodes"),
    "Reason": _text("state_reason"),
    "RestartCnt": _count("restart_cnt"),
    "Partition": _text("partition"),
    "Comment": _text("comment"),
    "i": _id,
    "T": state_of,
    "j": _text("name"),
    "D": lambda job: str(max(1, number(job.get("node_count")))),
}
NODE: Mapping[str, Callable[[Json], str]] = {
    "NodeList": _text("name"),
    "Partition": _text("partition"),
    "Gres": _text("gres"),
    "GresUsed": _text("gres_used"),
    "CPUsState": _cpus,
    "Memory": _count("real_memory"),
    "AllocMem": _count("alloc_memory"),
    "StateLong": _node_state,
    "Reason": lambda node: str(node.get("reason") or "none").replace("\n", " "),
}
PARTITION: Mapping[str, Callable[[Json], str]] = {
    "Partition": lambda p: f"{p['name']}*" if _is_default(p) else str(p["name"]),
    "Available": _up,
    "Nodes": _nodes,
}
