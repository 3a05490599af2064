"""Builds the object graph by hand, top to bottom; the only place that knows every concrete class."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from application.account_ports import IdentityProviders
from application.clock import RandomIds, SystemClock
from application.lab import Lab, Policy
from application.log import EventLog
from application.registration import parse_registration
from domain.errors import NotFound
from projections.abreast import Abreast
from projections.catalogue import PROJECTIONS
from projections.channels import CHANNELS_PROJECTION
from projections.connection import Pool
from projections.deliveries import Deliveries
from projections.log_index import LogIndex
from projections.past import Historian
from projections.projector import Projector
from projections.queries import Queries
from projections.telemetry import TelemetryStore
from projections.telemetry_queries import TelemetryQueries
from providers.storage.base import ArtifactStore
from providers.storage.open import open_store
from server.courier import HttpCourier
from server.credentials import HashedCredentials
from server.device_logins import WaitingDevices
from server.failpoints import failpoint
from server.git_hosts import GitHosts
from server.holdings import TeamHoldings
from server.keyring import KeyRing
from server.keys import MasterKey
from server.live_providers import LiveProviders
from server.login_failures import SharedFailures
from server.mail import BackgroundMailer, MailNow, Smtp, nowhere, smtp_from, to_log
from server.oidc.none import NoIdentities
from server.postgres.event_store import PostgresEventLog
from server.postgres.locks import AdvisoryLocks
from server.postgres.migrate import migrate
from server.postgres.recorder import open_pool
from server.posting import Poster
from server.proofs import WholeLog
from server.secret_store import EncryptedSecrets
from server.settings import Settings
from server.traced_secrets import TracedSecrets
from server.vault import PersonVault

SDK = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class System:
    """What web and worker share; ``dsn`` is the database that was migrated."""

    settings: Settings
    dsn: str
    pool: Pool
    lab: Lab
    queries: Queries
    deliveries: Deliveries
    telemetry: TelemetryQueries
    vault: PersonVault
    projectors: tuple[Projector, ...]
    historians: tuple[Historian, ...]
    """They keep every version of every row, at a pace of their own."""
    abreast: Abreast
    past_abreast: Abreast
    """The projectors, and the historians, while they stand at one position."""
    index: LogIndex
    proofs: WholeLog
    page_secret: str
    """Signs the browser storage of the pages; derived from the master key."""


@contextmanager
def system(settings: Settings, dsn: str, *, connections: int = 8) -> Iterator[System]:
    """The whole graph over a migrated database; closes its connections at the end."""
    migrate(dsn, settings.schema)
    locks = AdvisoryLocks(dsn, settings.schema)
    with open_pool(dsn, max_size=connections) as pool:
        try:
            with closing(_mailer(settings)) as mailer:
                yield _build(settings, dsn, pool, locks, mailer)
        finally:
            locks.close()


def _build(
    settings: Settings, dsn: str, pool: Pool, locks: AdvisoryLocks, mailer: BackgroundMailer
) -> System:
    schema = settings.schema
    ring = KeyRing(pool, schema, master_key(settings))
    vault = PersonVault(pool, schema, ring)
    queries = Queries(pool, schema)
    projectors = tuple(Projector(pool, projection, schema) for projection in PROJECTIONS)
    historians = tuple(Historian(pool, projection, schema) for projection in PROJECTIONS)
    lab = _lab(settings, pool, ring, vault=vault, queries=queries, locks=locks, mailer=mailer)
    return System(
        settings=settings,
        dsn=dsn,
        pool=pool,
        lab=lab,
        proofs=WholeLog(dsn, schema, log=lab.log, locks=locks, ring=ring),
        queries=queries,
        deliveries=Deliveries(pool, schema, channels=CHANNELS_PROJECTION.table_name("channels")),
        telemetry=TelemetryQueries(pool, schema),
        vault=vault,
        page_secret=ring.key("pages").hex(),
        projectors=projectors,
        index=LogIndex(pool, schema),
        historians=historians,
        abreast=Abreast(pool, projectors, schema, positions="positions"),
        past_abreast=Abreast(pool, historians, schema, positions="past_positions"),
    )


def _lab(
    settings: Settings,
    pool: Pool,
    ring: KeyRing,
    *,
    vault: PersonVault,
    queries: Queries,
    locks: AdvisoryLocks,
    mailer: BackgroundMailer,
) -> Lab:
    schema = settings.schema
    log = PostgresEventLog(pool, schema)
    blobs = open_store(settings.storage_url or f"file://{settings.home / 'artifacts'}")
    reached = failpoint(settings.failpoint)
    secrets = EncryptedSecrets(pool, schema, ring)
    credentials = HashedCredentials(pool, schema, ring)
    traced = TracedSecrets(log, secrets, SystemClock())
    return Lab(
        log=log,
        clock=SystemClock(),
        ids=RandomIds(),
        vault=vault,
        secrets=secrets,
        credentials=credentials,
        failures=SharedFailures(pool, schema, ring),
        device_logins=WaitingDevices(pool, schema),
        telemetry=TelemetryStore(pool, schema),
        blobs=blobs,
        holdings=TeamHoldings(pool, schema),
        providers=_providers(settings, log, blobs=blobs, traced=traced, reached=reached),
        locks=locks,
        courier=_courier(settings, traced, email_of=lambda user: _email(queries, vault, user)),
        hosts=GitHosts(settings.git_hosts.split(",")),
        mailer=mailer,
        identities=_identities(settings, credentials),
        policy=_policy(settings),
        reached=reached,
    )


def _identities(settings: Settings, credentials: HashedCredentials) -> IdentityProviders:
    """Imported where there is one: its HTTP client would cost every start a tenth of a second."""
    if not settings.oidc_clients:
        return NoIdentities()
    flow = import_module("server.oidc.flow")
    made: IdentityProviders = flow.OidcProviders(
        settings.oidc_clients, credentials, clock=SystemClock(), ids=RandomIds()
    )
    return made


def _mailer(settings: Settings) -> BackgroundMailer:
    if settings.smtp_url:
        return BackgroundMailer(_smtp(settings).deliver, configured=True)
    return BackgroundMailer(to_log if settings.development else nowhere, configured=False)


def _smtp(settings: Settings) -> Smtp:
    return smtp_from(settings.smtp_url, settings.mail_from)


def _providers(
    settings: Settings,
    log: EventLog,
    *,
    blobs: ArtifactStore,
    traced: TracedSecrets,
    reached: Callable[[str], None],
) -> LiveProviders:
    read, secret = blobs.read, traced.reader("providers")
    return LiveProviders(
        log,
        home=settings.home,
        sdk=SDK,
        read_blob=read,
        secret=secret,
        reached=reached,
        currency=settings.currency,
    )


def _courier(
    settings: Settings, traced: TracedSecrets, *, email_of: Callable[[str], str]
) -> HttpCourier:
    local = settings.allow_local_webhooks
    return HttpCourier(
        Poster(local=local),
        clock=SystemClock(),
        secret=traced.reader("channels"),
        email_of=email_of,
        mailer=MailNow(_smtp(settings).deliver) if settings.smtp_url else None,
        local=local,
    )


def _email(queries: Queries, vault: PersonVault, user: str) -> str:
    row = queries.user(user)
    if row is None:
        raise NotFound(kind="account", id=user)
    return vault.open(user, row.email_sealed)


def master_key(settings: Settings) -> MasterKey:
    """From the environment, else a command, else the file, which is made when absent."""
    if settings.master_key:
        return MasterKey.from_text(settings.master_key)
    if settings.master_key_command:
        return MasterKey.from_command(settings.master_key_command)
    settings.home.mkdir(parents=True, exist_ok=True)
    return MasterKey.from_file(settings.master_key_file)


def _policy(settings: Settings) -> Policy:
    return Policy(
        launch_timeout_s=settings.launch_timeout_s,
        stalled_after_s=settings.stalled_after_s,
        stop_grace_s=settings.stop_grace_s,
        default_reservation_s=settings.default_reservation_minutes * 60,
        team_budget=settings.team_budget,
        currency=settings.currency,
        team_quota_minutes=settings.team_quota_minutes,
        accelerator_weights=settings.accelerator_weights,
        server_url=settings.base_url,
        allow_local_git=settings.allow_local_git,
        registration=parse_registration(settings.registration),
    )
