"""What a person does at a terminal, from a task file to its results, against a whole installation."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.acceptance.cluster import cluster, wait_until
from tests.acceptance.person import Person
from tests.fakes.schemas import unused_schema

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance, pytest.mark.xdist_group("person")]

TRAIN = """\
import json, pathlib, sys, lab
lab.init()
found = lab.latest_checkpoint()
begin = json.loads((pathlib.Path(found) / "state.json").read_text())["step"] + 1 if found else 0
for step in range(begin, 4):
    lab.log_metric("loss", 1.0 / (step + 1), step)
    pathlib.Path("state.json").write_text(json.dumps({"step": step}))
    pathlib.Path("ckpt").mkdir(exist_ok=True)
    pathlib.Path("ckpt/state.json").write_text(json.dumps({"step": step}))
    lab.save_checkpoint("ckpt", step=step)
    if step == 1 and not found:
        sys.exit("the power is out")
pathlib.Path("model.bin").write_bytes(bytes(range(256)) * 5000)
lab.save_model("model.bin")
lab.log(f"began at {begin}")
lab.finish(score={"accuracy": 0.5})
"""
TASK = "name: tiny\nrun: python3 train.py\nparameters: {lr: 0.1}\n"
MODEL = bytes(range(256)) * 5000


@pytest.fixture(scope="module")
def person(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    with cluster(postgres, unused_schema("person"), tmp_path_factory.mktemp("home")) as site:
        site.start("worker")
        site.start("web")
        folder = tmp_path_factory.mktemp("person")
        (folder / "tiny").mkdir()
        (folder / "tiny" / "task.yaml").write_text(TASK)
        (folder / "tiny" / "train.py").write_text(TRAIN)
        yield Person(site, folder)


@pytest.fixture(scope="module")
def resumed(person: Person) -> tuple[str, str]:
    """A job that failed after two checkpoints, and the one that went on from there."""
    failed = person.run("run", "tiny", "-f")
    assert "the power is out" in failed.stdout
    assert failed.returncode not in (0, 2)
    first = str(person.told("job", "info", "latest")["id"])
    second = str(person.told("job", "resume", first)["id"])
    assert person.run("job", "wait", second).returncode == 0
    return first, second


def test_a_job_that_failed_goes_on_from_its_checkpoint(
    person: Person, resumed: tuple[str, str]
) -> None:
    first, second = resumed
    kinds = [a["kind"].lower() for a in person.told("job", "artifacts", first)]
    assert kinds == ["checkpoint", "checkpoint"]
    assert "began at 2" in person.run("job", "logs", second).stdout
    curves = person.told("job", "metrics", second)["curves"]
    (curve,) = [
        c for c in curves if not c["name"].startswith("system/")
    ]  # of a job that took longer
    assert (curve["name"], curve["points"], curve["lastStep"], curve["lastValue"]) == (
        "loss", 2, 3, 0.25,
    )  # fmt: skip
    assert "loss" in person.run("job", "metrics", second).stdout


def test_what_a_job_saved_is_downloaded_whole(person: Person, resumed: tuple[str, str]) -> None:
    _, job = resumed
    table = person.run("job", "artifacts", job).stdout
    assert "model" in table
    (model,) = [a for a in person.told("job", "artifacts", job) if a["kind"].lower() == "model"]
    written = person.told("job", "download", job, "--artifact", model["id"], "-o", "got")
    (file,) = [person.folder / path for path in written]
    assert hashlib.sha256(file.read_bytes()).digest() == hashlib.sha256(MODEL).digest()
    assert model["files"][0]["sha256"] == hashlib.sha256(MODEL).hexdigest()
    everything = person.told("job", "download", job, "-o", "all")
    assert len(everything) == 3
    assert not list((person.folder / "all").rglob("*.part"))


@pytest.mark.usefixtures("resumed")
def test_the_monitor_redraws_until_it_is_interrupted(person: Person) -> None:
    master, slave = pty.openpty()
    env = person.env | {"COLUMNS": "60", "LINES": "12"}
    argv = person.argv("job", "monitor")
    shown = subprocess.Popen(
        argv, cwd=person.folder, env=env, stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    text = ""
    try:
        end = time.monotonic() + 30
        while text.count("\x1b[H\x1b[J") < 3:
            assert time.monotonic() < end, text
            if select.select([master], [], [], 1)[0]:
                text += os.read(master, 65536).decode()
        shown.send_signal(signal.SIGINT)
        assert shown.wait(10) == 130
    finally:
        shown.kill()
        shown.wait()
        os.close(master)
    last = text.split("\x1b[H\x1b[J")[2]
    assert "COMPLETE" in last
    assert max(len(line) for line in last.splitlines()) <= 60
    assert "Traceback" not in text


def test_events_are_followed_as_they_are_recorded(person: Person) -> None:
    head = person.site.parts.lab.log.head()
    following = person.begin("event", "follow", "--after", str(head), "--json")
    assert following.stdout is not None
    try:
        made = person.told("experiment", "create", "followed")["id"]
        ready, _, _ = select.select([following.stdout], [], [], 20)
        assert ready
        row = json.loads(following.stdout.readline())
    finally:
        following.send_signal(signal.SIGINT)
        assert following.wait(10) == 130
        following.stdout.close()
    assert (row["name"], row["stream"]) == ("experiment.created.v1", made)
    assert row["position"] > head


def test_bash_completes_commands_and_actions(person: Person) -> None:
    script = person.run("completion", "bash").stdout
    ask = """
    set -eu
    source "$1"
    COMP_WORDS=(lab jo); COMP_CWORD=1; _lab; echo "${COMPREPLY[*]}"
    COMP_WORDS=(lab job mo); COMP_CWORD=2; _lab; echo "${COMPREPLY[*]}"
    COMP_WORDS=(lab job re); COMP_CWORD=2; _lab; echo "${COMPREPLY[*]}"
    complete -p lab
    """
    (person.folder / "lab.bash").write_text(script)
    argv = ["bash", "-c", ask, "bash", "lab.bash"]
    done = subprocess.run(argv, cwd=person.folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:3] == ["job", "monitor move", "retry resume"]
    assert done.stdout.splitlines()[3] == "complete -o default -F _lab lab"


def test_a_stopped_job_is_told_by_its_exit_code(person: Person) -> None:
    (person.folder / "sleeps").mkdir()
    text = "name: sleeps\nrun: while true; do sleep 0.1; done\n"
    (person.folder / "sleeps" / "task.yaml").write_text(text)
    job = person.told("run", "sleeps")["id"]
    wait_until(lambda: person.told("job", "info", job)["status"] == "RUNNING")
    person.told("job", "stop", job, "--grace", "1")
    assert person.run("job", "wait", job).returncode != 0
    assert "STOPPED" in person.run("job", "why", job).stdout
