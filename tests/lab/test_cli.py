"""The command line as people run it: a process of its own against a running server."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from graphql import parse, validate

from graphql_api.schema import SCHEMA
from lab.cli.__main__ import GROUPS
from lab.cli.client import OPERATIONS
from lab.cli.failures import CliError
from lab.cli.job_files import inside
from projections.jobs import JOBS_PROJECTION
from tests.fakes.archives import tarred, zipped
from tests.graphql_api.rig import TASK
from tests.lab.shell import ROOT, Shell

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("cli")]


def test_every_operation_is_one_of_the_schema() -> None:
    files = sorted(OPERATIONS.glob("*.graphql"))
    assert files
    for path in files:
        errors = validate(SCHEMA._schema, parse(path.read_text("utf-8")))
        assert not errors, (path.name, errors)


def test_credentials_are_kept_for_their_owner_alone(shell: Shell) -> None:
    path = shell.home / "config" / "credentials.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert shell.json("whoami")["person"]["email"] == shell.api.owner.email
    shell.ok("logout")
    assert "lab login" in shell.fails(3, "whoami")


def test_a_token_is_not_sent_to_another_server(shell: Shell) -> None:
    other = shell.api.url.replace("127.0.0.1", "localhost")
    shell.fails(3, "whoami", "--server", other)


def test_a_wrong_password_is_a_refusal_in_one_sentence(shell: Shell) -> None:
    told = shell.fails(3, "login", "--email", "x@example.org", LAB_PASSWORD="wrong wrong")
    assert len(told.strip().splitlines()) == 1


def test_a_task_is_written_validated_saved_and_queued(shell: Shell) -> None:
    shell.ok("task", "init")
    shell.ok("task", "validate")
    task = shell.ok("task", "add").strip()
    assert task == shell.ok("task", "add").strip()
    assert [row["name"] for row in shell.json("task", "list")] == ["my-task"]
    assert "python train.py" in shell.ok("task", "show", "my-task")
    job = shell.ok("task", "queue", "my-task").strip()
    assert shell.json("job", "info", job)["taskId"] == task


def test_a_packed_folder_is_saved_as_a_task_with_its_files(shell: Shell) -> None:
    inside = (("digits/task.yaml", TASK.encode()), ("digits/src/train.py", b"print(1)"))
    (shell.home / "digits.zip").write_bytes(zipped(*inside))
    (shell.home / "digits.tar.gz").write_bytes(tarred(*inside))
    task = shell.ok("task", "add", "digits.zip").strip()
    assert shell.ok("task", "add", "digits.tar.gz").strip() == task
    shown = shell.json("task", "show", task)
    assert [file["path"] for file in shown["files"]] == ["src/train.py"]
    (shell.home / "evil.zip").write_bytes(zipped(*inside, ("../evil", b"x")))
    assert "'../evil'" in shell.fails(5, "task", "add", "evil.zip")
    assert "no such file" in shell.fails(2, "task", "add", "none.zip").lower()


def test_a_folder_runs_with_its_files_and_parameters(shell: Shell) -> None:
    (shell.home / "task.yaml").write_text(TASK)
    (shell.home / "train.py").write_text("print(1)")
    (shell.home / "big.ckpt").write_text("no")
    (shell.home / ".labignore").write_text("*.ckpt\nconfig/\n")
    job = shell.ok("run", "task.yaml", "-p", "lr=0.5", "--cpus", "2", "--minutes", "5").strip()
    info = shell.json("job", "info", job)
    assert info["parameters"] == {"lr": 0.5}
    assert {f["path"] for f in info["spec"]["files"]} == {"train.py", ".labignore"}
    assert info["spec"]["minutes_requested"] == 5
    assert "train.py" not in shell.ok("job", "list")
    assert job in shell.ok("job", "list", "--status", "queued")
    assert shell.ok("job", "why", "latest").startswith("QUEUED: ")


def test_problems_of_a_task_are_listed_with_their_places(shell: Shell) -> None:
    (shell.home / "bad.yaml").write_text("name: x\nrun: ls\nfoo: 1\nenvs: 3\n")
    for words in (("task", "validate", "bad.yaml"), ("run", "bad.yaml")):
        told = shell.fails(5, *words)
        assert "line 3, column 1" in told
        assert "line 4" in told


def test_waiting_ends_with_the_jobs_result(shell: Shell) -> None:
    (shell.home / "task.yaml").write_text(TASK)
    job = shell.ok("run", "--no-files").strip()
    shell.ok("job", "stop", job, "--grace", "0")
    assert shell.run("job", "wait", job).returncode == 11
    done = shell.run("job", "logs", "-f", job)
    assert done.returncode == 11
    assert "STOPPED" in done.stderr
    again = shell.ok("job", "retry", job).strip()
    assert shell.json("job", "info", again)["clonedFrom"] == job


def test_run_and_wait_ends_when_somebody_stops_it(shell: Shell) -> None:
    (shell.home / "task.yaml").write_text(TASK)
    before = {row["id"] for row in shell.json("job", "list")}

    def stop() -> None:
        while not (new := {row["id"] for row in shell.json("job", "list")} - before):
            time.sleep(0.1)
        shell.ok("job", "stop", new.pop(), "--grace", "0")

    stopper = threading.Thread(target=stop)
    stopper.start()
    assert shell.run("run", "--no-files", "--wait").returncode == 11
    stopper.join()


def test_the_rest_of_the_workspace_is_at_hand(shell: Shell) -> None:
    shell.ok("experiment", "create", "zeta")
    shell.ok("experiment", "rename", "zeta", "delta")
    assert "delta" in shell.ok("experiments", "list")
    shell.ok("experiment", "archive", "delta")
    assert "delta" not in shell.ok("experiment", "list")
    shell.ok("provider", "add", "second", "idle", "-s", "slots=2")
    for action in ("check", "offers", "disable", "enable", "default"):
        shell.ok("provider", action, "second")
    shell.ok("secret", "set", "HF_TOKEN", stdin="hunter2hunter2\n")
    assert "hunter2" not in shell.ok("secret", "list", "--json")
    shell.ok("secret", "delete", "HF_TOKEN")
    secret = shell.ok("token", "create", "ci", "--read-only").strip()
    assert shell.run("whoami", LAB_TOKEN=secret).returncode == 0
    assert shell.fails(5, "experiment", "create", "no", LAB_TOKEN=secret)
    assert shell.api.owner.email in shell.ok("token", "list", "--team")
    shell.ok("token", "revoke", "ci", "--team")
    shell.fails(3, "whoami", LAB_TOKEN=secret)
    shell.ok("quota", "set", "1000")
    assert "1000 min" in shell.ok("quota", "show")
    assert "Accelerators count x 1." in shell.ok("quota", "show")
    shell.ok("quota", "set", "500", "--user", shell.api.owner.email)
    assert shell.json("quota", "show")["own"]["limitS"] == 30_000
    shell.ok("quota", "set", "unlimited", "--user", shell.api.owner.user)
    shell.fails(4, "quota", "set", "5", "--user", "nobody@example.org")
    shell.ok("quota", "set", "unlimited")
    assert shell.json("event", "list", "-n", "5")[0]["position"]
    assert shell.ok("server", "status").startswith("server")
    health = shell.json("server", "status")
    assert health["status"] == "ok"
    assert {row["halted"] for row in health["projections"].values()} == {None}
    assert JOBS_PROJECTION.position_name in health["projections"]


def test_people_are_mapped_to_accounts_and_shown_with_them(shell: Shell) -> None:
    email = shell.api.owner.email
    shell.ok("provider", "map", "idle", email, "ada1", "--key", "HPC_KEY")
    shell.ok("provider", "map", "idle", email, "ada1", "--key", "HPC_KEY")
    told = shell.ok("provider", "show", "idle").splitlines()
    assert told[-1].split() == [email, "ada1", "HPC_KEY"]
    (row,) = [row for row in shell.json("provider", "list") if row["name"] == "idle"]
    assert row["accounts"] == shell.json("provider", "show", "idle")["accounts"]
    assert "account" in shell.fails(5, "provider", "map", "idle", email, "a/b", "--key", "HPC_KEY")
    shell.ok("provider", "unmap", "idle", email)
    assert shell.json("provider", "show", "idle")["accounts"] == []


def test_a_cluster_is_a_table_of_its_nodes_and_a_start_is_estimated(shell: Shell) -> None:
    told = shell.ok("provider", "cluster", "idle")
    assert "n1    drained  3/8        0.5/4.0   gpu:A100 1/2        a new fan" in told
    assert shell.json("provider", "cluster", "idle")["nodes"][0]["reason"] == "a new fan"
    shell.ok("task", "init")
    before = len(shell.json("job", "list"))
    told = shell.ok("run", "--no-files", "--estimate")
    assert "at the end" in told
    assert "It costs nothing here." in told
    dear = shell.ok(
        "run", "--no-files", "--estimate", "--accelerators", "A100:1", "--minutes", "90"
    )
    assert "2.00 USD an hour; 3.00 USD of the month's budget are held." in dear
    assert "too many nodes" in shell.fails(
        5, "run", "--no-files", "--estimate", "--num-nodes", "40"
    )
    assert len(shell.json("job", "list")) == before


def test_events_are_followed_until_interrupted(shell: Shell) -> None:
    argv = shell.argv("event", "follow", "--after", "0")
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=shell.env
    ) as run:
        assert run.stdout
        assert run.stderr
        assert run.stdout.readline()
        run.send_signal(signal.SIGINT)
        try:
            assert run.wait(10) == 130
        finally:
            run.kill()  # whoever started the tests may have it ignored
        assert b"Traceback" not in run.stderr.read()


def test_what_is_not_there_and_what_is_wrong_have_their_exit_codes(shell: Shell) -> None:
    shell.fails(4, "job", "info", "nothing-like-it")
    shell.fails(4, "task", "show", "nothing-like-it")
    shell.fails(2, "job", "nonsense")
    shell.fails(2, "run", "absent.yaml")
    shell.fails(2, "task", "queue")
    shell.fails(6, "whoami", LAB_SERVER_URL="http://127.0.0.1:9")
    shell.fails(6, "whoami", LAB_SERVER_URL="nonsense")
    (shell.home / "config" / "credentials.json").write_text("{")
    assert "lab login" in shell.fails(1, "whoami")


def test_a_broken_pipe_ends_quietly(shell: Shell) -> None:
    text = " ".join(shell.argv("event", "list", "-n", "1000")) + " | head -1"
    done = subprocess.run(
        ["bash", "-c", text], capture_output=True, text=True, env=shell.env, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_every_command_explains_itself(shell: Shell, group: str) -> None:
    assert "usage: lab " + group in shell.ok(group, "--help")


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_knows_the_actions(shell: Shell, name: str) -> None:
    text = shell.ok("completion", name)
    assert "monitor" in text
    if name == "bash":
        subprocess.run(["bash", "-n"], input=text, text=True, check=True)


def test_help_loads_no_command() -> None:
    code = "import sys, lab.cli.__main__ as m\ntry: m.main(['--help'])\nexcept SystemExit: pass\n"
    code += "print(sorted(n for n in sys.modules if n.startswith('lab.')), 'json' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    last = done.stdout.strip().splitlines()[-1]
    assert last == "['lab.cli', 'lab.cli.__main__', 'lab.cli.failures'] False"


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "..\\x"])
def test_a_download_stays_in_its_folder(tmp_path: Path, path: str) -> None:
    with pytest.raises(CliError):
        inside(tmp_path, "name", path)
