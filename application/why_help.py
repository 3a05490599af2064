"""What would help, by reason: for the person who waits, the best first. What an adapter says goes before it."""

from __future__ import annotations

from collections.abc import Mapping

from domain.reasons import ReasonCode

ANEW = "Queue it on another provider: `lab provider list`."
ELSEWHERE = "Let it wait for another provider: `lab job move`."
HELP: Mapping[ReasonCode, tuple[str, ...]] = {
    ReasonCode.STOPPING: ("Wait for its grace period to pass; the provider confirms the end.",),
    ReasonCode.IMPOSSIBLE: ("Stop it and ask for what the provider has: `lab provider check`.", ELSEWHERE),
    ReasonCode.PROVIDER_DISABLED: ("Have an admin enable it: `lab provider enable`.", ELSEWHERE),
    ReasonCode.PROVIDER_UNREACHABLE: (
        "Nothing is lost: it goes on when the provider answers. See `lab provider check`.",
        ELSEWHERE,
    ),
    ReasonCode.ACCOUNT: ("Have an admin see to your account there: `lab provider show`.", ELSEWHERE),
    ReasonCode.OWNER_AWAY: ("Have an admin see to its owner: `lab team members`.",),
    ReasonCode.RETRYING: ("Wait: the next attempt begins by itself.", "Stop it with `lab job stop`."),
    ReasonCode.QUOTA: ("Have an admin raise the quota: `lab quota set`.",),
    ReasonCode.CONCURRENCY: ("Wait for one of its sweep to end, or raise `concurrency`.",),
    ReasonCode.NO_ROOM: ("Wait for a job there to end, or ask for less.", ELSEWHERE),
    ReasonCode.BEHIND: ("Queue it anew with a higher `priority`, or stop a job before it.", ELSEWHERE),
    ReasonCode.PROVIDER_QUEUE: ("Wait: the provider starts it in its own order.", ANEW),
    ReasonCode.OTHER_WAIT: (ELSEWHERE,),
    ReasonCode.UNLOOKED: ("If that lasts, no worker is running: `lab server status`.",),
    ReasonCode.SUBMITTING: ("Wait: the worker hands it to the provider.",),
    ReasonCode.STARTING: ("Wait: the provider prepares a machine.",),
    ReasonCode.STALLED: ("Look at its output with `lab job logs`; stop it if it hangs.",),
    ReasonCode.UNSEEN: ("Wait: it counts as lost if that lasts, and is retried if it may be.",),
}  # fmt: skip
AFTER: Mapping[str, tuple[str, ...]] = {
    "user_code": ("Read its last lines with `lab job logs`, mend the code, and queue it anew.",),
    "setup": ("Read its last lines with `lab job logs` and mend `setup`.",),
    "out_of_memory": ("Ask for more `memory`, or use less: a smaller batch.",),
    "timeout": ("Raise `timeout`, or resume it from its checkpoint with `lab job resume`.",),
    "quota": ("Have an admin raise the quota, then `lab job resume`.",),
    "preempted": ("Resume it with `lab job resume`; `retries` does so by itself.",),
    "node_lost": ("Resume it with `lab job resume`; `retries` does so by itself.",),
    "cancelled": ("Ask who cancelled it there; `lab job retry` queues it anew.",),
    "provider": ("Mend what the provider says, or queue it elsewhere: `lab job retry`.",),
}


def help_of_wait(kind: ReasonCode, code: str) -> tuple[str, ...]:
    """Of a recorded wait. A lack of one thing is helped by asking for less of that."""
    what = code.partition(":")[2].strip()
    if kind is ReasonCode.NO_ROOM and what:
        return (f"Wait for a job there to end, or ask for fewer {what}.", ELSEWHERE)
    return HELP.get(kind, ())


def help_after(blame: str) -> tuple[str, ...]:
    """Of an end that was ``blame``'s."""
    return AFTER.get(blame, ())
