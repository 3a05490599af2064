"""What the furnished lab's jobs printed, measured and saved."""

from __future__ import annotations

import io
import json
import math
import struct
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from application.lab import Lab
from domain.artifacts import ArtifactKind, ArtifactSaved
from domain.job_spec import FrozenFile
from domain.telemetry import LogLine, MetricChunk, Progress, TelemetryBatch
from tests.ui.seed.histories import Story

STEPS = 400
TEXTS = (
    "loading shard {n:05d} of 01024",
    "\x1b[36mepoch {e}\x1b[0m step {s} loss \x1b[32m{loss:.4f}\x1b[0m lr {lr:.2e} 18,2{n:02d} tok/s",
    "step {s} loss {loss:.4f} grad_norm {g:.3f}",
    "\x1b[33mwarning\x1b[0m: gradient norm {g:.3f} clipped to 1.000",
    "saved checkpoint at step {s}",
)


def curves(story: Story, dice: Random, *, begun: datetime, upto: float) -> list[MetricChunk]:
    """Loss, accuracy, learning rate and the machine's own, up to the share ``upto`` of the steps."""
    count = max(2, int(STEPS * upto))
    steps = [i * 30 for i in range(count)]
    rate = float(story.parameters.get("learning_rate") or 3e-4)
    floor = 0.45 + abs(math.log10(rate) + 3.5) * 0.25
    loss = [
        floor + 2.4 * math.exp(-i / 70) + dice.gauss(0, 0.03) * (1 + 3 * math.exp(-i / 40))
        for i in range(count)
    ]
    final = story.score or 0.55
    accuracy = [final * (1 - math.exp(-i / 90)) + dice.gauss(0, 0.006) for i in range(count)]
    schedule = [
        rate * min(1, (i + 1) / 20) * (0.5 + 0.5 * math.cos(math.pi * i / STEPS))
        for i in range(count)
    ]
    named = {
        "train/loss": loss,
        "eval/accuracy": accuracy,
        "train/learning_rate": schedule,
        "train/grad_norm": [
            abs(dice.gauss(0.8, 0.2)) + 2 * math.exp(-i / 30) for i in range(count)
        ],
        "system/cpu_percent": [min(100, 240 + dice.gauss(0, 30)) / 4 for _ in range(count)],
        "system/memory_bytes": [2.1e10 + i * 4e6 + dice.gauss(0, 1e8) for i in range(count)],
        "system/gpu0/utilization_percent": [min(100, 92 + dice.gauss(0, 5)) for _ in range(count)],
        "system/gpu0/memory_used_mib": [71_000 + dice.gauss(0, 300) for _ in range(count)],
    }
    at = begun.timestamp()
    times = [at + i * story.ran_s / STEPS for i in range(count)]
    return [
        MetricChunk(
            name=name,
            steps=struct.pack(f"<{count}q", *steps),
            values=struct.pack(f"<{count}d", *values),
            times=struct.pack(f"<{count}d", *times),
        )
        for name, values in named.items()
    ]


def lines(story: Story, dice: Random, *, begun: datetime, count: int) -> list[LogLine]:
    """Setup, then the run; a failed job ends with its traceback."""
    at = begun.timestamp()
    said = [("setup", "out", t) for t in SETUP]
    for i in range(count):
        text = TEXTS[dice.choices(range(5), (3, 6, 8, 1, 0.4))[0]].format(
            n=i % 100, e=i // 300 + 1, s=i * 10, loss=0.5 + 2 * math.exp(-i / 200), lr=3e-4,
            g=abs(dice.gauss(0.9, 0.2)),
        )  # fmt: skip
        said.append(("run", "err" if "warning" in text else "out", text))
    if story.ending == "FAILED":
        said += [("run", "err", t) for t in TRACEBACK]
    return [
        LogLine(number=i + 1, at=at + i * 0.8, phase=phase, stream=stream, text=text)
        for i, (phase, stream, text) in enumerate(said)
    ]


