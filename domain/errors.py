"""Every refusal Labledger knows, as one tree.

LabError
├── InvalidInput ── InvalidTask
├── NotFound ── Foreign
├── HostRefused
├── AlreadyExists
├── IllegalTransition ── NotQueued
├── LimitExceeded ── QuotaExceeded, BudgetExceeded
├── Conflict                 (transient: load again and decide again)
├── IdempotencyKeyReused
├── NotAuthenticated
├── PermissionDenied
├── RateLimited              (transient)
├── StoreUnavailable         (transient)
├── UnknownEvent
└── ProviderError            (its subclasses live in ``providers/base.py``)

An error carries its values; the sentence is made from them and names the way out.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec


class LabError(Exception):
    """Something Labledger refuses or cannot do, told to the person who can mend it.

    ``noted`` is under which name somebody who looks for an attack finds it; empty: a mistake of the
    kind that everybody makes.
    """

    code: ClassVar[str] = "LAB_ERROR"
    sentence: ClassVar[str] = "{message}"
    transient: ClassVar[bool] = False
    noted: ClassVar[str] = ""

    def __init__(self, **values: object) -> None:
        self.values = values
        super().__init__(self.sentence.format(**values))


class InvalidInput(LabError):
    """One field of a request is not acceptable. Values: ``field``, ``value``, ``way_out``."""

    code = "INVALID_INPUT"
    sentence = "{field}: {value!r} is not acceptable. {way_out}"

    def __init__(self, *, field: str, value: object, way_out: str) -> None:
        super().__init__(field=field, value=shorten(value), way_out=way_out)


class OutsidePath(InvalidInput):
    """A path that leads out of where it may be."""

    noted = "OUTSIDE_PATH"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong in a task file. ``line`` and ``column`` are 1-based; 0 means unknown."""

    path: str
    message: str
    value: str = ""
    suggestion: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        where = f"line {self.line}, column {self.column}: " if self.line else ""
        hint = f" {self.suggestion}" if self.suggestion else ""
        return f"{where}{self.path or 'task.yaml'}: {self.message}{hint}"


class InvalidTask(InvalidInput):
    """A task file has problems; ``problems`` lists every one, in file order."""

    code = "INVALID_TASK"
    sentence = "task.yaml has {count} problem(s):\n{text}"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        text = "\n".join(f"  {p}" for p in problems)
        LabError.__init__(self, count=len(problems), text=text)


class HostRefused(LabError):
    """The server is not sent to that host by what people type. Values: ``host``, ``why``."""

    code = "INVALID_INPUT"
    noted = "HOST_REFUSED"
    sentence = (
        "{host}: the server does not ask this host ({why}). Write the full commit, "
        "or have it added to LAB_GIT_HOSTS."
    )


class NotFound(LabError):
    """No such thing, or not for this person: the two are never told apart."""

    code = "NOT_FOUND"
    sentence = "There is no {kind} {id!r} here.{way_out}"
    LISTED: ClassVar[frozenset[str]] = frozenset(
        {"job", "task", "experiment", "provider", "secret", "token", "team"}
    )

    def __init__(self, *, kind: str, id: str) -> None:  # the field is called id
        way_out = f" List what there is with `lab {kind} list`." if kind in self.LISTED else ""
        super().__init__(kind=kind, id=shorten(id), way_out=way_out)


class Foreign(NotFound):
    """It is there, and another team's: told as one that is not there, and noted as what it is."""

    noted = "FOREIGN"


class UnknownLink(NotFound):
    """The end of a link that opens nothing: made up, used, withdrawn or too old."""

    noted = "UNKNOWN_LINK"


class AlreadyExists(LabError):
    """A name that must be unique is taken. Values: ``kind``, ``name``, ``holder``."""

    code = "ALREADY_EXISTS"
    sentence = "The {kind} {name!r} exists already ({holder}). Choose another name."

    def __init__(self, *, kind: str, name: str, holder: str = "") -> None:
        super().__init__(kind=kind, name=shorten(name), holder=holder or "in this team")


