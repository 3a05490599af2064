"""What one attempt on one node does, with real processes and no server."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import subprocess
import urllib.parse
from pathlib import Path

from tests.asked import root_only
from tests.lab.running import Attempt, alive, until

IGNORES_SIGTERM = "trap '' TERM; echo ready; while true; do read -t 1 < /dev/zero; done"


def test_phases_are_recorded_in_order_and_the_bundle_is_deleted(tmp_path: Path) -> None:
    attempt = Attempt(tmp_path, setup="echo preparing", run="echo training")
    ended = attempt.run()
    assert attempt.phases == ["claimed", "setup", "run", "uploading", "ended"]
    assert (ended["exit_code"], ended["in"], ended["oom"], ended["reason"]) == (0, "run", False, "")
    assert [(r["n"], r["p"], r["m"]) for r in attempt.lines] == [
        (1, "setup", "preparing"),
        (2, "run", "training"),
    ]
    assert not (attempt.folder / "bundle.json").exists()


def test_the_exit_code_of_the_users_command_is_kept(tmp_path: Path) -> None:
    assert Attempt(tmp_path, run="exit 3").run()["exit_code"] == 3


def test_a_crash_is_recorded_as_its_signal(tmp_path: Path) -> None:
    ended = Attempt(tmp_path, run="ulimit -c 0; kill -SEGV $$").run()
    assert ended["signal"] == signal.SIGSEGV
    assert "exit_code" not in ended


def test_a_failing_setup_ends_the_attempt_before_the_run(tmp_path: Path) -> None:
    attempt = Attempt(tmp_path, setup="false | true\necho unreached", run="echo unreached")
    ended = attempt.run()
    assert (ended["in"], ended["exit_code"]) == ("setup", 1)
    assert "run" not in attempt.phases
    assert attempt.texts == []


def test_hooks_surround_setup_and_run(tmp_path: Path) -> None:
    hooks = {name: f"echo {name}" for name in ("pre_setup", "post_setup", "pre_run", "post_run")}
    attempt = Attempt(tmp_path, setup="echo setup", run="echo run; exit 2", hooks=hooks)
    assert attempt.run()["exit_code"] == 2
    expected = ["pre_setup", "setup", "post_setup", "pre_run", "run", "post_run"]
    assert attempt.texts == expected


def test_sigterm_reaches_the_users_process_and_its_own_end_is_recorded(tmp_path: Path) -> None:
    run = "trap 'echo saving; exit 0' TERM; echo ready; while true; do sleep 0.05; done"
    attempt = Attempt(tmp_path, run=run).start()
    until(lambda: "ready" in attempt.texts)
    attempt.signal(signal.SIGTERM)
    assert attempt.wait() == 0
    assert attempt.ended["exit_code"] == 0
    assert attempt.ended["reason"] == "stopped by SIGTERM"
    assert "saving" in attempt.texts


def test_a_program_below_the_shell_has_the_grace_to_save_its_work(tmp_path: Path) -> None:
    program = (
        "trap 'sleep 0.3; echo saved; exit 0' TERM; echo ready; while true; do read -t 1; done"
    )
    attempt = Attempt(tmp_path, run=f'bash -c "{program}" < /dev/zero\ntrue').start()
    until(lambda: "ready" in attempt.texts)
    attempt.signal(signal.SIGTERM)
    assert attempt.wait() == 0
    assert "saved" in attempt.texts


def test_a_process_that_ignores_sigterm_is_killed_after_the_grace(tmp_path: Path) -> None:
    attempt = Attempt(tmp_path, run=IGNORES_SIGTERM, grace_s=0.3).start()
    until(lambda: "ready" in attempt.texts)
    attempt.signal(signal.SIGTERM)
    assert attempt.wait() == 0
    assert attempt.ended["signal"] == signal.SIGKILL


def test_a_stop_during_setup_ends_the_attempt_in_setup(tmp_path: Path) -> None:
    attempt = Attempt(tmp_path, setup="echo ready; sleep 1000", run="echo unreached").start()
    until(lambda: "ready" in attempt.texts)
    attempt.signal(signal.SIGTERM)
    assert attempt.wait() == 0
    assert (attempt.ended["in"], attempt.ended["signal"]) == ("setup", signal.SIGTERM)


def test_the_timeout_stops_the_run(tmp_path: Path) -> None:
    ended = Attempt(tmp_path, run="sleep 1000", timeout_s=0.3).run()
    assert ended["reason"] == "timed out after 0.3 s"
    assert ended["signal"] == signal.SIGTERM


def test_no_grandchild_outlives_the_run(tmp_path: Path) -> None:
    marker = f"MARK={os.urandom(8).hex()}"
    run = f"export {marker}; setsid sleep 1000 & (nohup sleep 1000 >/dev/null 2>&1 &); sleep 0.1"
    Attempt(tmp_path, run=run).run()
    assert not alive(marker)


def test_killing_the_wrapper_leaves_no_process_of_the_user(tmp_path: Path) -> None:
    marker = f"MARK={os.urandom(8).hex()}"
    run = f"export {marker}; setsid sleep 1000 & echo ready; sleep 1000; true"
    attempt = Attempt(tmp_path, run=run).start()
    until(lambda: "ready" in attempt.texts and alive(marker))
    attempt.signal(signal.SIGKILL)
    attempt.wait()
    until(lambda: not alive(marker))


def test_killing_the_guard_ends_the_attempt_and_leaves_no_process(tmp_path: Path) -> None:
    marker = f"MARK={os.urandom(8).hex()}"
    run = f"export {marker}; setsid sleep 1000 & echo guard $(ps -o ppid= -p $$); sleep 1000; true"
    attempt = Attempt(tmp_path, run=run).start()
    until(lambda: any(text.startswith("guard") for text in attempt.texts))
    os.kill(int(attempt.texts[0].split()[1]), signal.SIGKILL)
    assert attempt.wait() == 0
    assert attempt.ended["signal"] == signal.SIGKILL
    assert not alive(marker)


def test_a_second_wrapper_on_the_same_directory_runs_nothing(tmp_path: Path) -> None:
    attempt = Attempt(tmp_path, run="echo once")
    attempt.run()
    before = attempt.records()
    (attempt.folder / "bundle.json").write_text('{"job_id": "job_1", "run": "echo twice"}')
    attempt.start()
    assert attempt.wait() == 0
    assert attempt.records() == before


def test_a_bundle_that_cannot_be_read_is_an_end_with_a_reason(tmp_path: Path) -> None:
    attempt = Attempt(tmp_path, envs={"A=B": "x"}).start()
    assert attempt.wait() == 1
    assert "A=B" in attempt.ended["reason"]


def test_a_job_that_takes_too_much_memory_ends_with_oom(tmp_path: Path) -> None:
    root_only("making a cgroup")
    run = "python3 -c 'x = bytearray(400_000_000)'"
    ended = Attempt(tmp_path, run=run, memory_bytes=96 * 2**20).run()
    assert ended["oom"] is True
    assert ended.get("exit_code") == 137 or ended["signal"] == signal.SIGKILL
    assert "out of memory" in ended["reason"]


def test_secrets_never_reach_the_journal_in_any_usual_form(tmp_path: Path) -> None:
    secret = "p@ss/word with space+1"
    basic = base64.b64encode(f"me:{secret}".encode()).decode()
    forms = [secret, urllib.parse.quote(secret), urllib.parse.quote_plus(secret)]
    forms += [base64.b64encode(secret.encode()).decode()]
    script = "\n".join(f"echo 'form {form} end'" for form in forms) + f"\necho '{basic}'"
    attempt = Attempt(tmp_path, run=script + "\nprintenv LAB_SECRET_KEY", secrets={"KEY": secret})
    attempt.run()
    journal = (attempt.folder / "journal" / "node.jsonl").read_text()
    assert not any(form in journal for form in forms)
    assert attempt.texts[:3] == ["form *** end"] * 3
    assert base64.b64encode(secret.encode()).decode()[4:-4] not in journal
    assert "***" in attempt.texts[-2]
    assert "token-of-the-job" not in journal


def test_the_users_environment_holds_no_lab_internals(tmp_path: Path) -> None:
    attempt = Attempt(tmp_path, run="printenv", envs={"K": "a b'\"$x\n;c"}, owner="user_1")
    attempt.run(LAB_DATABASE_URL="kept-out", KEPT="yes")
    printed = attempt.texts
    assert "LAB_USER=user_1" in printed and "KEPT=yes" in printed and "K=a b'\"$x" in printed
    assert not any("kept-out" in line or "token-of-the-job" in line for line in printed)


def test_hostile_names_are_only_ever_text(tmp_path: Path) -> None:
    name = "../../x; touch /tmp/lab-hostile $(id) `id`\n'\""
    attempt = Attempt(tmp_path, job_id=name, task=name, run='printf %s "$LAB_TASK" | wc -c')
    attempt.run()
    assert attempt.texts == [str(len(name))]
    assert not Path("/tmp/lab-hostile").exists()


def test_lines_survive_invalid_bytes_progress_bars_and_missing_newlines(tmp_path: Path) -> None:
    run = r"printf 'a\xff\xfeb\n10%%\r50%%\r100%%\nwin\r\nlast'; printf 'problem\n' >&2"
    attempt = Attempt(tmp_path, run=run)
    attempt.run()
    out = [line["m"] for line in attempt.lines if line["s"] == "out"]
    assert out == ["a��b", "100%", "win", "last"]
    assert [line["m"] for line in attempt.lines if line["s"] == "err"] == ["problem"]
    assert sorted(line["n"] for line in attempt.lines) == [1, 2, 3, 4, 5]


def test_a_ten_megabyte_line_is_cut_and_the_next_one_is_whole(tmp_path: Path) -> None:
    run = "python3 -c \"print('é' * 5_000_000); print('next')\""
    attempt = Attempt(tmp_path, run=run)
    attempt.run()
    assert attempt.lines[0]["cut"] is True
    assert attempt.texts[1] == "next"
    journal = (attempt.folder / "journal" / "node.jsonl").read_bytes()
    assert max(map(len, journal.splitlines())) <= 64 * 1024


def test_a_hundred_thousand_lines_keep_their_order_and_numbers(tmp_path: Path) -> None:
    attempt = Attempt(tmp_path, run="seq 100000")
    attempt.run()
    assert attempt.texts == [str(n) for n in range(1, 100_001)]
    assert [line["n"] for line in attempt.lines] == list(range(1, 100_001))


def test_files_are_placed_verified_and_made_executable(tmp_path: Path) -> None:
    script = b"#!/bin/sh\necho placed\n"
    sha = hashlib.sha256(script).hexdigest()
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / sha).write_bytes(script)
    file = {"path": "bin/go", "sha256": sha, "size": len(script), "executable": True}
    attempt = Attempt(tmp_path, files=[file], blobs=str(tmp_path / "blobs"), run="./bin/go")
    attempt.run()
    assert attempt.texts == ["placed"]


def test_a_file_outside_the_working_directory_is_refused(tmp_path: Path) -> None:
    file = {"path": "../escaped", "sha256": "0" * 64, "size": 1}
    ended = Attempt(tmp_path, files=[file], blobs=str(tmp_path)).run()
    assert (ended["in"], ended["exit_code"]) == ("setup", 1)
    assert "../escaped" in ended["reason"]


def test_a_git_source_is_checked_out_at_its_commit_and_run_in_its_directory(tmp_path: Path) -> None:
    def git(*argv: str) -> str:
        who = ["-c", "user.name=n", "-c", "user.email=e@x"]
        argv = ("git", "-C", str(tmp_path / "repo"), *who, *argv)
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()

    (tmp_path / "repo" / "sub").mkdir(parents=True)
    git("init", "-q")
    for content in ("first", "second"):
        (tmp_path / "repo" / "sub" / "f").write_text(content)
        git("add", ".")
        git("commit", "-qm", content)
    source = {"url": f"file://{tmp_path}/repo", "commit": git("rev-parse", "HEAD~1")}
    attempt = Attempt(tmp_path, git={**source, "directory": "sub"}, run="cat f")
    assert attempt.run()["exit_code"] == 0
    assert attempt.texts[-1] == "first"


def test_a_setup_that_was_built_once_is_reused(tmp_path: Path) -> None:
    bundle = {
        "setup": "echo built; python -c 'import sys; print(sys.prefix)'",
        "run": "printenv VIRTUAL_ENV",
        "envs": {"LAB_CACHE_SETUP": "1"},
        "venv_cache": str(tmp_path / "cache"),
    }
    texts = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        attempt = Attempt(tmp_path / name, **bundle)
        attempt.run()
        texts.append(attempt.texts)
    assert "built" in texts[0] and "built" not in texts[1]
    assert texts[0][-1] == texts[1][-1]


def test_a_full_disk_does_not_disturb_the_users_process(tmp_path: Path) -> None:
    root_only("mounting a small disk")
    disk, done = tmp_path / "disk", tmp_path / "done"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], check=True)
    try:
        filler = disk / "filler"
        run = f"seq 20000; touch {done}; while [ -e {filler} ]; do sleep 0.05; done; echo last"
        attempt = Attempt(disk, run=run)
        filler.write_bytes(b"x" * 65536)
        attempt.start()
        until(done.exists)
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        filler.unlink()
        assert attempt.wait() == 0
        assert attempt.texts == [*(str(n) for n in range(1, 20_001)), "last"]
        assert attempt.ended["exit_code"] == 0
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
