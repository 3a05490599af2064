"""What would help a job that waits in Slurm, by Slurm's own reason.

# https://slurm.schedmd.com/job_reason_codes.html, Slurm 24.05
"""

from __future__ import annotations

LIMITS = ("Wait for jobs of the same account or QOS to end, or ask its administrator for more.",)
HELP: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Resources", ("Wait: it is next and starts when nodes are free. Less `cpus` or `memory` fits sooner.",)),
    ("Priority", ("Wait: others go before it. A shorter `timeout` lets Slurm backfill it.",)),
    ("Dependency", ("Wait for the jobs it depends on.",)),
    ("BeginTime", ("Wait for its begin time.",)),
    ("JobHeld", ("Have the one who holds it release it: `scontrol release`.",)),
    ("ReqNodeNotAvail", ("Have the nodes it names resumed, or name none in the provider's flags.",)),
    ("UnavailableNodes", ("Have the nodes it names resumed, or name none in the provider's flags.",)),
    ("Nodes required for job are", ("Have drained nodes resumed, or ask for nodes that are up.",)),
    ("Partition", ("Ask for what the partition allows, or set another partition of the provider.",)),
    ("Licenses", ("Wait for a licence to be free.",)),
    ("Reservation", ("Wait for the reservation to begin, or name none.",)),
    ("QOS", LIMITS),
    ("Assoc", LIMITS),
    ("MaxJobs", LIMITS),
)  # fmt: skip
"""By the beginning of the reason, the first that fits."""


def help_of(reason: str) -> tuple[str, ...]:
    """Empty for a reason that says nothing of a way out."""
    told = reason.strip("() ")
    return next((helps for start, helps in HELP if told.startswith(start)), ())
