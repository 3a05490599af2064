"""Names of things: typed ids with a readable prefix, derived values and nothing random.

New ids are made at the edge (``application/clock.py``) from a UUIDv7 and handed in.
"""

from __future__ import annotations

import hashlib
from typing import NewType

JobId = NewType("JobId", str)
TaskId = NewType("TaskId", str)
TeamId = NewType("TeamId", str)
UserId = NewType("UserId", str)
ExperimentId = NewType("ExperimentId", str)
ProviderId = NewType("ProviderId", str)
Token = NewType("Token", str)


def launch_token(job: JobId, attempt: int) -> Token:
    """The name one attempt has at its provider: 20 hex digits, always the same for the same attempt.

    It fits a Slurm job name, an EC2 client token, a Kubernetes label and a cluster name.
    """
    digest = hashlib.sha256(f"lab1|{job}|{attempt}".encode()).hexdigest()
    return Token(digest[:20])


def delivery_id(channel: str, position: int) -> str:
    """What a channel's receiver knows one event by: the same however often it is sent."""
    digest = hashlib.sha256(f"lab1|{channel}|{position}".encode()).hexdigest()
    return f"dlv_{digest[:32]}"
