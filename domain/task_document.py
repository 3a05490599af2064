"""A task as plain values in the canonical form of ``task.yaml``: reading it gives it again.

Not here: YAML text (``application/task_yaml.py``).
"""

from __future__ import annotations

from decimal import Decimal

from domain.job_spec import RetryPolicy
from domain.parameters import ParameterDef
from domain.resources import Resources
from domain.sweep_def import SweepDef, SweepMethod, SweepRange
from domain.task_spec import TaskSpec
from domain.units import plain

Document = dict[str, object]


def to_document(spec: TaskSpec) -> Document:
    """Mappings, lists and scalars, in table order; fields at their default are left out."""
    git = spec.git
    return _written(
        {
            "name": spec.name,
            "description": spec.description,
            "resources": _resources(spec.resources),
            "envs": dict(spec.envs),
            "setup": spec.setup,
            "run": spec.run,
            "github_repo_url": git.url if git else "",
            "github_repo_dir": git.directory if git else "",
            "github_repo_branch": git.ref if git else "",
            "file_mounts": None if spec.file_mounts is True else spec.file_mounts,
            "parameters": {name: _parameter(p) for name, p in spec.parameters.items()},
            "sweeps": _sweep(spec.sweeps) if spec.sweeps else None,
            "timeout": _plain(spec.timeout_s),
            "launch_timeout": _plain(spec.launch_timeout_s),
            "idle_timeout": _plain(spec.idle_timeout_s),
            "ttl": _plain(spec.ttl_s),
            "retries": _retries(spec.retries),
            "priority": None if spec.priority == 50 else spec.priority,
            "minutes_requested": spec.minutes_requested,
            "interactive": spec.interactive,
        },
        keep=("file_mounts",),
    )


def _resources(asked: Resources) -> Document:
    wanted = asked.accelerators
    return _written(
        {
            "compute_provider": asked.compute_provider,
            "accelerators": f"{wanted.kind}:{wanted.count}" if wanted else "",
            "num_nodes": None if asked.num_nodes == 1 else asked.num_nodes,
            "cpus": _amount(asked.cpus, asked.cpus_or_more),
            "memory": _amount(asked.memory_gib, asked.memory_or_more),
            "disk_space": _plain(asked.disk_gib),
            "instance_type": asked.instance_type,
            "cloud": asked.cloud,
            "region": asked.region,
            "zone": asked.zone,
            "spot": asked.spot or None,
            "image": asked.image,
            "ports": list(asked.ports),
            "fleet_name": asked.fleet_name,
            "any_of": [_resources(other) for other in asked.any_of],
        }
    )


def _parameter(definition: ParameterDef) -> Document:
    return _written(
        {
            "type": definition.type.value,
            "default": definition.default,
            "min": definition.least,
            "max": definition.most,
            "step": definition.step,
            "options": list(definition.options),
            "title": definition.title,
            "description": definition.description,
            "required": definition.required or None,
            "ui_widget": definition.ui_widget,
        },
        keep=("default",),
    )


def _sweep(sweep: SweepDef) -> Document:
    config: Document = {
        name: _range(varied) if isinstance(varied, SweepRange) else list(varied.values)
        for name, varied in sweep.config.items()
    }
    return _written(
        {
            "sweep_config": config,
            "sweep_metric": sweep.metric,
            "lower_is_better": sweep.lower_is_better,
            "method": None if sweep.method is SweepMethod.GRID else sweep.method.value,
            "max_jobs": sweep.max_jobs,
            "concurrency": sweep.concurrency,
        }
    )


def _range(varied: SweepRange) -> Document:
    log = varied.log or None
    return _written({"min": varied.least, "max": varied.most, "log": log, "step": varied.step})


def _retries(policy: RetryPolicy) -> object:
    usual = RetryPolicy()
    if policy == RetryPolicy(user=policy.user):
        return policy.user or None
    backoff = None if policy.backoff_s == usual.backoff_s else _plain(policy.backoff_s)
    return _written({"user": policy.user, "platform": policy.platform, "backoff": backoff})


def _amount(number: float | None, or_more: bool) -> object:
    if number is None or not or_more:
        return _plain(number)
    return f"{Decimal(repr(plain(number))):f}+"


def _plain(number: float | None) -> int | float | None:
    return None if number is None else plain(number)


def _written(fields: Document, *, keep: tuple[str, ...] = ()) -> Document:
    """Without empty fields; those in ``keep`` may be empty text, lists and false, not ``None``."""
    empty: tuple[object, ...] = ("", [], {})
    return {
        key: value
        for key, value in fields.items()
        if value is not None and (key in keep or value not in empty)
    }
