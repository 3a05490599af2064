"""What differs between runs: parameters, code, machine, environment, results. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from projections.rows import JobRow
from ui.text import accelerators, duration, money, number, short

Value = str
Told = Callable[[JobRow], Mapping[str, Value]]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table: ``values`` are of the runs in their order; empty where there is none."""

    group: str
    name: str
    values: tuple[Value, ...]

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


def differences(
    rows: Sequence[JobRow], *, people: Mapping[str, str] | None = None
) -> list[Difference]:
    """Every line, also those that are alike; grouped, parameters first."""
    found: list[Difference] = []
    for group, told in _TOLD.items():
        each = [told(row) for row in rows]
        names = list(dict.fromkeys(name for one in each for name in one))
        found += [
            Difference(group=group, name=name, values=tuple(one.get(name, "") for one in each))
            for name in names
        ]
    if people is not None:
        owners = tuple(people.get(row.owner, "?") for row in rows)
        found.append(Difference(group="Run", name="owner", values=owners))
    return found


def numeric(rows: Sequence[JobRow]) -> dict[str, list[float]]:
    """Parameters and scores that are a number in every run, by name: axes to compare along."""
    columns: dict[str, list[float]] = {}
    for kind in (_raw_parameters, _raw_scores):
        each = [kind(row) for row in rows]
        for name in dict.fromkeys(name for one in each for name in one):
            values = [_number(one.get(name)) for one in each]
            real = [value for value in values if value is not None]
            if len(real) == len(rows):
                columns.setdefault(name, real)
    return columns


def spans_decades(values: Sequence[float]) -> bool:
    """Whether an axis of ``values`` is better logarithmic."""
    return min(values) > 0 and max(values) / min(values) >= 30


def best_so_far(scores: Sequence[float], *, lower_is_better: bool) -> list[float]:
    """The best value up to and with each."""
    found: list[float] = []
    for score in scores:
        best = found[-1] if found else score
        found.append(min(best, score) if lower_is_better else max(best, score))
    return found


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _raw_parameters(row: JobRow) -> Mapping[str, object]:
    found = row.spec.get("parameters", {})
    return found if isinstance(found, Mapping) else {}


def _raw_scores(row: JobRow) -> Mapping[str, object]:
    return row.score or {}


def _parameters(row: JobRow) -> Mapping[str, Value]:
    return {name: _shown(value) for name, value in _raw_parameters(row).items()}


def _scores(row: JobRow) -> Mapping[str, Value]:
    return {name: number(value) for name, value in (row.score or {}).items()}


def _code(row: JobRow) -> Mapping[str, Value]:
    git = row.spec.get("git") or {}
    files = {f["path"]: f["sha256"][:12] for f in row.spec.get("files", [])}
    return {
        "task revision": str(row.task_revision or ""),
        "repository": str(git.get("url", "")),
        "commit": str(git.get("commit", ""))[:12],
        "setup": _lines(row.spec.get("setup", "")),
        "run": _lines(row.spec.get("run", "")),
        **{f"file {path}": digest for path, digest in files.items()},
    }


def _environment(row: JobRow) -> Mapping[str, Value]:
    envs = row.spec.get("envs", {})
    found = {name: _shown(value) for name, value in envs.items()}
    return found | {"secrets": ", ".join(row.spec.get("secrets", []))}


def _machine(row: JobRow) -> Mapping[str, Value]:
    wanted = row.spec.get("resources", {})
    return {
        "accelerators": accelerators(wanted),
        "cpus": _shown(wanted.get("cpus", "")),
        "memory GiB": _shown(wanted.get("memory_gib", "")),
        "host": row.host or "",
    }


def _run(row: JobRow) -> Mapping[str, Value]:
    ran = (
        (row.ended_at - row.running_at).total_seconds() if row.ended_at and row.running_at else None
    )
    return {
        "status": row.status,
        "ran for": duration(ran) if ran is not None else "",
        "cost": money(row.cost, row.currency or "") if row.cost else "",
        "attempts": str(max(row.attempt, 1)),
        "resumed from": short(row.resumed_from) if row.resumed_from else "",
    }


def _lines(text: object) -> Value:
    return " ⏎ ".join(str(text).strip().splitlines())


def _shown(value: object) -> Value:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


_TOLD: Mapping[str, Told] = {
    "Parameters": _parameters,
    "Results": _scores,
    "Code": _code,
    "Environment": _environment,
    "Machine": _machine,
    "Run": _run,
}
