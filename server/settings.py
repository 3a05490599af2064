"""Every setting of the server, read once from the environment into a frozen value.

An unknown ``LAB_…`` variable of the server is refused with the list of known ones, because a
misspelt limit must not silently be no limit.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import InvalidInput
from domain.weights import read_weights
from server.oidc.config import Client, read_clients

DEFAULT_PORT = 8470


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Defaults are for one machine. Times in seconds, sizes as named."""

    home: Path
    """LAB_HOME: data of the embedded database, artifacts, job folders, the master key."""
    database_url: str = ""
    """LAB_DATABASE_URL: a PostgreSQL >= 15; empty starts the embedded one in LAB_HOME."""
    pg_bin: str = ""
    """LAB_PG_BIN: the folder of PostgreSQL's programs; looked for when empty."""
    schema: str = "lab"
    """LAB_DATABASE_SCHEMA"""
    host: str = "127.0.0.1"
    """LAB_HOST: the address to listen on."""
    port: int = DEFAULT_PORT
    """LAB_PORT"""
    url: str = ""
    """LAB_URL: how browsers and nodes reach the server; http://host:port when empty."""
    storage_url: str = ""
    """LAB_STORAGE_URL: file:///path or s3://bucket/prefix?endpoint=…; LAB_HOME/artifacts when empty."""
    master_key: str = ""
    """LAB_MASTER_KEY: base64 of 32 bytes; the file LAB_HOME/master.key when empty."""
    master_key_command: str = ""
    """LAB_MASTER_KEY_COMMAND: prints that; for a key service."""
    stop_grace_s: float = 30.0
    """LAB_STOP_GRACE_S: from SIGTERM to SIGKILL."""
    launch_timeout_s: float = 3600.0
    """LAB_LAUNCH_TIMEOUT_S: for tasks that name none."""
    stalled_after_s: float = 900.0
    """LAB_STALLED_AFTER_S: a running job without a sign of work is called stalled."""
    team_quota_minutes: int | None = 1_000_000
    """LAB_TEAM_QUOTA_MINUTES: a month's compute minutes of a new team, or unlimited."""
    team_budget: float | None = None
    """LAB_TEAM_BUDGET: money a month of a new team, in LAB_CURRENCY, or unlimited."""
    currency: str = "USD"
    """LAB_CURRENCY: what budgets are kept in; prices are taken to be in it."""
    accelerator_weights: Mapping[str, float] = field(default_factory=dict)
    """LAB_ACCELERATOR_WEIGHTS: what a second counts, like H100=4,A100=2,*=1; 1 when empty."""
    default_reservation_minutes: int = 60
    """LAB_DEFAULT_RESERVATION_MINUTES: held for a job that names no minutes and no timeout."""
    metric_days: int = 365
    """LAB_METRIC_DAYS: how long metric points are kept."""
    log_days: int = 365
    """LAB_LOG_DAYS: how long log lines are kept."""
    smtp_url: str = field(default="", repr=False)
    """LAB_SMTP_URL: smtp://user:password@host:587 or smtps://…:465; no mail is sent when empty."""
    mail_from: str = ""
    """LAB_MAIL_FROM: the address that mails come from; needed with LAB_SMTP_URL."""
    oidc: str = field(default="", repr=False)
    """LAB_OIDC: a JSON list of identity providers, or the path of a file with one."""
    oidc_clients: tuple[Client, ...] = ()
    """Made of LAB_OIDC and the client secrets that it names."""
    registration: str = "invitation"
    """LAB_REGISTRATION: invitation, open, or domain:example.org: who may make an account."""
    run_dir_minutes: int = 60
    """LAB_RUN_DIR_MINUTES: how long the folder of an ended Local job is kept."""
    allow_local_git: bool = False
    """LAB_ALLOW_LOCAL_GIT: accept file:// git sources."""
    git_hosts: str = ""
    """LAB_GIT_HOSTS: hosts in private networks that git sources may be on, with commas."""
    allow_local_webhooks: bool = False
    """LAB_ALLOW_LOCAL_WEBHOOKS: notify plain-HTTP addresses and private networks too."""
    notify_tries: int = 10
    """LAB_NOTIFY_TRIES: after so many a message is given up and listed as dead."""
    notify_retry_s: float = 5.0
    """LAB_NOTIFY_RETRY_S: before the second try; twice as long before each further one, at most an hour."""
    notify_days: int = 30
    """LAB_NOTIFY_DAYS: how long ended deliveries are listed."""
    development: bool = False
    """LAB_DEVELOPMENT: GraphQL introspection tools and plain-HTTP cookies on other hosts."""
    failpoint: str = ""
    """LAB_FAILPOINT: NAME or NAME:COUNT, for tests: kill this process when it gets there."""

    @property
    def master_key_file(self) -> Path:
        """Used when the key comes neither from the environment nor from a command."""
        return self.home / "master.key"

    @property
    def base_url(self) -> str:
        return self.url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def binaries(self) -> Path | None:
        return Path(self.pg_bin) if self.pg_bin else None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read ``LAB_…``. ``InvalidInput`` names the variable and the way out."""
        raw = {k: v for k, v in environ.items() if k.startswith("LAB_") and k not in CLIENT}
        unknown = sorted(set(raw) - set(VARIABLES))
        if unknown:
            near = difflib.get_close_matches(unknown[0], VARIABLES, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            way_out = f"{hint}Known: {', '.join(sorted(VARIABLES))}."
            raise InvalidInput(field=unknown[0], value=raw[unknown[0]], way_out=way_out)
        values = {VARIABLES[k]: _convert(k, v) for k, v in raw.items() if v}
        home = Path(str(values.pop("home", "") or _default_home(environ))).expanduser().absolute()
        values["oidc_clients"] = read_clients(str(values.get("oidc", "")), environ)
        return cls(home=home, **values)  # type: ignore[arg-type]  # _convert gives each field its type


CLIENT = frozenset(
    {"LAB_SERVER_URL", "LAB_TOKEN", "LAB_PROFILE", "LAB_CONFIG_DIR", "LAB_TEAM"}
    | {"LAB_EXPERIMENT", "LAB_PASSWORD", "LAB_NO_COLOR"}
)
"""Read by the command line, not by the server."""

VARIABLES: Mapping[str, str] = {
    "LAB_HOME": "home",
    "LAB_DATABASE_URL": "database_url",
    "LAB_DATABASE_SCHEMA": "schema",
    "LAB_PG_BIN": "pg_bin",
    "LAB_HOST": "host",
    "LAB_PORT": "port",
    "LAB_URL": "url",
    "LAB_STORAGE_URL": "storage_url",
    "LAB_MASTER_KEY": "master_key",
    "LAB_MASTER_KEY_COMMAND": "master_key_command",
    "LAB_STOP_GRACE_S": "stop_grace_s",
    "LAB_LAUNCH_TIMEOUT_S": "launch_timeout_s",
    "LAB_STALLED_AFTER_S": "stalled_after_s",
    "LAB_TEAM_QUOTA_MINUTES": "team_quota_minutes",
    "LAB_TEAM_BUDGET": "team_budget",
    "LAB_CURRENCY": "currency",
    "LAB_ACCELERATOR_WEIGHTS": "accelerator_weights",
    "LAB_DEFAULT_RESERVATION_MINUTES": "default_reservation_minutes",
    "LAB_METRIC_DAYS": "metric_days",
    "LAB_LOG_DAYS": "log_days",
    "LAB_SMTP_URL": "smtp_url",
    "LAB_MAIL_FROM": "mail_from",
    "LAB_OIDC": "oidc",
    "LAB_REGISTRATION": "registration",
    "LAB_RUN_DIR_MINUTES": "run_dir_minutes",
    "LAB_ALLOW_LOCAL_GIT": "allow_local_git",
    "LAB_GIT_HOSTS": "git_hosts",
    "LAB_ALLOW_LOCAL_WEBHOOKS": "allow_local_webhooks",
    "LAB_NOTIFY_TRIES": "notify_tries",
    "LAB_NOTIFY_RETRY_S": "notify_retry_s",
    "LAB_NOTIFY_DAYS": "notify_days",
    "LAB_DEVELOPMENT": "development",
    "LAB_FAILPOINT": "failpoint",
}
WHOLE = frozenset({"port", "team_quota_minutes", "default_reservation_minutes"}) | frozenset(
    {"metric_days", "log_days", "run_dir_minutes", "notify_tries", "notify_days"}
)
NUMBERS = frozenset(
    {"team_budget", "stop_grace_s", "launch_timeout_s", "stalled_after_s", "notify_retry_s"}
)
LIMITS = frozenset({"team_quota_minutes", "team_budget"})
UNLIMITED = "unlimited"
SWITCHES = frozenset({"allow_local_git", "allow_local_webhooks", "development"})
SWITCH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def _convert(variable: str, text: str) -> object:
    name = VARIABLES[variable]
    if name == "accelerator_weights":
        return read_weights(text, field=variable)
    if name in LIMITS and text.lower() == UNLIMITED:
        return None
    try:
        if name in WHOLE:
            return _positive(int(text))
        if name in NUMBERS:
            return _positive(float(text))
    except ValueError as error:
        way_out = "Give a number that is not negative."
        raise InvalidInput(field=variable, value=text, way_out=way_out) from error
    if name in SWITCHES:
        if text.lower() not in SWITCH:
            raise InvalidInput(field=variable, value=text, way_out="Give 1 or 0.")
        return SWITCH[text.lower()]
    return text


def _positive(number: float) -> float:
    if number < 0:
        raise ValueError(number)
    return number


def _default_home(environ: Mapping[str, str]) -> str:
    if os.geteuid() == 0:  # the database then runs as `nobody`, who may not enter root's home
        return "/var/lib/labledger"
    # https://specifications.freedesktop.org/basedir-spec/latest/
    return environ.get("XDG_DATA_HOME", "~/.local/share") + "/labledger"
