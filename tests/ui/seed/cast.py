"""Who is in the furnished lab, and what they work on: names, tasks, machines."""

from __future__ import annotations

from domain.teams import Role

EMAIL, PASSWORD = "ada@lab.example", "correct horse battery"
VIEWER = "ida@lab.example"
TEAM = "Fieldmouse Lab"
PEOPLE = (
    ("Ada Lovelace", EMAIL, Role.OWNER),
    ("Grace Hopper", "grace@lab.example", Role.ADMIN),
    ("Alan Turing", "alan@lab.example", Role.MEMBER),
    ("Edsger Dijkstra", "edsger@lab.example", Role.MEMBER),
    ("Lise Meitner", "lise@lab.example", Role.MEMBER),
    ("Ida Rhodes", VIEWER, Role.VIEWER),
)
EXPERIMENTS = {
    "reasoning-distill": "Can a 1.3B student keep the long-chain reasoning of its teacher?",
    "vision-backbone": "Cheaper vision backbones for the microscope images.",
    "tiny-asr": "Speech recognition that fits into 40 MB.",
}
MACHINES = {
    "workshop": ("CPU", 0, 0.0),
    "hpc-cluster": ("A100", 4, 0.0),
    "h100-pool": ("H100", 8, 26.4),
}
"""Accelerator, count, price an hour, by provider."""
TASKS = (
    ("distill-student", "reasoning-distill", "h100-pool"),
    ("eval-gsm8k", "reasoning-distill", "hpc-cluster"),
    ("reward-model", "reasoning-distill", "hpc-cluster"),
    ("backbone-pretrain", "vision-backbone", "h100-pool"),
    ("backbone-probe", "vision-backbone", "workshop"),
    ("asr-quantize", "tiny-asr", "workshop"),
    ("asr-train", "tiny-asr", "hpc-cluster"),
)
NOTES = """# Where we are

The student keeps **91 %** of the teacher's accuracy on GSM8K at a tenth of the parameters.

## What worked

- temperature 2.0 in the loss, not 1.0
- warm-up over 4 % of the steps
- `lora_rank` 32; 64 brings nothing

| run | rank | accuracy |
| --- | --- | --- |
| baseline | 8 | 0.412 |
| distill-student | 32 | 0.557 |

> Next: does it hold for longer chains? See the [plan](https://lab.example/plan).

```python
loss = kl(student / T, teacher / T) * T**2
```
"""


def task_yaml(name: str, *, machine: str, revision: int = 1) -> str:
    """The text of a task; revisions differ in a few lines."""
    kind, count, _ = MACHINES[machine]
    accelerators = f"\n  accelerators: {kind}:{count}" if count else ""
    epochs = 2 + revision
    return f"""name: {name}
description: {name.replace("-", " ").capitalize()}, revision {revision}
resources:
  compute_provider: {machine}
  cpus: 8
  memory: 64{accelerators}
envs:
  TOKENIZERS_PARALLELISM: "false"
parameters:
  learning_rate: {{type: float, default: 0.0003, min: 0.000001, max: 1, description: Peak of the schedule}}
  batch_size: {{type: int, default: 64, min: 1, max: 4096}}
  lora_rank: {{type: enum, options: [8, 16, 32, 64], default: 32}}
  epochs: {{type: int, default: {epochs}, min: 1, max: 50}}
  bf16: {{type: bool, default: true}}
setup: |
  pip install -r requirements.txt
run: |
  python train.py --epochs {epochs}
timeout: 6h
retries: 1
"""
