"""A real Slurm cluster on loopback: controller, several nodes, a login node, in about two seconds.

Every daemon runs in the foreground mode of its own with its state under one folder; nothing below
/etc is read or written, several clusters side by side are fine. Nodes have fake GPUs: links to the
null device, because gres.conf wants character devices. Not here: what is done with the cluster.
"""

from __future__ import annotations

import base64
import getpass
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.fakes.slurm_config import DBD_CONF, SLURM_CONF, SSHD_CONFIG

HOST = "127.0.0.1"
PATH = os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin:/sbin"
TOOLS = ("slurmctld", "slurmd", "sbatch", "munged", "sshd", "ssh-keygen")
REST_TOOLS = ("slurmrestd",)
DATABASE_TOOLS = ("slurmdbd", "mariadbd", "mariadb-install-db")


def programs_missing(*, database: bool = False, rest: bool = False) -> list[str]:
    """Programs that are not installed; Debian has them in slurm-wlm, munge and openssh-server."""
    wanted = TOOLS + (DATABASE_TOOLS if database else ()) + (REST_TOOLS if rest else ())
    return [name for name in wanted if shutil.which(name, path=PATH) is None]


class SlurmCluster:
    """Started by ``start`` and ended by ``stop``, which leaves no process behind."""

    def __init__(
        self, root: Path, *, nodes: int = 3, gpus: int = 2, database: bool = False,
        rest: bool = False,
    ) -> None:  # fmt: skip
        self.root = root
        self.user = getpass.getuser()
        self.database = database
        self.rest = rest
        self.gpus = gpus
        ports = _free_ports(5 + nodes)
        self.ssh_port, self.ctld_port, self.dbd_port, self.db_port, self.rest_port = ports[:5]
        self.nodes = {f"n{i + 1}": port for i, port in enumerate(ports[5:])}
        self.env = {**os.environ, "PATH": PATH, "SLURM_CONF": str(root / "slurm.conf")}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.accounts: list[str] = []

    @property
    def host_key(self) -> str:
        """The login node's fingerprint, as ``ssh-keygen -l`` shows it."""
        return self._fingerprint("host_ed25519")

    @property
    def jump_host_key(self) -> str:
        return self._fingerprint("jump_ed25519")

    @property
    def private_key(self) -> str:
        return (self.root / "ssh" / "id_ed25519").read_text()

    def _fingerprint(self, name: str) -> str:
        blob = base64.b64decode((self.root / "ssh" / f"{name}.pub").read_text().split()[1])
        return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")

    def start(self) -> None:
        """Everything up and every node idle."""
        self._write()
        self.start_munge()
        if self.database:
            self._start_database()
        self.start_controller()
        if self.database:
            wait_for(self._is_registered, "a controller the database knows", limit_s=60)
        for node in self.nodes:
            self.start_node(node)
        self.start_sshd()
        if self.rest:
            self.start_rest()
        wait_for(self.is_idle, "idle nodes", limit_s=60)

    def stop(self) -> None:
        """End everything that was started, then what a killed node's daemon left behind."""
        with suppress(subprocess.TimeoutExpired):
            for partition in ("batch", "spot", "urgent"):
                self.run("scancel", "--partition", partition)
            wait_for(lambda: not self.run("squeue", "-h"), "an empty queue", limit_s=10, must=False)
        order = [
            "slurmrestd",
            "sshd",
            "jump",
            *self.nodes,
            "slurmctld",
            "slurmdbd",
            "mariadbd",
            "munged",
        ]
        for name in order:
            self.end(name)
        self._end_steps(str(self.root))
        for account in self.accounts:
            subprocess.run(["userdel", "--force", account], check=False, capture_output=True)

    def run(self, *argv: str) -> str:
        """Standard output of a Slurm command run beside the product, as an outsider would."""
        options = {"capture_output": True, "text": True, "timeout": 30}
        done = subprocess.run(argv, env=self.env, check=False, **options)
        return done.stdout.strip()

    def log(self, daemon: str) -> str:
        """What ``slurmctld`` or a node has written."""
        return (self.root / "log" / f"{daemon}.log").read_text(errors="replace")

    def is_idle(self) -> bool:
        states = self.run("sinfo", "-h", "-N", "-p", "batch", "-o", "%T").split()
        return len(states) == len(self.nodes) and set(states) == {"idle"}

    def start_munge(self) -> None:
        munge = self.root / "munge"
        self._spawn(
            "munged", "--foreground", "--force", f"--key-file={self.root}/munge-key/munge.key",
            f"--socket={munge}/munge.socket", f"--log-file={self.root}/munge-log/munged.log",
            f"--pid-file={self.root}/run/munged.pid", "--num-threads=2", f"--origin={HOST}",
            f"--seed-file={self.root}/munge-lib/munge.seed",
        )  # fmt: skip
        wait_for((munge / "munge.socket").exists, "munged")

    def start_node(self, name: str) -> None:
        (self.root / "spool" / name).mkdir(exist_ok=True)
        self._spawn(name, "-D", "-N", name, "-f", self.env["SLURM_CONF"], program="slurmd")

    def start_controller(self, *options: str) -> None:
        self._spawn("slurmctld", "-D", "-f", self.env["SLURM_CONF"], *options)
        wait_for(lambda: "UP" in self.run("scontrol", "ping"), "the controller")

    def forget(self) -> None:
        """What MinJobAge does in time: the controller knows no job that has ended.

        A cold start also throws away what the controller has not told its database yet, which
        MinJobAge does not; so that is waited for.
        """
        if self.database:
            wait_for(self._is_accounted, "ends in the database", limit_s=60)
        self.end("slurmctld")
        self.start_controller("-c")
        wait_for(self.is_idle, "idle nodes", limit_s=60)

    def _is_accounted(self) -> bool:
        """Whether the database knows the end of every job that the controller shows as ended."""
        ended = set(
            self.run("squeue", "-h", "-r", "-t", "CD,CA,F,TO,NF,OOM,PR", "-o", "%i").split()
        )
        rows = self.run("sacct", "-X", "-n", "-P", "-a", "-o", "JobID,End").splitlines()
        return ended <= {row.split("|")[0] for row in rows if not row.endswith("|Unknown")}

    def _is_registered(self) -> bool:
        """Whether the database knows where the controller listens."""
        port = self.run("sacctmgr", "-n", "-P", "show", "cluster", "format=ControlPort")
        return port == str(self.ctld_port)

    def start_sshd(self) -> None:
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # sshd's privilege separation
        self._spawn("sshd", "-D", "-e", "-f", str(self.root / "ssh" / "sshd_config"))
        wait_for(lambda: _answers(self.ssh_port), "sshd")

    def start_rest(self) -> None:
        """The REST API on loopback, for bearers of a ``token``."""
        own = {"SLURM_JWT": "daemon", "SLURMRESTD_SECURITY": "disable_user_check"}
        plugins = ["-a", "rest_auth/jwt", "-s", "openapi/v0.0.38"]
        self._spawn("slurmrestd", *plugins, f"{HOST}:{self.rest_port}", **own)
        wait_for(lambda: _answers(self.rest_port), "slurmrestd")

    def token(self, *, lifespan_s: int = 3600) -> str:
        """A JSON web token of the user the cluster runs as."""
        told = self.run("scontrol", "token", f"username={self.user}", f"lifespan={lifespan_s}")
        return told.removeprefix("SLURM_JWT=")

    def new_key(self, user: str) -> str:
        """A new private key, the only one that lets ``user`` in."""
        path = self.root / "ssh" / f"id_{user}"
        for old in (path, path.with_suffix(".pub")):
            old.unlink(missing_ok=True)
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
        subprocess.run(argv, check=True)
        public = path.with_suffix(".pub").read_text()
        (self.root / "ssh" / f"authorized_keys_{user}").write_text(public)
        return path.read_text()

    def lock_out(self, user: str) -> None:
        """No key lets ``user`` in any more."""
        (self.root / "ssh" / f"authorized_keys_{user}").unlink(missing_ok=True)

    def new_account(self, name: str) -> str:
        """The name of a new user of this machine, at home on the shared file system. Needs root."""
        account = f"{name}{os.getpid()}"
        home = self.root / "shared" / account
        home.mkdir()
        argv = ["useradd", "--password", "*", "--shell", "/bin/bash", "--home-dir", str(home)]
        subprocess.run([*argv, "--no-create-home", account], check=True)
        self.accounts.append(account)
        shutil.chown(home, account)
        return account

    def start_jump(self) -> int:
        """A second sshd with a host key of its own; its port. ``end("jump")`` ends it."""
        (port,) = _free_ports(1)
        key = self.root / "ssh" / "jump_ed25519"
        if not key.exists():
            argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
            subprocess.run(argv, check=True)
        config = self.root / "ssh" / "jump_config"
        text = SSHD_CONFIG.format_map(self._values() | {"ssh_port": port})
        config.write_text(text.replace("host_ed25519", "jump_ed25519"))
        self._spawn("jump", "-D", "-e", "-f", str(config), program="sshd")
        wait_for(lambda: _answers(port), "the jump host")
        return port

    def unplug_login(self) -> None:
        """Nobody can log in any more, and whoever was logged in is cut off."""
        _kill_tree(self.running["sshd"].pid)
        self.end("sshd")

    def kill_node(self, name: str) -> None:
        """As a power failure would: the daemon and every process of its jobs, without a word."""
        self.end(name, signal.SIGKILL)
        self._end_steps(str(self.root / "spool" / name))

    def end(self, name: str, number: int = signal.SIGTERM) -> None:
        """Stop one daemon by its name; fine when it is not running."""
        process = self.running.pop(name, None)
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _spawn(self, name: str, *arguments: str, program: str = "", **environ: str) -> None:
        path = shutil.which(program or name, path=PATH)
        assert path is not None, f"{program or name} is not installed"
        with (self.root / "log" / f"{name}.out").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [path, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.env | environ, start_new_session=True, cwd=self.root,
            )  # fmt: skip

    def _write(self) -> None:
        root = self.root
        for folder in ("run", "log", "state", "spool", "ssh", "dev", "munge", "home", "shared"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        for folder in ("munge-log", "munge-lib", "munge-key"):
            (root / folder).mkdir(exist_ok=True, mode=0o700)
        root.chmod(0o755)  # munge and sshd look at every parent
        (root / "munge").chmod(0o755)
        key = root / "munge-key" / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        secret = root / "jwt.key"
        secret.write_bytes(os.urandom(32))
        secret.chmod(0o600)
        (root / "cgroup.conf").write_text("CgroupAutomount=no\n")
        (root / "gres.conf").write_text("".join(self._gres()))
        values = self._values()
        (root / "slurm.conf").write_text(SLURM_CONF.format_map(values))
        (root / "slurmdbd.conf").write_text(DBD_CONF.format_map(values))
        (root / "slurmdbd.conf").chmod(0o600)
        for name in ("id_ed25519", "host_ed25519"):
            argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(root / "ssh" / name)]
            subprocess.run(argv, check=True)
        public = (root / "ssh" / "id_ed25519.pub").read_text()
        (root / "ssh" / f"authorized_keys_{self.user}").write_text(public)
        (root / "ssh" / "sshd_config").write_text(SSHD_CONFIG.format_map(values))

    def _gres(self) -> list[str]:
        lines = []
        for node in self.nodes:
            for number in range(self.gpus):
                device = self.root / "dev" / f"{node}-gpu{number}"
                device.symlink_to("/dev/null")
                lines.append(f"NodeName={node} Name=gpu Type=A100 File={device}\n")
        return lines

    def _values(self) -> dict[str, object]:
        hostname, munge = socket.gethostname(), self.root / "munge" / "munge.socket"
        gres = f"Gres=gpu:A100:{self.gpus} " if self.gpus else ""
        accounting = "accounting_storage/none"
        if self.database:  # the "password" is the socket of munge; without it slurmctld dies
            accounting = (
                f"accounting_storage/slurmdbd\nAccountingStorageHost={HOST}\n"
                f"AccountingStoragePort={self.dbd_port}\nAccountingStoragePass={munge}"
            )
        nodes = "\n".join(
            f"NodeName={name} NodeHostname={hostname} NodeAddr={HOST} Port={port} CPUs=8 "
            f"RealMemory=4096 {gres}State=UNKNOWN"
            for name, port in self.nodes.items()
        )
        tokens = f"AuthAltTypes=auth/jwt\nAuthAltParameters=jwt_key={self.root}/jwt.key"
        return {
            **vars(self), "host": HOST, "hostname": hostname, "munge": munge,
            "accounting": accounting, "nodes": nodes, "tokens": tokens if self.rest else "",
        }  # fmt: skip

    def _start_database(self) -> None:
        data, sock = self.root / "mysql", self.root / "run" / "mysql.sock"
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db"]
        install += [f"--user={self.user}", "--auth-root-authentication-method=normal"]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL, env=self.env)
        self._spawn(
            "mariadbd", "--no-defaults", f"--datadir={data}", f"--user={self.user}",
            f"--bind-address={HOST}", f"--port={self.db_port}", f"--socket={sock}",
            "--innodb-buffer-pool-size=64M", "--innodb-lock-wait-timeout=900",
        )  # fmt: skip
        grants = "".join(
            f"create user if not exists slurm@'{host}' identified by 'slurm';"
            f"grant all on slurm_acct_db.* to slurm@'{host}';"
            for host in (HOST, "localhost")
        )
        client = ["mariadb", "--no-defaults", f"--socket={sock}", "-uroot", "-e", grants]
        wait_for(lambda: _exits(client, self.env) == 0, "mariadbd", limit_s=30)
        self._spawn("slurmdbd", "-D")
        wait_for(lambda: _answers(self.dbd_port), "slurmdbd", limit_s=60)
        cluster = ["sacctmgr", "-i", "add", "cluster", "loopback"]
        wait_for(lambda: _exits(cluster, self.env) in (0, 1), "sacctmgr", limit_s=30)
        self.run("sacctmgr", "-i", "add", "account", "lab", "cluster=loopback")
        self.run("sacctmgr", "-i", "add", "user", self.user, "account=lab")

    def _end_steps(self, of: str) -> None:
        """Kill job processes whose step manager's environment or folders name ``of``."""
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ProcessLookupError):
                if (folder / "comm").read_text().startswith("slurmstepd") and _names(folder, of):
                    _kill_tree(int(folder.name))


def wait_for(
    good: Callable[[], object], what: str, *, limit_s: float = 20, must: bool = True
) -> None:
    """Ask again and again until it is so."""
    end = time.monotonic() + limit_s
    while not good():
        if time.monotonic() > end:
            if must:
                raise TimeoutError(f"no {what} within {limit_s} s")
            return
        time.sleep(0.05)


def _names(folder: Path, text: str) -> bool:
    """Whether a process has ``text`` in its environment or among its open files."""
    if text.encode() in (folder / "environ").read_bytes():
        return True
    return any(text in str(link.readlink()) for link in (folder / "fd").iterdir())


def _kill_tree(root: int) -> None:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _exits(argv: list[str], env: dict[str, str]) -> int:
    done = subprocess.run(argv, env=env, capture_output=True, timeout=30, check=False)
    return done.returncode


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [int(s.getsockname()[1]) for s in held]
    for s in held:
        s.close()
    return ports