def stream(lab: Lab, story: Story, dice: Random, *, begun: datetime, upto: float, log: int) -> None:
    """Store it all, as its node would have sent it."""
    progress = None
    if story.ending in ("RUNNING", "STOPPING"):
        done = round(100 * upto, 1)
        told = f"Step {int(12_000 * upto):,} of 12,000"
        progress = Progress(at=begun.timestamp(), percent=done, message=told)
    lab.telemetry.apply(
        TelemetryBatch(
            job=story.id, attempt=2 if story.retried else 1, node=0, stream="sdk", offset=0, next=1,
            lines=tuple(lines(story, dice, begun=begun, count=log)) if log else (),
            chunks=tuple(curves(story, dice, begun=begun, upto=upto)),
            progress=progress,
        )
    )  # fmt: skip


def saved(lab: Lab, story: Story, dice: Random, *, ended: datetime) -> list[ArtifactSaved]:
    """Checkpoints, a model, an evaluation, a picture, a table."""
    made = [
        ("checkpoint", f"step-{step}", {"model.safetensors": _tensors(dice)}, step)
        for step in (2_000, 4_000, 6_000)
    ]
    report = {
        "accuracy": round(story.score, 4),
        "examples": 1319,
        "seed": 7,
        "by_length": {"short": 0.71, "long": 0.42},
    }
    made += [
        ("artifact", "eval-report", {"report.json": json.dumps(report, indent=2).encode()}, -1),
        ("artifact", "confusion", {"confusion.png": _picture(dice)}, -1),
        ("artifact", "predictions", {"predictions.csv": _table(dice)}, -1),
        ("artifact", "notes", {"notes.txt": b"Warm-up of 4 % helped.\n<b>not bold</b>\n"}, -1),
        (
            "model",
            "student-1.3b",
            {"model.safetensors": _tensors(dice), "config.json": b'{"layers": 24}\n'},
            -1,
        ),
    ]
    return [
        _artifact(
            lab, story, at=ended - timedelta(seconds=60 * (len(made) - i)), number=i, made=one
        )
        for i, one in enumerate(made)
    ]


def _artifact(
    lab: Lab,
    story: Story,
    *,
    at: datetime,
    number: int,
    made: tuple[str, str, dict[str, bytes], int],
) -> ArtifactSaved:
    kind, name, contents, step = made
    files = tuple(
        FrozenFile(path=path, sha256=lab.blobs.put(data), size=len(data))
        for path, data in contents.items()
    )
    return ArtifactSaved(
        originator_id=f"art_{story.id.removeprefix('job_')}_1_{number}",
        originator_version=1, at=at, by=f"node:{story.id}", team=story.team,
        experiment=story.experiment, job=story.id, attempt=1, kind=ArtifactKind(kind), name=name,
        files=files, step=step,
    )  # fmt: skip


def _tensors(dice: Random) -> bytes:
    """A small file in the safetensors format: length, header, numbers."""
    header = {
        "embed.weight": {"dtype": "F32", "shape": [64, 16], "data_offsets": [0, 4096]},
        "lm_head.weight": {"dtype": "F32", "shape": [16, 64], "data_offsets": [4096, 8192]},
        "__metadata__": {"format": "pt"},
    }
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + dice.randbytes(8192)


def _table(dice: Random) -> bytes:
    rows = ["id,expected,predicted,correct"]
    rows += [
        f"{i},{dice.randint(1, 99)},{dice.randint(1, 99)},{dice.random() < 0.5}" for i in range(60)
    ]
    return ("\n".join(rows) + "\n").encode()


def _picture(dice: Random) -> bytes:
    """A PNG of a noisy matrix, 160 × 160."""
    side, cells = 160, 8
    grid = [
        [dice.randint(0, 70) + (150 if x == y else 0) for x in range(cells)] for y in range(cells)
    ]
    raw = io.BytesIO()
    for y in range(side):
        raw.write(b"\0")
        for x in range(side):
            v = grid[y * cells // side][x * cells // side]
            raw.write(bytes((v // 3, v // 2, min(255, v + 30))))
    return _png(raw.getvalue(), side)


def _png(raw: bytes, side: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


SETUP: Sequence[str] = (
    "Collecting torch==2.8.0",
    "Installing collected packages: torch, transformers, datasets",
    "Successfully installed torch-2.8.0 transformers-5.1.0 datasets-4.4.0",
)
TRACEBACK: Sequence[str] = (
    "\x1b[31mTraceback (most recent call last):\x1b[0m",
    '  File "train.py", line 118, in <module>',
    "    loss.backward()",
    "\x1b[31mtorch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.50 GiB\x1b[0m",
)
