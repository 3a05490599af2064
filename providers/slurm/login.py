"""Asks the login node: runs one of our scripts there and names what its exit code means."""

from __future__ import annotations

from collections.abc import Iterable

from domain.errors import shorten
from providers.base import NoCapacity, ProviderUnavailable, SubmissionRefused
from providers.slurm.connecting import Link
from providers.slurm.scripts import login_argv
from providers.slurm.settings import SlurmSettings
from providers.ssh import Done

NO_FOLDER, NO_SLURM, CUT_SHORT, REFUSED, NO_SDK = 70, 71, 72, 73, 75
REASONS = {
    NO_FOLDER: "the work folder {work} cannot be used: {err}",
    NO_SLURM: "Slurm does not answer: {err}",
    CUT_SHORT: "the upload was cut short: {err}",
}
FULL = ("No space left", "quota exceeded", "I/O error writing script")
"""strerror(3) of ENOSPC and EDQUOT, and what sbatch says when the controller's disk is full."""


class Login:
    """One login node."""

    def __init__(self, settings: SlurmSettings, link: Link) -> None:
        self.settings = settings
        self.link = link

    def ask(self, name: str, *arguments: str, stdin: Iterable[bytes] = ()) -> bytes:
        """Standard output of ``slurm_<name>.sh``; every failure is ``ProviderUnavailable``."""
        done = self.run(name, *arguments, stdin=stdin)
        if done.code:
            raise self.unavailable(done)
        return done.out

    def lines(self, name: str, *arguments: str, stdin: Iterable[bytes] = ()) -> list[str]:
        return self.ask(name, *arguments, stdin=stdin).decode(errors="replace").splitlines()

    def run(self, name: str, *arguments: str, stdin: Iterable[bytes] = ()) -> Done:
        argv = login_argv(name, *arguments, slurm_bin=self.settings.slurm_bin)
        return self.link.run(argv, stdin=stdin)

    def unavailable(self, done: Done) -> ProviderUnavailable | NoCapacity:
        """What the exit code of a script means. A full disk before sbatch leaves nothing behind."""
        err = shorten(done.err or "no reason given", 300)
        known = REASONS.get(done.code, "the login node answered {code}: {err}")
        reason = known.format(work=self.settings.work_folder, err=err, code=done.code)
        full = done.code in (NO_FOLDER, CUT_SHORT) and _is_full(done.err)
        kind = NoCapacity if full else ProviderUnavailable
        return kind(provider="slurm", reason=reason)

    def refused(self, done: Done) -> SubmissionRefused | NoCapacity:
        """sbatch's own words. A full disk and a limit on how many jobs may wait pass with time.

        https://slurm.schedmd.com/resource_limits.html (MaxSubmitJobs)
        """
        passes = "MaxSubmit" in done.err or _is_full(done.err)
        kind = NoCapacity if passes else SubmissionRefused
        return kind(provider="slurm", reason=done.err)


def _is_full(err: str) -> bool:
    return any(words in err for words in FULL)
