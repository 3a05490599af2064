"""What Slurm prints and what it is handed, without a cluster: parsers, tables, scripts, settings."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from domain.job_spec import JobSpec
from domain.observations import Exit, FailureClass, Phase
from domain.resources import Accelerator, Resources
from providers.base import InvalidSettings, JobRequest
from providers.slurm.accounting import STATES, jobs_by_key, parse_exit, parse_jobs
from providers.slurm.archive import Member, tar
from providers.slurm.arrays import group
from providers.slurm.arrays import script as array_script
from providers.slurm.inventory import offers, parse_nodes
from providers.slurm.scripts import TEMPLATES, login_argv
from providers.slurm.settings import SlurmSettings, read_settings
from providers.slurm.sighting import observe, parse_answer
from providers.slurm.submission import Place, directives, script
from tests.contracts.compute_provider import request

BASE: Mapping[str, object] = {"ssh_host": "h", "ssh_user": "u", "work_folder": "/w"}
SETTINGS = read_settings(BASE)
SINFO = """\
n1|batch*|gpu:A100:2|gpu:A100:0(IDX:N/A)|0/8/0/8|4096|idle|
n2|batch*|gpu:A100:2(S:0-1),gpu:v100:1|gpu:A100:1(IDX:0)|4/4/0/8|4096|mixed|
n3|cpu|(null)|gpu:0|0/8/0/8|8192|down*|
n4|old|gpu:2|gpu:0|0/8/0/8|8192|idle|
"""
NODES = parse_nodes(SINFO.splitlines())
PLACE = Place(work="/w", sdk="v1")


def replaced(job: JobRequest, **spec: object) -> JobRequest:
    return msgspec.structs.replace(job, spec=msgspec.structs.replace(job.spec, **spec))


def asked(**spec: object) -> list[str]:
    job = msgspec.structs.replace(request("true"), job="job_7", token="t" * 20)
    job = replaced(job, **spec)
    return directives(job, SETTINGS, NODES, output="/w/log")


def test_portable_resources_become_sbatch_options() -> None:
    wanted = Resources(
        cpus=2.5, memory_gib=1.5, num_nodes=2, accelerators=Accelerator(kind="a100", count=2)
    )
    assert asked(resources=wanted, timeout_s=570.0, launch_timeout_s=600.0) == [
        f"--job-name=lab-{'t' * 20}",
        "--comment=labledger:job_7:1",
        "--output=/w/log",
        "--open-mode=append",
        "--no-requeue",
        "--nodes=2",
        "--ntasks-per-node=1",
        "--cpus-per-task=3",
        "--mem=1536M",
        "--time=20",
        "--gres=gpu:A100:2",
    ]


def test_any_accelerator_of_a_vendor_is_asked_for_without_a_type() -> None:
    wanted = Resources(accelerators=Accelerator(kind="NVIDIA", count=1))
    assert "--gres=gpu:1" in asked(resources=wanted)


def test_the_flags_of_the_settings_go_before_what_labledger_would_set() -> None:
    settings = read_settings({**BASE, "flags": "--time=5 --exclusive --constraint=a&b"})
    lines = directives(request("true"), settings, NODES, output="/o")
    assert {"--time=5", "--exclusive", "--constraint=a&b"} <= set(lines)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"flags": "--requeue"}, "--requeue may not be set here. Known: begin"),
        ({"flags": "--wrap=id"}, "--wrap may not be set here"),
        ({"flags": "-N 2"}, "'-N' is not --name"),
        ({"flags": "--constraint='a\nb'"}, "is not --name"),
        ({"partition": "a b"}, "partition must be a partition's name"),
        ({"work_folder": "/w/../etc"}, "work_folder must be an absolute path"),
        ({"work_folder": "w"}, "work_folder must be an absolute path"),
        ({"work_folder": "/w $(id)"}, "work_folder must be an absolute path"),
        ({"host_key": "aa:bb"}, "SHA256:"),
        ({"ssh_key": "-----BEGIN KEY"}, "never the key itself"),
        ({"gres_types": "A100"}, "KIND=TYPE"),
        ({"ssh_port": 0}, "1 to 65535"),
        ({"hosts": "x"}, "Known: ssh_host"),
    ],
)
def test_a_bad_setting_is_named(more: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidSettings) as refused:
        read_settings({**BASE, **more})
    assert says in str(refused.value)


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.sh")), ids=lambda p: p.name)
def test_every_script_is_good_bash(path: Path) -> None:
    subprocess.run(["bash", "-n", str(path)], check=True)


def test_the_batch_script_is_good_bash_whatever_the_values() -> None:
    settings = SlurmSettings(ssh_host="h", ssh_user="u", work_folder="/w", python="py'; id #")
    text = script(request("true"), settings, NODES, place=Place(work="/w o'r\"k", sdk="v"))
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)
    assert "@" not in text.replace("${tokens[@]}", "")
    assert text.splitlines()[1].startswith("#SBATCH --job-name=lab-")


def test_values_reach_a_login_script_as_arguments_not_as_text() -> None:
    argv = login_argv("find", "/w'; id", "tok", slurm_bin="/opt/slurm/bin")
    assert argv[3:] == ["lab-find", "/opt/slurm/bin", "/w'; id", "tok"]
    assert "; id" not in argv[2]


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("0:0", Exit(code=0)),
        ("7:0", Exit(code=7)),
        ("0:9", Exit(signal=9)),
        ("1792", Exit(code=7)),
        ("9", Exit(signal=9)),
        ("0", Exit(code=0)),
    ],
)
def test_an_exit_is_read_from_sacct_and_from_squeue(text: str, means: Exit) -> None:
    assert parse_exit(text) == means


def test_every_documented_state_has_a_meaning_and_ends_say_whose_fault_it_was() -> None:
    for name, meaning in STATES.items():
        is_end = meaning.phase is Phase.ENDED and name not in ("COMPLETED", "FAILED")
        assert (meaning.blame is not None) == is_end, name
        assert bool(meaning.sentence) or not is_end, name


def test_a_state_nobody_documented_keeps_the_job_alive_and_says_so() -> None:
    (job,) = parse_jobs(["9|lab-x|TELEPORTING|0|N/A|N/A|n1|None|"])
    assert (job.over, job.sentence) == (False, "Slurm says TELEPORTING, which is not known.")


def test_sacct_tells_who_cancelled() -> None:
    (job,) = parse_jobs(["9|lab-x|CANCELLED by 1000|0:15|Unknown|Unknown|None assigned|None"])
    assert job.sentence == "The job was cancelled in Slurm by uid 1000."


def test_those_of_an_array_that_wait_alike_are_one_row_and_many_jobs() -> None:
    late = "9_2|lab-array-x|RUNNING|0:0|Unknown|Unknown|n1|None"
    rows = [late, "9_[1-3,7%2]|lab-array-x|PENDING|0:0|Unknown|Unknown|None assigned|Priority"]
    jobs = jobs_by_key([*rows, "8|lab-y|PENDING|0:0|Unknown|Unknown|None assigned|Priority"])
    assert sorted(jobs) == [*(f"lab-array-x_{n}" for n in (1, 2, 3, 7)), "lab-y"]
    assert {key: job.state for key, job in jobs.items() if job.state != "PENDING"} == {
        "lab-array-x_2": "RUNNING"
    }
    assert jobs["lab-array-x_7"].reason == "Priority"
    assert jobs["lab-array-x_7"].id == "9_7"


def test_only_what_slurm_cannot_tell_apart_goes_together() -> None:
    plain = [request("true") for _ in range(5)]
    big = request("true")
    big = replaced(big, resources=Resources(cpus=2))
    wide = [replaced(request("true"), resources=Resources(num_nodes=2)) for _ in range(2)]
    arrays = group([plain[0], big, *wide, *plain[1:]], SETTINGS, NODES, largest=3)
    assert [array.requests for array in arrays] == [
        tuple(plain[:3]), tuple(plain[3:]), (big,), (wide[0],), (wide[1],)
    ]  # fmt: skip
    assert len({array.name for array in arrays}) == len(arrays)


def test_an_arrays_script_is_good_bash_whatever_the_work_folder() -> None:
    (array,) = group([request("true"), request("false")], SETTINGS, NODES, largest=9)
    text = array_script(array, place=Place(work="/w o'r\"k", sdk="v"))
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)
    assert text.splitlines()[1] == f"#SBATCH --job-name={array.name}"


def answer(
    state: str,
    *files: str,
    unsure: str = "",
    memory: str = "",
    accounted: bool = False,
    end: str = "NONE",
    restarts: int = 0,
) -> str:
    rows = f"9|lab-x|{state}|0|N/A|N/A|n1|JobLaunchFailure|{end}|{restarts}|\n" if state else ""
    note = f"#unsure {unsure}\n" if unsure else "#accounted\n" if accounted else ""
    shown = "\n".join(['x/attempt.json:{"job":"j","attempt":2,"nodes":1}', *files])
    return f"#now 1700000000\n#slurm\n{rows}{note}#files\n{shown}\n#memory\n{memory}"


def seen(text: str) -> tuple[Phase, FailureClass | None] | None:
    found = parse_answer(text).of("x")
    assert found is not None
    looked = observe(found)
    return (looked.phase, looked.blame) if looked else None


JUST_NOW, A_MINUTE_AGO = "2023-11-14T22:13:19", "2023-11-14T22:12:19"
ENDED_BY_TERM = 'x/0/status.json:{"phase":"ended","t":1.0,"signal":15,"in":"run"}'
RUNNING = 'x/0/status.json:{"phase":"run","t":1.0}'
GOOD = 'x/0/status.json:{"phase":"ended","t":1.0,"exit_code":0,"in":"run"}'


@pytest.mark.parametrize(
    ("text", "means"),
    [
        (answer("PENDING"), (Phase.PENDING, None)),
        (answer("CONFIGURING"), (Phase.PROVISIONING, None)),
        (answer("RUNNING"), (Phase.PROVISIONING, None)),
        (answer("RUNNING", RUNNING), (Phase.RUNNING, None)),
        (answer("RUNNING", GOOD), (Phase.ENDED, None)),
        (answer("COMPLETING", ENDED_BY_TERM), (Phase.RUNNING, None)),
        (answer("TIMEOUT", ENDED_BY_TERM), (Phase.ENDED, FailureClass.TIMEOUT)),
        (answer("NODE_FAIL", GOOD), (Phase.ENDED, None)),
        (answer("NODE_FAIL", RUNNING), (Phase.ENDED, FailureClass.NODE_LOST)),
        (answer("FAILED"), (Phase.ENDED, FailureClass.PROVIDER)),
        (answer("FAILED", RUNNING), (Phase.GONE, None)),
        (
            answer("FAILED", RUNNING, memory="x/slurm.log"),
            (Phase.ENDED, FailureClass.OUT_OF_MEMORY),
        ),
        (answer("OUT_OF_MEMORY", RUNNING), (Phase.ENDED, FailureClass.OUT_OF_MEMORY)),
        (answer("COMPLETED"), (Phase.ENDED, None)),
        (answer("FAILED", RUNNING, end=JUST_NOW), None),
        (answer("FAILED", end=JUST_NOW), None),
        (answer("COMPLETED", end=JUST_NOW), None),
        (answer("FAILED", RUNNING, end=A_MINUTE_AGO), (Phase.GONE, None)),
        (answer("TIMEOUT", RUNNING, end=JUST_NOW), (Phase.ENDED, FailureClass.TIMEOUT)),
        (answer("PENDING", RUNNING), (Phase.PENDING, None)),
        (answer("PENDING", ENDED_BY_TERM, restarts=1), (Phase.ENDED, FailureClass.PREEMPTED)),
        (answer("RUNNING", RUNNING, "x/requeued:1"), (Phase.ENDED, FailureClass.PREEMPTED)),
        (answer("COMPLETED", GOOD, "x/requeued:1"), (Phase.ENDED, None)),
        (answer(""), None),
        (answer("", "x/job_id:9"), (Phase.GONE, None)),
        (answer("", "x/job_id:9", unsure="slurmdbd is away"), None),
        (answer("", GOOD, unsure="slurmdbd is away"), (Phase.ENDED, None)),
        (answer("", "x/job_id:9", accounted=True), None),
        (answer("", GOOD, accounted=True), (Phase.ENDED, None)),
    ],
)
def test_what_slurm_says_and_what_the_node_wrote_are_weighed(
    text: str, means: tuple[Phase, FailureClass | None] | None
) -> None:
    assert seen(text) == means


def test_a_node_that_begins_late_takes_nothing_back() -> None:
    """Seen with three nodes: the second ran when the first had only claimed its part."""
    three = answer("RUNNING", 'x/1/status.json:{"phase":"run","t":1.0}').replace(
        '"nodes":1', '"nodes":3'
    )
    assert seen(three) == (Phase.RUNNING, None)
    late = 'x/0/status.json:{"phase":"claimed","t":2.0}\nx/2/status.json:{"phase":"setup","t":2.0}'
    assert seen(three.replace("#memory", f"{late}\n#memory")) == (Phase.RUNNING, None)
    begun = answer("RUNNING", *late.split("\n")).replace('"nodes":1', '"nodes":3')
    assert seen(begun) == (Phase.SETUP, None)
    failed = 'x/2/status.json:{"phase":"ended","t":2.0,"exit_code":1,"in":"setup"}'
    unrun = answer("RUNNING", late.split("\n", maxsplit=1)[0], failed).replace(
        '"nodes":1', '"nodes":3'
    )
    assert seen(unrun) == (Phase.SETUP, None)  # nothing ran: that is no evidence of it


def test_offers_are_grouped_by_partition_and_accelerator() -> None:
    told = {(o.name, o.accelerator, o.available) for o in offers(SETTINGS, NODES)}
    assert told == {
        ("batch, A100:2", "A100", 1),
        ("batch, A100:2", "A100", 0),
        ("cpu", "", 0),
        ("old, GPU:2", "NVIDIA", 1),
    }


def test_gres_are_read_with_sockets_types_and_without() -> None:
    assert [n.gpus for n in NODES] == [{"A100": 2}, {"A100": 2, "v100": 1}, {}, {"": 2}]
    assert NODES[1].used == {"A100": 1}


def test_a_file_that_is_shorter_than_it_was_said_to_be_is_not_sent_as_if_it_were_whole() -> None:
    with pytest.raises(ValueError, match="has 2 bytes, not 3"):
        b"".join(tar([Member("f", 3, lambda: (b"ab",))]))


def test_a_job_without_wishes_asks_for_nothing_but_a_node() -> None:
    assert JobSpec(name="c", run="true").resources == Resources()
    assert [line for line in asked() if line.startswith(("--mem", "--gres", "--time"))] == []
