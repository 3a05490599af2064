"""An installation beside a real Slurm cluster: its providers, and what an outsider sees of its jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from application.commands.compute import add_provider
from application.commands.secrets import set_secret
from projections.rows import EventRow, JobRow, ProviderRow
from tests.acceptance.cluster import Cluster, cluster, wait_until
from tests.fakes.schemas import unused_schema
from tests.fakes.slurm_cluster import SlurmCluster
from tests.providers.conftest import running_cluster

NOWHERE = "http://127.0.0.1:9"
"""Nobody listens at the discard port: what nodes without a network see of a server."""
GATED = 'echo waiting; until [ -e "$GATE" ]; do sleep 0.05; done\n'


class Site(Cluster):
    """Providers are made by ``connect``; a job names the one it wants by ``on``."""

    slurm: SlurmCluster

    def attach(self, slurm: SlurmCluster) -> None:
        self.slurm = slurm
        set_secret(self.parts.lab, self.me, name="HPC_KEY", value=slurm.private_key)

    def connect(self, name: str = "hpc", **settings: object) -> str:
        """A provider with a work folder of its own on the shared disk; its id."""
        all_settings = {
            "ssh_host": "127.0.0.1", "ssh_port": self.slurm.ssh_port, "ssh_user": self.slurm.user,
            "ssh_key": "HPC_KEY", "host_key": self.slurm.host_key,
            "work_folder": f"{self.work}/{name}", **settings,
        }  # fmt: skip
        return add_provider(self.parts.lab, self.me, name=name, kind="slurm", settings=all_settings)

    @property
    def work(self) -> Path:
        return self.slurm.root / "shared" / self.schema

    def on(self, name: str, run: str, *, resources: str = "", **yaml: object) -> str:
        """A job on the provider ``name``; its id."""
        wish = f"{{compute_provider: {name}{', ' if resources else ''}{resources}}}"
        return self.queue(run, resources=wish, **yaml)

    def gated(self, name: str, gate: Path, then: str = "echo passed", **yaml: object) -> str:
        """A job that waits until the file ``gate`` is there."""
        return self.on(name, GATED + then, envs=f"{{GATE: {gate}}}", **yaml)

    def row(self, job: str) -> JobRow:
        found = self.job(job)
        assert found is not None
        return found

    def until(
        self, job: str, good: Callable[[JobRow], object], *, patience_s: float = 40
    ) -> JobRow:
        """The row once it is ``good``."""
        found: list[JobRow] = []

        def look() -> bool:
            found[:] = [self.row(job)]
            return bool(good(found[0]))

        wait_until(look, patience_s=patience_s, tell=lambda: f"{found} {self.topics(job)}")
        return found[0]

    def says(self, job: str, line: str, *, node: int = 0) -> JobRow:
        """The row of a job once ``line`` is in a node's log."""
        return self.until(job, lambda row: line in self.texts(row, node=node))

    def texts(self, row: JobRow, *, node: int) -> list[str]:
        lines = self.parts.telemetry.lines(row.id, attempt=row.attempt, node=node)
        return [line.text for line in lines]

    def facts(self, job: str) -> list[EventRow]:
        return self.parts.queries.events(after=0, limit=1000, streams=[job])

    def at_provider(self, name: str) -> ProviderRow:
        self.job("")  # brings the read models up to date
        (row,) = [r for r in self.parts.queries.all_providers() if r.name == name]
        return row

    def slurm_ids(self, job: str) -> list[str]:
        """Every Slurm job that was ever made for the latest attempt; ``12_3`` for one of an array."""
        token = self.row(job).token
        called = [path.read_text().strip() for path in self.work.glob(f"*/jobs/{token}/element")]
        name, index = called[0].rsplit("_", 1) if called else (f"lab-{token}", "")
        found = self.slurm.run("squeue", "-h", "-a", "-r", "-t", "all", "-n", name, "-o", "%i")
        return [each for each in found.split() if each.partition("_")[2] == index]

    def slurm_id(self, job: str) -> str:
        """The one Slurm job of the latest attempt, once there is one."""
        wait_until(lambda: len(self.slurm_ids(job)) == 1, tell=lambda: f"{self.slurm_ids(job)}")
        return self.slurm_ids(job)[0]

    def nothing_queued(self) -> None:
        """Until Slurm has nothing that is not over; what nobody wants any more is swept once a minute."""
        wait_until(
            lambda: not self.slurm.run("squeue", "-h", "-a"),
            patience_s=150,
            tell=self.what_is_left,
        )

    def what_is_left(self) -> str:
        """All there is to be known of what Slurm still has: for whoever reads why a test failed."""
        asked = [self.slurm.run("scontrol", "-d", "show", "job", "-o")]
        for name in self.slurm.run("squeue", "-h", "-a", "-o", "%j").split():
            for folder in self.work.glob(f"*/jobs/{name.removeprefix('lab-')}*"):
                asked += [f"{path}: {path.read_text()}" for path in folder.glob("*/*.json")]
                asked += [
                    f"{path}: {path.read_text()[-2000:]}" for path in folder.glob("slurm.log")
                ]
        lately = (
            (self.home / "worker.log").read_text()[-6000:],
            self.slurm.log("slurmctld")[-9000:],
        )
        return "\n".join([*asked, *lately])


@contextmanager
def slurm_site(dsn: str, home: Path, *, nodes: int = 3) -> Iterator[Site]:
    """No process of the installation runs yet; the cluster does."""
    schema = unused_schema("slurm")
    with running_cluster(nodes=nodes) as slurm, cluster(dsn, schema, home, kind=Site) as site:
        assert isinstance(site, Site)
        site.attach(slurm)
        yield site
