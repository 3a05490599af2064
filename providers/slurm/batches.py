"""Many attempts in few questions to the login node: as arrays, in halves where Slurm has no room for all.

What an array is and what is sent of it: ``providers/slurm/arrays.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from providers.base import (
    Handle,
    JobRequest,
    NoCapacity,
    ProviderError,
    SubmissionRefused,
    Submitted,
)
from providers.slurm.archive import parcels, tar
from providers.slurm.arrays import Array, array_members, group
from providers.slurm.inventory import Node
from providers.slurm.login import REFUSED, Login
from providers.slurm.submission import Place
from providers.ssh import Done

LARGEST = 1000
"""Elements of one array, and of one upload, even where MaxArraySize allows more."""

Outcome = Submitted | ProviderError
Deliver = Callable[[Callable[[], Done]], Done]


@dataclass(frozen=True, kw_only=True)
class Batches:
    """One cluster. ``one`` submits an attempt by itself; ``deliver`` sends again after an install."""

    login: Login
    one: Callable[[JobRequest], Outcome]
    deliver: Deliver
    reached: Callable[[str], None]
    read_blob: Callable[[str], Iterable[bytes]]

    def submit(
        self, requests: Iterable[JobRequest], nodes: Sequence[Node], *, place: Place, limit: int
    ) -> Mapping[str, Outcome]:
        """Token to outcome. ``limit`` is Slurm's MaxArraySize; below 2 there are no arrays."""
        found: dict[str, Outcome] = {}
        largest = max(1, min(limit, LARGEST))
        for array in group(requests, self.login.settings, nodes, largest=largest):
            outcomes = self._array(array, nodes, place)
            tokens = (request.token for request in array.requests)
            found.update(zip(tokens, outcomes, strict=True))
        return found

    def _array(self, array: Array, nodes: Sequence[Node], place: Place) -> list[Outcome]:
        if len(array.requests) == 1:
            return [self.one(array.requests[0])]
        try:
            done = self.deliver(lambda: self._send(array, nodes, place))
        except ProviderError as unknown:
            return [unknown for _ in array.requests]
        except ValueError:  # a stored file of one of them is not whole: find out whose
            return [self.one(request) for request in array.requests]
        if done.code == REFUSED:
            return self._refused(array, nodes, place, why=self.login.refused(done))
        if done.code:
            unavailable = self.login.unavailable(done)
            return [unavailable for _ in array.requests]
        self.reached("slurm.submitted")
        return [Submitted(handle=Handle(request.token)) for request in array.requests]

    def _refused(
        self, array: Array, nodes: Sequence[Node], place: Place, *, why: ProviderError
    ) -> list[Outcome]:
        if isinstance(why, NoCapacity):
            return self._in_halves(array, nodes, place)
        return self._without_array(array)

    def _send(self, array: Array, nodes: Sequence[Node], place: Place) -> Done:
        settings = self.login.settings
        files = array_members(array, settings, nodes, place=place, read_blob=self.read_blob)
        stdin = parcels(tar(files))
        arguments = (settings.work_folder, array.name, place.sdk)
        return self.login.run("submit_array", *arguments, stdin=stdin)

    def _in_halves(self, array: Array, nodes: Sequence[Node], place: Place) -> list[Outcome]:
        """A limit on submitted jobs refuses an array whole, even when most of it has room."""
        middle = (len(array.requests) + 1) // 2
        first = self._array(array.part(0, middle), nodes, place)
        full = next((outcome for outcome in first if isinstance(outcome, ProviderError)), None)
        rest = array.part(middle)
        if full is not None:
            return [*first, *(full for _ in rest.requests)]
        return [*first, *self._array(rest, nodes, place)]

    def _without_array(self, array: Array) -> list[Outcome]:
        """What is refused as an array may be good alone; when the first is not, none of its like is."""
        first = self.one(array.requests[0])
        if isinstance(first, SubmissionRefused):
            return [first for _ in array.requests]
        return [first, *(self.one(request) for request in array.requests[1:])]