class IllegalTransition(LabError):
    """A job cannot do that from where it is. Values: ``job``, ``now``, ``wanted``."""

    code = "ILLEGAL_TRANSITION"
    sentence = "Job {job} is {now} and cannot become {wanted}."


class NotQueued(IllegalTransition):
    """Only a job that waits can be moved: elsewhere it has a machine, or had its last. Values: ``job``, ``now``."""

    code = "NOT_QUEUED"
    sentence = "Job {job} is {now}; only a QUEUED job can be moved. `lab job retry` runs it anew."


class LimitExceeded(LabError):
    """A month's limit does not allow it. ``whose`` limit that is follows from ``scope``."""

    def __init__(self, *, scope: object, **values: object) -> None:
        whose = (
            "the team" if str(scope).removeprefix("money-").startswith("team:") else "the member"
        )
        super().__init__(scope=scope, whose=whose, **values)


class QuotaExceeded(LimitExceeded):
    """A reservation does not fit. Values: ``scope``, ``asked``, ``left``, ``limit`` (minutes)."""

    code = "QUOTA_EXCEEDED"
    sentence = (
        "The quota of {whose} does not suffice: {asked} minutes asked, {left} left of {limit} this month. "
        "Ask for less with `minutes_requested` or `timeout`, or have an admin raise the quota."
    )


class BudgetExceeded(LimitExceeded):
    """Money does not suffice. Values: ``scope``, ``asked``, ``left``, ``limit``, ``currency``."""

    code = "BUDGET_EXCEEDED"
    sentence = (
        "The budget of {whose} does not suffice: {asked} {currency} asked, {left} left of {limit} this "
        "month. Ask for less with `minutes_requested` or `timeout`, or have an admin raise the budget."
    )


class Conflict(LabError):
    """Another fact was recorded first; load again and decide again. Safe to retry."""

    code = "CONFLICT"
    sentence = "{stream} was changed at the same time. Try again."
    transient = True


class IdempotencyKeyReused(LabError):
    """The same idempotency key came with another request. Values: ``key``."""

    code = "IDEMPOTENCY_KEY_REUSED"
    sentence = "Idempotency key {key!r} was used for a different request. Use a new key."


class NotAuthenticated(LabError):
    """Nobody is signed in, or the credential is unknown, expired or revoked."""

    code = noted = "NOT_AUTHENTICATED"
    sentence = "Not signed in: {why}. Run `lab login`."


class PermissionDenied(LabError):
    """Signed in, and not allowed. Values: ``action``, ``role``."""

    code = noted = "PERMISSION_DENIED"
    sentence = "Your role ({role}) may not {action}. Ask a team owner or admin."


class TeamClosed(PermissionDenied):
    sentence = "This team is closed: it can be read, and nothing can be changed."


class RuleDenied(PermissionDenied):
    sentence = "A rule of your team does not let you {action} here. Ask a team owner or admin."


class TokenLimited(PermissionDenied):
    sentence = "This API token may only {scopes}. Use another one, or sign in."


class RateLimited(LabError):
    """Too many tries. Values: ``retry_after_s``."""

    code = noted = "RATE_LIMITED"
    sentence = "Too many tries. Wait {retry_after_s} s."
    transient = True


class StoreUnavailable(LabError):
    """The database does not answer; nothing was recorded, or the same request may be sent again."""

    code = "STORE_UNAVAILABLE"
    sentence = "The database does not answer ({why}). Nothing is lost; try again."
    transient = True


class UnknownEvent(LabError):
    """A stored event this version cannot read. Values: ``topic``, ``why``. Never transient."""

    code = "UNKNOWN_EVENT"
    sentence = (
        "Event {topic!r} cannot be read: {why}. "
        "It was probably written by a newer version; upgrade, nothing is skipped."
    )


def shorten(value: object, limit: int = 80) -> str:
    """``value`` as one printable line of at most ``limit`` characters: safe to show in any error."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[: limit + 1])
    return text if len(text) <= limit else text[: limit - 1] + "…"
