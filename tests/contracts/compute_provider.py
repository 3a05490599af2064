"""What every compute provider promises. An adapter's test is a ten-line class with its fixtures.

A subclass gives ``provider`` (a fresh adapter with room for two one-CPU jobs) and may widen
``patience_s`` where its backend is slow.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count

import msgspec

from domain.job_spec import JobSpec
from domain.observations import Observation, Phase
from domain.resources import Accelerator, Resources
from providers.base import ComputeProvider, Handle, JobRequest, ProviderError, Submitted

_numbers = count(1)


def request(run: str, *, setup: str = "", grace_s: float = 5.0) -> JobRequest:
    """One attempt of a job nobody else has; its node pushes nothing."""
    number = next(_numbers)
    return JobRequest(
        job=f"job_{number}",
        attempt=1,
        token=f"{number:020x}",
        spec=JobSpec(name="contract", run=run, setup=setup),
        job_token="none",
        server_url="",
        grace_s=grace_s,
    )


class ComputeProviderContract:
    patience_s = 20.0

    def until(
        self, provider: ComputeProvider, handle: Handle, good: Callable[[Observation], bool]
    ) -> Observation:
        """The first observation that is ``good``, looking again and again."""
        end = time.monotonic() + self.patience_s
        seen = None
        while time.monotonic() < end:
            seen = provider.observe([handle]).get(handle)
            if seen is not None and good(seen):
                return seen
            time.sleep(0.02)
        raise AssertionError(f"not seen in {self.patience_s} s; last: {seen}")

    def said(self, provider: ComputeProvider, handle: Handle, text: str) -> bool:
        """Whether the command has printed the line ``text``."""
        chunks = provider.spool(handle, {}, limit=2**20)
        return any(f'"m":"{text}"'.encode() in chunk.body for chunk in chunks)

    def ended(self, provider: ComputeProvider, handle: Handle) -> Observation:
        return self.until(provider, handle, lambda o: o.phase in (Phase.ENDED, Phase.GONE))

    def test_it_says_what_it_needs_to_be_ready(self, provider: ComputeProvider) -> None:
        check = provider.check()
        assert check.rows
        assert check.ok, check.rows

    def test_a_good_command_is_observed_with_exit_code_zero(
        self, provider: ComputeProvider
    ) -> None:
        done = self.ended(provider, provider.submit(request("true")).handle)
        assert done.exit is not None
        assert (done.exit.code, done.exit.signal) == (0, None)

    def test_a_failing_command_is_observed_with_its_exit_code(
        self, provider: ComputeProvider
    ) -> None:
        done = self.ended(provider, provider.submit(request("exit 7")).handle)
        assert done.exit is not None
        assert done.exit.code == 7

    def test_a_failing_setup_is_told_apart_from_the_command(
        self, provider: ComputeProvider
    ) -> None:
        done = self.ended(provider, provider.submit(request("true", setup="false")).handle)
        assert done.exit is not None
        assert (done.exit.phase, done.exit.code) == ("setup", 1)

    def test_submitting_the_same_attempt_twice_yields_one_job(
        self, provider: ComputeProvider
    ) -> None:
        asked = request("sleep 60")
        first, second = provider.submit(asked), provider.submit(asked)
        assert first.handle == second.handle
        assert [x.token for x in provider.census()].count(asked.token) == 1
        provider.stop(first.handle, grace_s=0)

    def test_many_attempts_are_submitted_in_order_each_with_its_own_outcome(
        self, provider: ComputeProvider
    ) -> None:
        impossible = msgspec.structs.replace(request("true"), spec=wanting("Z9000", 8))
        asked = [request("exit 3"), impossible, request("true")]
        many = provider.submit_many(asked)
        assert isinstance(many[1], ProviderError)
        handles = [outcome.handle for outcome in many if isinstance(outcome, Submitted)]
        assert handles == [provider.find(asked[0].token), provider.find(asked[2].token)]
        ends = [self.ended(provider, handle).exit for handle in handles]
        assert [end and end.code for end in ends] == [3, 0]

    def test_submitting_many_again_starts_nothing_twice(self, provider: ComputeProvider) -> None:
        asked = [request("sleep 60"), request("sleep 60")]
        first, again = provider.submit_many(asked), provider.submit_many(asked[::-1])
        alone = provider.submit(asked[0])
        assert all(isinstance(outcome, Submitted) for outcome in (*first, *again))
        assert (list(first), alone) == (list(again)[::-1], first[0])
        living = provider.census()
        assert sorted(x.token for x in living) == sorted(a.token for a in asked)
        for one in living:
            provider.stop(one.handle, grace_s=0)

    def test_an_attempt_is_found_by_its_token(self, provider: ComputeProvider) -> None:
        asked = request("sleep 60")
        assert provider.find(asked.token) is None
        handle = provider.submit(asked).handle
        assert provider.find(asked.token) == handle
        provider.stop(handle, grace_s=0)

    def test_an_unknown_handle_is_absent_rather_than_stopped(
        self, provider: ComputeProvider
    ) -> None:
        assert provider.observe([Handle("f" * 20)]) == {}

    def test_stopping_ends_it_with_the_signal_and_the_census_is_empty(
        self, provider: ComputeProvider
    ) -> None:
        handle = provider.submit(request("sleep 60")).handle
        self.until(provider, handle, lambda o: o.phase is Phase.RUNNING)
        provider.stop(handle, grace_s=2)
        provider.stop(handle, grace_s=2)
        done = self.ended(provider, handle)
        assert done.exit is not None
        assert done.exit.signal == 15
        assert provider.census() == []

    def test_a_command_that_ignores_sigterm_is_killed_after_the_grace(
        self, provider: ComputeProvider
    ) -> None:
        deaf = "trap '' TERM; echo deaf; while true; do sleep 1; done"
        handle = provider.submit(request(deaf, grace_s=3600)).handle
        self.until(provider, handle, lambda _: self.said(provider, handle, "deaf"))
        provider.stop(handle, grace_s=0.5)
        done = self.ended(provider, handle)
        assert done.exit is not None
        assert done.exit.signal == 9

    def test_what_it_writes_is_in_the_spool_once(self, provider: ComputeProvider) -> None:
        handle = provider.submit(request("echo one; echo two")).handle
        self.ended(provider, handle)
        (node,) = [c for c in provider.spool(handle, {}, limit=2**20) if c.stream == "node"]
        assert node.body.count(b'"m":"one"') == 1
        after = {(node.node, node.stream): node.offset + len(node.body)}
        assert provider.spool(handle, after, limit=2**20) == []

    def test_the_providers_own_log_resumes_after_its_cursor(
        self, provider: ComputeProvider
    ) -> None:
        handle = provider.submit(request("true")).handle
        self.ended(provider, handle)
        first = provider.logs(handle, after="")
        assert provider.logs(handle, after=first.cursor).lines == ()

    def test_cleaning_up_twice_is_fine(self, provider: ComputeProvider) -> None:
        handle = provider.submit(request("true")).handle
        self.ended(provider, handle)
        provider.cleanup(handle)
        provider.cleanup(handle)

    def test_what_it_can_never_run_is_refused_for_ever(self, provider: ComputeProvider) -> None:
        from_the_future = wanting("Z9000", 8)
        wait = provider.admit(from_the_future)
        assert wait is not None
        assert wait.forever
        assert "Z9000" in wait.text


def wanting(kind: str, number: int) -> JobSpec:
    """A job that wants accelerators."""
    wanted = Accelerator(kind=kind, count=number)
    return JobSpec(name="c", run="true", resources=Resources(accelerators=wanted))
