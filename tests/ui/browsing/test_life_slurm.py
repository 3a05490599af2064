"""A real Slurm cluster in the browser: its key made here, its host key confirmed, its nodes seen, a job run on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.fakes.slurm_cluster import SlurmCluster
from tests.providers.conftest import running_cluster
from tests.ui.browser import connected, sign_in, window
from tests.ui.conftest import EMAIL, PASSWORD
from tests.ui.installed import Installed, installed

pytestmark = [pytest.mark.browser, pytest.mark.slurm, pytest.mark.xdist_group("slurm")]

TASK = """name: where
resources: {compute_provider: hpc, cpus: 1}
run: |
  echo "node $SLURMD_NODENAME of partition $SLURM_JOB_PARTITION"
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[SlurmCluster]:
    with running_cluster() as started:
        yield started


@pytest.fixture(scope="module")
def server(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    home: Path = tmp_path_factory.mktemp("life-slurm") / "home"
    with installed(postgres, home, "life_slurm") as one:
        form = {"name": "Ada", "email": EMAIL, "password": PASSWORD, "team": "Fieldmouse Lab"}
        asked = {**form, "code": one.code()}
        done = httpx.post(f"{one.url}/setup", data=asked, headers={"origin": one.url}, timeout=30)
        assert done.headers["location"] == "/"
        yield one


def test_a_cluster_is_added_looked_at_and_runs_a_job_in_the_browser(
    server: Installed, cluster: SlurmCluster, browser: Browser
) -> None:
    with window(browser, server.url) as (page, wrong):
        sign_in(page, EMAIL, PASSWORD)
        public = _made_key(page)
        allowed = cluster.root / "ssh" / f"authorized_keys_{cluster.user}"
        allowed.write_text(f"{allowed.read_text().rstrip()}\n{public}\n")
        _added(page, cluster)
        _nodes(page, cluster)
        _job(page)
        assert wrong == []


def _made_key(page: Page) -> str:
    """The public part of a key that the server makes and keeps."""
    page.goto("/secrets?new=key")
    connected(page)
    page.fill("#key-name", "HPC_KEY")
    page.click(".dlg button:has-text('Make it')")
    shown = page.locator("section[aria-label='SSH keys'] [data-copy]")
    expect(shown).to_be_visible()
    public = shown.get_attribute("data-copy")
    assert public is not None
    assert public.startswith("ssh-ed25519 ")
    return public


def _added(page: Page, cluster: SlurmCluster) -> None:
    """The host key is shown and not trusted before somebody says that it is the right one."""
    page.goto("/providers/new?kind=slurm")
    connected(page)
    page.fill("#p-name", "hpc")
    work = cluster.root / "shared" / "walk"
    for key, value in {
        "ssh_host": "127.0.0.1", "ssh_user": cluster.user, "work_folder": str(work),
    }.items():  # fmt: skip
        page.fill(f"#p-{key}", value)
    page.select_option("#p-ssh_key", "HPC_KEY")
    page.click("summary")
    page.fill("#p-ssh_port", str(cluster.ssh_port))
    page.click("button:has-text('Test connection')")
    expect(page.locator(".checks")).to_contain_text(cluster.host_key)
    expect(page.locator("button:has-text('Add provider')")).to_be_disabled()
    page.click("button:has-text('trust it')")
    expect(page.locator(".checks")).to_contain_text("partition")
    expect(page.locator("#p-host_key")).to_have_value(cluster.host_key)
    page.click("button:has-text('Add provider')")
    page.wait_for_url(re.compile("/providers/prov_"))


def _nodes(page: Page, cluster: SlurmCluster) -> None:
    expect(page.locator("section[aria-label='Partitions']")).to_contain_text("batch")
    nodes = page.locator("section[aria-label='Nodes'] .node-card")
    expect(nodes).to_have_count(len(cluster.nodes))
    expect(nodes.first).to_contain_text("A100")


def _job(page: Page) -> None:
    page.goto("/tasks/new")
    connected(page)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(TASK)
    expect(page.locator(".fine")).to_contain_text("Valid")
    page.click("button:has-text('Save task')")
    page.wait_for_url(re.compile("/tasks/task_"))
    page.click("a:has-text('Launch this task')")
    frozen = page.locator("section[aria-label='What will run']")
    expect(frozen).to_contain_text("SLURM_JOB_PARTITION")
    page.click(".page .btn.primary")
    page.wait_for_url(re.compile("/jobs/job_"))
    expect(page.locator(".log")).to_contain_text(re.compile(r"node n\d of partition batch"))
    expect(page.locator("[role=status] .chip").first).to_contain_text("Complete")
