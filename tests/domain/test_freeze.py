"""A launch freezes the task with what was chosen; secrets stay names."""

from __future__ import annotations

import pytest

from domain.errors import InvalidInput, InvalidTask
from domain.freeze import freeze
from domain.job_spec import FrozenFile
from domain.resources import Accelerator
from domain.secret_names import fill_secrets, secret_names
from domain.task_spec import TaskSpec, parse_task

FILES = (FrozenFile(path="a.py", sha256="0" * 64, size=1),)


def task(**fields: object) -> TaskSpec:
    return parse_task({"name": "a", "run": "echo {{secret.A}}", **fields})


def test_a_job_gets_resolved_parameters_and_overridden_resources() -> None:
    base = task(parameters={"lr": 0.1}, resources={"cpus": "4+", "accelerators": "A100"})
    job = freeze(
        base, overrides={"lr": 0.2}, resource_overrides={"accelerators": "h100:2"}, files=FILES
    )
    assert job.parameters == {"lr": 0.2}
    assert job.resources.accelerators == Accelerator(kind="H100", count=2)
    assert (job.resources.cpus, job.resources.cpus_or_more) == (4, True)
    assert (job.files, job.secrets) == (FILES, ("A",))


def test_bad_resource_overrides_are_refused_like_the_file() -> None:
    with pytest.raises(InvalidTask, match="num_nodes"):
        freeze(task(), resource_overrides={"num_nodes": 0})


def test_choosing_a_machine_settles_the_alternatives() -> None:
    base = task(resources={"cpus": 4, "any_of": [{"accelerators": "A100"}, {"region": "x"}]})
    assert freeze(base, resource_overrides={"accelerators": "T4"}).resources.any_of == ()
    assert len(freeze(base, resource_overrides={"disk_space": 9}).resources.any_of) == 2


def test_a_git_source_needs_its_commit() -> None:
    base = task(github_repo_url="https://h/a/b", github_repo_branch="main")
    with pytest.raises(InvalidInput, match="commit"):
        freeze(base, commit="main")
    job = freeze(base, commit="a" * 40)
    assert job.git is not None
    assert (job.git.commit, job.git.ref) == ("a" * 40, "main")


def test_files_are_left_out_when_the_task_says_so() -> None:
    assert freeze(task(file_mounts=False), files=FILES).files == ()


def test_a_swept_name_needs_no_declaration() -> None:
    base = task(sweeps={"sweep_config": {"beta": [0.1, 0.2]}})
    assert freeze(base, overrides={"beta": 0.2}).parameters == {"beta": 0.2}
    assert freeze(base).parameters == {}


def test_secret_references_are_found_and_filled_once() -> None:
    text = "{{secret.A}} {{ secrets._B }} {{secret.A}} {{other.A}}"
    assert secret_names(text) == ("A", "_B")
    assert fill_secrets(text, {"A": "{{secret._B}}", "_B": "b"}) == (
        "{{secret._B}} b {{secret._B}} {{other.A}}"
    )
