"""What the job's processes use, every five seconds: processors, memory, and GPUs by nvidia-smi."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time

from lab.metrics import encode_points
from lab.node.processes import descendants
from lab.node.records import NodeRecords

EVERY_S = 5.0
# https://docs.nvidia.com/deploy/nvidia-smi/index.html
_GPU_COLUMNS = {
    "utilization.gpu": "utilization_percent",
    "memory.used": "memory_used_mib",
    "memory.total": "memory_total_mib",
    "temperature.gpu": "temperature_c",
    "power.draw": "power_w",
}


def keep_measuring(records: NodeRecords, finished: threading.Event) -> None:
    """Until ``finished``; the step counts measurements."""
    nvidia_smi = shutil.which("nvidia-smi")
    step, before, cpu_before = 0, time.monotonic(), _cpu_s()[0]
    while not finished.wait(1.0 if step == 0 else EVERY_S):
        cpu_s, memory = _cpu_s()
        now = time.monotonic()
        values = {
            "system/cpu_percent": max(0.0, 100 * (cpu_s - cpu_before) / (now - before)),
            "system/memory_bytes": float(memory),
            **(_gpus(nvidia_smi) if nvidia_smi else {}),
        }
        at = time.time()
        points = [encode_points(name, [(step, value, at)]) for name, value in values.items()]
        records.write(b"".join(points))
        step, before, cpu_before = step + 1, now, cpu_s


def _cpu_s() -> tuple[float, int]:
    tree = descendants(os.getpid())
    return sum(p.cpu_s for p in tree), sum(p.memory_bytes for p in tree)


def _gpus(nvidia_smi: str) -> dict[str, float]:
    query = f"--query-gpu=index,{','.join(_GPU_COLUMNS)}"
    argv = [nvidia_smi, query, "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=4, check=True)
    except (OSError, subprocess.SubprocessError):
        return {}
    return parse_gpus(done.stdout)


def parse_gpus(text: str) -> dict[str, float]:
    """``system/gpu<i>/<what>`` of each line; what is not told (``[N/A]``) is left out."""
    values = {}
    for line in text.splitlines():
        index, *cells = [cell.strip() for cell in line.split(",")]
        for name, cell in zip(_GPU_COLUMNS.values(), cells, strict=False):
            try:
                values[f"system/gpu{index}/{name}"] = float(cell)
            except ValueError:
                continue
    return values
