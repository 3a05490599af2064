"""Fills an empty installation: people, experiments, tasks, providers, and a month of jobs."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import cast

import msgspec

from application.actor import Actor, person
from application.commands import (
    accounts,
    compute,
    desks,
    experiments,
    invitations,
    job_marks,
    members,
    notifications,
    quotas,
    secrets,
    tasks,
    tokens,
)
from application.commands.setup import FirstAccount, set_up, setup_code
from application.lab import Lab
from domain.compute import ProviderUnreachable
from domain.job_events import JobQueued
from domain.job_spec import FrozenFile
from domain.model import NEXT_VERSION, Event, Guard
from domain.notifications import ChannelKind
from domain.quotas import reserve, settle
from domain.teams import Role
from domain.telemetry import LogLine, MetricChunk, TelemetryBatch
from providers.base import ComputeProvider
from tests.ui.seed.cast import EMAIL, EXPERIMENTS, NOTES, PASSWORD, PEOPLE, TASKS, TEAM, task_yaml
from tests.ui.seed.histories import Story, story_events
from tests.ui.seed.machines import Answering, AwayMachine, ClusterMachine
from tests.ui.seed.streams import saved, stream

DAYS, JOBS_A_DAY = 30, 8
NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass(kw_only=True)
class Furnished:
    """What is where. ``jobs`` are by what they show."""

    owner: Actor
    people: dict[str, str]
    experiments: dict[str, str]
    tasks: dict[str, str]
    providers: dict[str, str]
    jobs: dict[str, str] = field(default_factory=dict)
    invitation: str = ""


def furnish(lab: Lab, secret: str, *, jobs_a_day: int = JOBS_A_DAY) -> Furnished:
    """The furnished lab; ``lab.providers`` must be ``Answering``."""
    dice = Random(7)
    first = FirstAccount(name=PEOPLE[0][0], email=EMAIL, password=PASSWORD, team=TEAM)
    session = set_up(lab, first, code=setup_code(secret), secret=secret)
    team = next(e.originator_id for e in _all(lab) if e.originator_id.startswith("team_"))
    owner = person(session.user, team=team, role=Role.OWNER)
    home = Furnished(
        owner=owner, people={"Ada Lovelace": session.user}, experiments={}, tasks={}, providers={}
    )
    _people(lab, home)
    _places(lab, home)
    _work(lab, home, dice, jobs_a_day)
    _written(lab, home)
    accounts.found_team(lab, owner, name="Quiet Instruments", owner=session.user)
    return home


def _all(lab: Lab) -> list[Event]:
    return [recorded.event for recorded in lab.log.read(0, 500)]


def _people(lab: Lab, home: Furnished) -> None:
    for name, email, role in PEOPLE[1:]:
        user = accounts.register_user(lab, home.owner, email=email, name=name, password=PASSWORD)
        members.add_member(lab, home.owner, email=email, role=role)
        home.people[name] = user
    _, home.invitation = invitations.invite(
        lab, home.owner, role=Role.MEMBER, email="emmy@lab.example"
    )
    invitations.invite(lab, home.owner, role=Role.VIEWER)
    quotas.set_quota(lab, home.owner, limit_minutes=60_000)
    quotas.set_quota(lab, home.owner, limit_minutes=12_000, user=PEOPLE[2][1])
    secrets.set_secret(lab, home.owner, name="WANDB_KEY", value="wb-4711")
    secrets.set_secret(lab, home.owner, name="HPC_KEY", value="key of the cluster")
    secrets.make_ssh_key(lab, home.owner, name="CLUSTER_KEY")
    secrets.set_secret(lab, home.owner, name="HF_TOKEN", value="hf-mine", personal=True)
    tokens.issue_token(lab, home.owner, name="laptop", days=90)
    tokens.issue_token(lab, home.owner, name="dashboard", scopes=["read"])
    notifications.add_channel(
        lab, home.owner, kind=ChannelKind.SLACK, name="lab channel", of_team=True,
        address="https://hooks.slack.example/services/T0/B0/xyz", topics=["job.ended"],
    )  # fmt: skip


def _places(lab: Lab, home: Furnished) -> None:
    for name in EXPERIMENTS:
        home.experiments[name] = experiments.create_experiment(lab, home.owner, name=name)
    local = next(e.originator_id for e in _all(lab) if e.originator_id.startswith("prov_"))
    slurm = {
        "ssh_host": "login.hpc.example",
        "ssh_user": "lab",
        "ssh_key": "HPC_KEY",
        "work_folder": "/scratch/lab",
    }
    cluster = compute.add_provider(
        lab, home.owner, name="hpc-cluster", kind="slurm", settings={**slurm}
    )
    away = compute.add_provider(
        lab, home.owner, name="h100-pool", kind="slurm", settings={**slurm, "ssh_host": "10.8.0.4"}
    )
    home.providers = {"workshop": local, "hpc-cluster": cluster, "h100-pool": away}
    answering = cast("Answering", lab.providers)
    answering.answers[cluster] = cast("ComputeProvider", ClusterMachine())
    answering.answers[away] = cast("ComputeProvider", AwayMachine())
    for name, experiment, machine in TASKS:
        made = tasks.create_task(
            lab,
            home.owner,
            experiment=home.experiments[experiment],
            yaml=task_yaml(name, machine="workshop"),
        )
        tasks.revise_task(lab, home.owner, made, yaml=task_yaml(name, machine=machine, revision=2))
        home.tasks[name] = made
    tasks.revise_task(
        lab, home.owner, home.tasks["distill-student"],
        yaml=task_yaml("distill-student", machine="h100-pool", revision=3),
    )  # fmt: skip
    lab.append(
        [
            ProviderUnreachable(
                originator_id=away, originator_version=NEXT_VERSION, at=NOW - timedelta(minutes=14),
                by=f"provider:{away}", reason="no route to host 10.8.0.4",
            )
        ],
        actor=home.owner,
    )  # fmt: skip


def _written(lab: Lab, home: Furnished) -> None:
    """Notes, descriptions, tags, favourites and kept views."""
    for name, text in EXPERIMENTS.items():
        experiments.describe_experiment(lab, home.owner, home.experiments[name], text=text)
        experiments.choose_score(lab, home.owner, home.experiments[name], name="eval/accuracy")
    first = home.experiments["reasoning-distill"]
    experiments.note_experiment(lab, home.owner, first, text="# Plan\n\nTry ranks 8 to 64.\n")
    experiments.note_experiment(lab, home.owner, first, text=NOTES)
    for path, data in (("protocol.pdf", b"%PDF-1.7 protocol"), ("figures.csv", b"a,b\n1,2\n")):
        sha256 = lab.blobs.put(data)
        lab.holdings.hold(home.owner.team, sha256)
        file = FrozenFile(path=path, sha256=sha256, size=len(data))
        experiments.attach_document(lab, home.owner, first, file=file)
    for key, labels in (
        ("complete", ("baseline", "paper")),
        ("sweep 1", ("paper",)),
        ("running", ("longer",)),
    ):
        for label in labels:
            job_marks.tag_job(lab, home.owner, home.jobs[key], label=label)
    desks.star_job(lab, home.owner, home.jobs["complete"])
    desks.star_job(lab, home.owner, home.jobs["running"])
    for name, query in (
        ("Failed, longest first", "status=FAILED&sort=used"),
        ("Paper", "tag=paper"),
    ):
        desks.save_view(lab, home.owner, page="jobs", name=name, query=query)


RESUMED = {"sweep 0": "complete", "stopped": "sweep 0"}
"""Which job went on from the last checkpoint of which other."""


def _work(lab: Lab, home: Furnished, dice: Random, jobs_a_day: int) -> None:
    stories = _past(lab, home, dice, jobs_a_day) + _present(lab, home, dice)
    for place, story in enumerate(stories):
        _tell(lab, home, story, dice, shown=len(stories) - place)


def _past(lab: Lab, home: Furnished, dice: Random, jobs_a_day: int) -> list[Story]:
    out = []
    endings = ("COMPLETE",) * 14 + ("FAILED",) * 3 + ("STOPPED",) * 2
    for day in range(DAYS, 0, -1):
        for _ in range(dice.randint(jobs_a_day // 2, jobs_a_day + 3)):
            at = NOW - timedelta(days=day, hours=dice.uniform(-12, 8))
            if at < NOW - timedelta(hours=8):
                out.append(_story(lab, home, dice, at=at, ending=dice.choice(endings)))
    return sorted(out, key=lambda s: s.queued_at)


def _story(
    lab: Lab, home: Furnished, dice: Random, *, at: datetime, ending: str, task: str = ""
) -> Story:
    name, experiment, machine = next((t for t in TASKS if t[0] == task), dice.choice(TASKS))
    rate = dice.choice((1e-4, 2e-4, 3e-4, 5e-4, 1e-3))
    rank = dice.choice((8, 16, 32, 64))
    return Story(
        id=lab.ids.new("job"), team=home.owner.team, experiment=home.experiments[experiment],
        owner=home.people[dice.choice(PEOPLE[:5])[0]], provider=home.providers[machine],
        machine=machine, name=f"{name}-r{rank}" if "distill" in name else name, task=home.tasks[name],
        queued_at=at, ending=ending, ran_s=dice.uniform(240, 9_000), retried=dice.random() < 0.06,
        parameters={"learning_rate": rate, "batch_size": dice.choice((32, 64, 128)), "lora_rank": rank,
                    "epochs": dice.choice((3, 5)), "bf16": True},
        score=0.35 + rank**0.5 / 45 + dice.uniform(0, 0.08) - abs(rate - 3e-4) * 60,
    )  # fmt: skip


def _present(lab: Lab, home: Furnished, dice: Random) -> list[Story]:
    """What is going on now, and one of each ending to look at."""
    wanted: Sequence[tuple[str, str, str, float]] = (
        ("complete", "COMPLETE", "distill-student", 7.0),
        *((f"sweep {i}", "COMPLETE", "distill-student", 6.5 - i * 0.2) for i in range(5)),
        ("failed", "FAILED", "reward-model", 3.2),
        ("stopped", "STOPPED", "backbone-probe", 2.9),
        ("running old", "RUNNING", "backbone-pretrain", 2.4),
        ("retried", "RUNNING", "asr-train", 1.9),
        ("stopping", "STOPPING", "backbone-probe", 0.6),
        ("running", "RUNNING", "distill-student", 0.5),
        ("running two", "RUNNING", "eval-gsm8k", 0.3),
        ("launching", "LAUNCHING", "asr-train", 0.03),
        ("queued away", "QUEUED", "distill-student", 0.02),
        ("queued", "QUEUED", "eval-gsm8k", 0.015),
    )
    out = []
    for key, ending, task, hours in wanted:
        story = _story(lab, home, dice, at=NOW - timedelta(hours=hours), ending=ending, task=task)
        story.owner = home.people["Ada Lovelace"] if key != "stopped" else story.owner
        story.retried = key == "retried"
        story.ran_s = 7_200 if ending == "RUNNING" else dice.uniform(900, 3_000)
        if key in RESUMED:
            before = home.jobs[RESUMED[key]]
            story.cloned_from = before
            story.resumed_from = f"art_{before.removeprefix('job_')}_1_2"
        if key == "queued":
            story.wait = "Waits for 4×A100 on hpc-cluster; 2 jobs are before it."
        if key == "queued away":
            story.wait = "h100-pool does not answer: no route to host 10.8.0.4."
        home.jobs[key] = story.id
        out.append(story)
    return out


def _tell(lab: Lab, home: Furnished, story: Story, dice: Random, *, shown: int) -> None:
    facts = story_events(story, dice)
    queued, last = facts[0], facts[-1]
    assert isinstance(queued, JobQueued)
    events, guards = list(facts), list[Guard]()
    if queued.at.month == NOW.month:
        entry = reserve(queued.hold, job=story.id, now=queued.at, by=queued.by)
        events += entry.events
        guards += entry.guards
        if story.ending in ("COMPLETE", "FAILED", "STOPPED"):
            over = settle(queued.hold, last)  # type: ignore[arg-type]  # an end, by its status
            events += over.events
            guards += over.guards
    lab.append(events, guards, actor=home.owner)
    begun = story.queued_at + timedelta(minutes=2)
    if story.ending in ("QUEUED", "LAUNCHING") or shown > 70:
        return
    ended = story.ending in ("COMPLETE", "FAILED", "STOPPED")
    upto = 1.0 if story.ending == "COMPLETE" else dice.uniform(0.3, 0.7)
    stream(lab, story, dice, begun=begun, upto=upto, log=900 if shown < 20 else 120)
    if ended and shown < 40:
        lab.append(saved(lab, story, dice, ended=last.at), actor=home.owner)
    elif story.ending in ("RUNNING", "STOPPING") and shown < 40:
        lab.append(saved(lab, story, dice, ended=NOW)[:2], actor=home.owner)


EVIL = '<img src=x onerror="window.hacked=1">'


def furnish_hostile(lab: Lab, home: Furnished) -> dict[str, str]:
    """Text that would be markup, wherever people and their code can put text; addresses that show it."""
    dice, owner = Random(13), home.owner
    experiment = experiments.create_experiment(lab, owner, name=EVIL)
    experiments.describe_experiment(lab, owner, experiment, text=EVIL)
    notes = f"# {EVIL}\n\n{EVIL}\n\n[x](javascript:alert(1)) ![y](http://elsewhere.example/y.png)\n"
    experiments.note_experiment(lab, owner, experiment, text=notes)
    sha256 = lab.blobs.put(EVIL.encode())
    lab.holdings.hold(owner.team, sha256)
    evil_file = FrozenFile(path=f"{EVIL}.txt", sha256=sha256, size=len(EVIL))
    experiments.attach_document(lab, owner, experiment, file=evil_file)
    yaml = f"name: {EVIL}\ndescription: {EVIL}\nrun: echo {EVIL}\n"
    task = tasks.create_task(lab, owner, experiment=experiment, yaml=yaml)
    provider = compute.add_provider(lab, owner, name=EVIL, kind="local")
    story = _story(lab, home, dice, at=NOW - timedelta(hours=1), ending="FAILED")
    story.name, story.experiment, story.provider = EVIL, experiment, provider
    story.parameters = {EVIL: EVIL}
    lab.append(story_events(story, dice), actor=owner)
    lines = tuple(
        LogLine(number=n, at=1e9 + n, phase="run", stream="out", text=f"{n} {EVIL}") for n in (1, 2)
    )
    chunk = MetricChunk(
        name=EVIL,
        steps=struct.pack("<2q", 1, 2),
        values=struct.pack("<2d", 1, 2),
        times=struct.pack("<2d", 1, 2),
    )
    lab.telemetry.apply(
        TelemetryBatch(
            job=story.id, attempt=1, node=0, stream="sdk", offset=0, next=1, lines=lines, chunks=(chunk,)
        )
    )  # fmt: skip
    artifact = saved(lab, story, dice, ended=NOW)[0]
    lab.append([msgspec.structs.replace(artifact, name=EVIL, files=(evil_file,))], actor=owner)
    secrets.set_secret(lab, owner, name="PLAIN", value=EVIL)
    desks.save_view(lab, owner, page="jobs", name=EVIL, query="q=<b>")
    return {"job": story.id, "task": task, "experiment": experiment, "provider": provider}
