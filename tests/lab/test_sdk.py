"""What the calls of the SDK leave in the run directory, each in a process of its own."""

from __future__ import annotations

import base64
import json
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.node_server import NodeServer
from tests.lab.running import ROOT, until

CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("LAB_", "RANK", "SLURM"))}


def start(folder: Path, script: str, **env: str) -> subprocess.Popen[str]:
    environment = {**CLEAN, "LAB_RUN_DIR": str(folder / "run"), "PYTHONPATH": str(ROOT), **env}
    argv = [sys.executable, "-c", script]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        argv, cwd=folder, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True
    )


def run(folder: Path, script: str, **env: str) -> str:
    process = start(folder, script, **env)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    return output.strip()


def records(folder: Path, kind: str = "") -> list[dict[str, Any]]:
    lines = [
        line
        for path in sorted((folder / "run" / "journal").glob("sdk-*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    found = [json.loads(line) for line in lines]
    return [record for record in found if not kind or record["k"] == kind]


def points(folder: Path, name: str) -> list[tuple[int, float]]:
    found = []
    for record in records(folder, "m"):
        if record["name"] == name:
            steps, values = (base64.b64decode(record[key]) for key in "sv")
            count = len(steps) // 8
            found += list(
                zip(
                    struct.unpack(f"<{count}q", steps),
                    struct.unpack(f"<{count}d", values),
                    strict=True,
                )
            )
    return found


def test_importing_lab_loads_the_standard_library_and_nothing_else() -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); before = set(sys.modules); import lab;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(*sorted(new - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["lab"]


def test_points_are_recorded_with_their_steps_in_order(tmp_path: Path) -> None:
    run(tmp_path, "import lab\nfor i in range(2500): lab.log_metrics({'loss': i / 2}, step=i)")
    assert points(tmp_path, "loss") == [(i, i / 2) for i in range(2500)]


def test_without_steps_each_metric_counts_its_own(tmp_path: Path) -> None:
    script = "import lab\nlab.log_metric('a', 1)\nlab.log_metric('b', 2)\nlab.log_metric('a', 3)"
    run(tmp_path, script)
    assert points(tmp_path, "a") == [(0, 1.0), (1, 3.0)]
    assert points(tmp_path, "b") == [(0, 2.0)]


def test_values_that_are_not_finite_are_recorded(tmp_path: Path) -> None:
    run(tmp_path, "import lab\nfor v in ('nan', 'inf', '-inf'): lab.log_metric('x', float(v))")
    values = [value for _, value in points(tmp_path, "x")]
    assert values[0] != values[0]
    assert values[1:] == [float("inf"), float("-inf")]


@pytest.mark.parametrize(
    ("call", "error", "named"),
    [
        ("lab.log_metric('loss', 'high')", "TypeError", "'loss': 'high'"),
        ("lab.log_metric('loss', None)", "TypeError", "'loss': None"),
        ("lab.log_metric('loss', 1j)", "TypeError", "'loss': 1j"),
        ("lab.log_metric('loss', 10**400)", "ValueError", "'loss'"),
        ("lab.log_metric('loss', 1, step='one')", "TypeError", "step 'one'"),
        ("lab.log_metric('x' * 201, 1)", "ValueError", "200"),
        ("lab.log_metric('a\\nb', 1)", "ValueError", "printable"),
        ("lab.save_artifact('missing.bin')", "FileNotFoundError", "missing.bin"),
        ("lab.list_models()", "NotServedHereError", "lab model list"),
    ],
)
def test_a_refusal_names_what_is_wrong(tmp_path: Path, call: str, error: str, named: str) -> None:
    script = f"import lab\ntry: {call}\nexcept Exception as e: print(type(e).__name__, e)"
    printed = run(tmp_path, script)
    assert printed.startswith(error)
    assert named in printed


def test_only_rank_zero_records_unless_told_otherwise(tmp_path: Path) -> None:
    script = """import lab
lab.log_metric("loss", 1)
lab.log_metric("each", 1, all_ranks=True)
open("f", "w").write("x")
print(repr(lab.save_artifact("f")))
"""
    assert run(tmp_path, script, RANK="3") == "''"
    assert [r.get("name") for r in records(tmp_path)] == ["rank3/each"]


def test_many_threads_lose_no_point(tmp_path: Path) -> None:
    script = """import lab, threading
def work(k):
    for i in range(3000): lab.log_metric(f"t{k % 2}", i)
threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
[t.start() for t in threads]; [t.join() for t in threads]
"""
    run(tmp_path, script)
    for name in ("t0", "t1"):
        assert [step for step, _ in points(tmp_path, name)] == list(range(9000))


def test_forked_processes_record_for_themselves_and_repeat_nothing(tmp_path: Path) -> None:
    script = """import lab, multiprocessing
def work(k): lab.log_metric(f"child{k}", k)
lab.log_metric("parent", 1)
context = multiprocessing.get_context("fork")
children = [context.Process(target=work, args=(k,)) for k in range(3)]
[c.start() for c in children]; [c.join() for c in children]
"""
    run(tmp_path, script)
    assert points(tmp_path, "parent") == [(0, 1.0)]
    assert [points(tmp_path, f"child{k}") for k in range(3)] == [[(0, float(k))] for k in range(3)]


def test_sigterm_flushes_what_is_buffered_and_ends_the_process(tmp_path: Path) -> None:
    script = "import lab, time\nlab.log_metric('x', 7)\nprint('up', flush=True)\ntime.sleep(60)"
    process = start(tmp_path, script)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGTERM
    assert points(tmp_path, "x") == [(0, 7.0)]


def test_a_stop_callback_can_save_a_checkpoint(tmp_path: Path) -> None:
    script = """import lab, time
@lab.on_stop
def save():
    open("last.pt", "w").write("state")
    lab.save_checkpoint("last.pt", step=9)
print("up", flush=True)
time.sleep(60)
"""
    process = start(tmp_path, script)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert [r["step"] for r in records(tmp_path, "save")] == [9]


def test_a_program_that_polls_for_the_stop_ends_by_itself(tmp_path: Path) -> None:
    script = """import lab, time
lab.stop_requested(); print("up", flush=True)
while not lab.stop_requested(): time.sleep(0.01)
lab.finish("stopped early")
"""
    process = start(tmp_path, script)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 0
    assert records(tmp_path, "result")[0]["message"] == "stopped early"


def test_the_newest_checkpoint_comes_back_as_a_folder(tmp_path: Path) -> None:
    script = """import lab, pathlib
for epoch in range(3):
    folder = pathlib.Path("ckpt") / "deep"; folder.mkdir(parents=True, exist_ok=True)
    (folder / "w").write_text(str(epoch))
    lab.save_checkpoint("ckpt", name=f"epoch-{epoch}", step=epoch, metadata={"loss": 0.5})
print((pathlib.Path(lab.latest_checkpoint()) / "deep" / "w").read_text())
"""
    assert run(tmp_path, script) == "2"
    saves = records(tmp_path, "save")
    assert [(s["name"], s["step"], s["metadata"]) for s in saves] == [
        (f"epoch-{n}", n, {"loss": 0.5}) for n in range(3)
    ]
    assert [f["path"] for f in saves[0]["files"]] == ["deep/w"]


def test_overwriting_a_file_does_not_change_what_was_saved(tmp_path: Path) -> None:
    script = """import lab, pathlib
p = pathlib.Path("w"); p.write_text("first"); saved = lab.save_checkpoint(p)
p.write_text("second")
print(pathlib.Path(saved).read_text())
"""
    assert run(tmp_path, script) == "first"


def test_a_resumed_job_starts_from_the_given_checkpoint_until_it_has_its_own(
    tmp_path: Path,
) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "w").write_text("x")
    script = """import lab
print(lab.latest_checkpoint(), lab.get_checkpoint_to_resume())
lab.save_checkpoint("given", name="own"); print(lab.latest_checkpoint())
"""
    printed = run(tmp_path, script, LAB_RESUME_CHECKPOINT=str(given))
    own = tmp_path / "run" / "saved" / "checkpoints" / "own"
    assert printed.split() == [str(given), str(given / "w"), str(own)]


def test_scores_may_be_a_number_or_a_mapping(tmp_path: Path) -> None:
    script = "import lab\nlab.finish('a', score=0.5)\nlab.finish('b', score={'x': 1, 'y': "
    run(tmp_path, script + "float('nan')})")
    results = records(tmp_path, "result")
    assert [r["score"] for r in results] == [{"score": 0.5}, {"x": 1.0}]
    assert results[1]["message"] == "b; y is nan"


def test_scripts_written_for_the_other_sdk_run_unchanged(tmp_path: Path) -> None:
    script = """from lab import lab
import asyncio
class Frame:
    columns = ["q", "a", "s"]
    def to_csv(self, path, index): open(path, "w").write("q,a,s\\n")
    def to_json(self, path, orient, lines): open(path, "w").write("{}\\n")
lab.init(experiment_id="alpha")
lab.set_config({"lr": 0.1})
lab.log("hello")
lab.update_progress(50, {"loss": 0.5}, 3)
lab.save_artifact(Frame(), name="e", type="evals", config={"input": "q", "score": "s"})
lab.save_dataset(Frame(), "clean", additional_metadata={"rows": 1})
open("m.bin", "w").write("m")
lab.save_model("m.bin", name="m", architecture="tiny", pipeline_tag="text")
asyncio.run(lab.async_save_checkpoint("m.bin", "c1"))
lab.set_job_data_field("note", "n")
assert lab.get_job_data()["note"] == "n" and lab.get_config()["lr"] == 0.1
assert len(lab.get_artifact_paths()) == 1 and len(lab.get_checkpoint_paths()) == 1
assert lab.get_checkpoint_to_resume() is None and lab.get_secret("K") == "v"
lab.get_hf_callback().on_epoch_begin(None, None, None)
lab.finish(message="done", score={"eval/loss": 0.1})
"""
    assert run(tmp_path, script, LAB_SECRET_K="v", LAB_JOB_ID="job_1") == "hello"
    saves = {r["kind"]: r for r in records(tmp_path, "save")}
    assert saves["artifact"]["metadata"]["column/input"] == "q"
    assert saves["dataset"]["files"][0]["path"] == "clean.jsonl"
    assert saves["model"]["metadata"] == {"architecture": "tiny", "pipeline_tag": "text"}
    assert points(tmp_path, "loss") == [(3, 0.5)]


def test_the_hugging_face_callback_logs_and_saves(tmp_path: Path) -> None:
    script = """import lab, types, pathlib
callback = lab.get_hf_callback()
args = types.SimpleNamespace(output_dir="out")
state = types.SimpleNamespace(global_step=5, max_steps=10)
control = types.SimpleNamespace()
pathlib.Path("out/checkpoint-5").mkdir(parents=True)
pathlib.Path("out/checkpoint-5/w").write_text("w")
callback.on_log(args, state, control, logs={"loss": 1.5, "eval_loss": 2.0, "note": "x"})
callback.on_step_end(args, state, control)
callback.on_save(args, state, control)
"""
    run(tmp_path, script)
    assert points(tmp_path, "train/loss") == [(5, 1.5)]
    assert points(tmp_path, "eval/loss") == [(5, 2.0)]
    assert records(tmp_path, "progress")[0]["percent"] == 50
    assert records(tmp_path, "save")[0]["name"] == "checkpoint-5"


def test_numbers_logged_to_wandb_are_captured(tmp_path: Path) -> None:
    (tmp_path / "wandb.py").write_text(
        "class Run:\n    def log(self, data, step=None, **k): print('theirs', data)\nrun = Run()\n"
    )
    script = """import sys; sys.path.insert(0, "."); import wandb, lab
lab.capture_wandb(); lab.capture_wandb()
wandb.run.log({"loss": 0.5, "image": object}, step=2)
"""
    assert run(tmp_path, script).count("theirs") == 1
    assert points(tmp_path, "loss") == [(2, 0.5)]


def test_a_run_without_a_job_is_kept_locally_and_can_be_synced(tmp_path: Path) -> None:
    script = """import os; del os.environ["LAB_RUN_DIR"]
import lab
lab.log("a line"); lab.log_metric("x", 1); open("f", "w").write("f"); lab.save_artifact("f")
"""
    run(tmp_path, script)
    (folder,) = (tmp_path / ".lab" / "runs").iterdir()
    server = NodeServer()
    try:
        sync = f"""import pathlib; from lab.sync import sync_run
print(sync_run(pathlib.Path({str(folder)!r}), server_url={server.url!r}, token="t").job_id)"""
        assert run(tmp_path, sync) == "job_9"
        until(server.records)
        kinds = [r["k"] for r in server.records()]
        assert kinds == ["phase", "phase", "log", "phase", "saved"]
        assert server.imported[0]["key"] == folder.name
        assert len(server.blobs) == 1
    finally:
        server.close()


def test_secrets_are_taken_out_of_everything_that_is_said(tmp_path: Path) -> None:
    script = """
import lab
lab.init()
s = lab.get_secret("KEY")
lab.set_config({"url": f"https://{s}@host", "nested": {s: [s, 1]}})
lab.update_progress(1, message=f"at {s}")
open("model", "w").write(s)
lab.save_artifact("model", name=f"of {s}", metadata={"from": s})
lab.error(f"no {s}")
lab.finish(f"with {s}")
"""
    run(tmp_path, script, LAB_SECRET_KEY="s3cret-value")
    told = [json.dumps(record) for record in records(tmp_path)]
    assert len(told) >= 6
    assert [text for text in told if "s3cret" in text] == []
    assert records(tmp_path, "result")[0]["message"] == "with ***"
    assert records(tmp_path, "save")[0]["metadata"] == {"from": "***"}
