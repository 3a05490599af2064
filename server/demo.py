"""``make demo``: a whole server, a real training job, its model verified; then it stays up.

Everything lives in a temporary folder that is removed at the end. It uses what a user would: the
server's own entry point and the command line.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from server.settings import DEFAULT_PORT

ROOT = Path(__file__).resolve().parent.parent
EMAIL = "you@example.org"
START_S = 60.0
LOOK_S = 1.0


def main() -> int:
    """The exit code: 0 when the job completed and its model is what was saved."""
    home = Path(tempfile.mkdtemp(prefix="labledger-demo-"))
    home.chmod(0o711)  # as root the database runs as `nobody`, who must reach its folder
    password = secrets.token_urlsafe(9)
    url = f"http://127.0.0.1:{_port()}"
    env = _environment(home, url, password)
    try:
        _say(f"Setting up a server in {home}")
        _set_up(env)
        with _running(env, url):
            code = _train(env, home)
            if code == 0:
                _say(f"Open {url} and sign in as {EMAIL} with the password {password}")
                _stay()
            return code
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _train(env: Mapping[str, str], home: Path) -> int:
    _lab(env, "login", "--email", EMAIL)
    began = time.monotonic()
    task = json.loads(_lab(env, "run", str(ROOT / "examples" / "train-digits"), "--json"))
    job = _id_of(task)
    _say(f"Queued {job}; following its log, progress and metrics")
    over = threading.Event()
    watcher = threading.Thread(target=_tell_progress, args=(env, job, over), daemon=True)
    watcher.start()
    subprocess.run(
        [sys.executable, "-m", "lab", "job", "logs", job, "-f"], env=env, cwd=ROOT, check=False
    )
    over.set()
    watcher.join()
    row = json.loads(_lab(env, "job", "info", job, "--json"))
    _say(f"{row['status']} with exit code {row['exitCode']} after {time.monotonic() - began:.0f} s")
    if (row["status"], row["exitCode"]) != ("COMPLETE", 0):
        return 1
    return _verify(env, job, home)


def _verify(env: Mapping[str, str], job: str, home: Path) -> int:
    """Download the model and compare every byte with what the log says was saved."""
    saved = json.loads(_lab(env, "job", "artifacts", job, "--json"))
    (model,) = [a for a in _rows(saved) if a["kind"].lower() == "model"]
    into = home / "download"
    _lab(env, "job", "download", job, "--artifact", model["id"], "--into", str(into))
    for file in model["files"]:
        (path,) = [p for p in into.rglob("*") if p.is_file() and p.match(file["path"])]
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        _say(f"{model['name']}/{file['path']}: {path.stat().st_size} bytes, SHA-256 {found}")
        if found != file["sha256"]:
            _say(f"but the log says {file['sha256']}")
            return 1
    _say("The downloaded model is the one that was saved.")
    return 0


def _tell_progress(env: Mapping[str, str], job: str, over: threading.Event) -> None:
    told = ""
    while not over.wait(LOOK_S):
        row = json.loads(_lab(env, "job", "info", job, "--json"))
        curves = _rows(json.loads(_lab(env, "job", "metrics", job, "--json")))
        percent = (row.get("progress") or {}).get("percent", 0.0)
        shown = [f"{c['name']} {_last(c):.4g}" for c in curves if "system/" not in c["name"]]
        line = f"{row['status']} {percent:.0f}% {' '.join(shown)}".rstrip()
        if line != told:
            told = line
            _say(line)


def _last(curve: Mapping[str, Any]) -> float:
    return float(curve.get("lastValue", curve.get("value", 0.0)))


def _rows(answer: Any) -> list[dict[str, Any]]:
    """Lists come bare or under one key."""
    if isinstance(answer, dict):
        (answer,) = [v for v in answer.values() if isinstance(v, list)]
    return list(answer)


def _id_of(answer: dict[str, Any]) -> str:
    return str(answer["id"] if "id" in answer else answer["job"]["id"])


def _lab(env: Mapping[str, str], *arguments: str) -> str:
    """What the command line prints; its error ends the demo."""
    argv = [sys.executable, "-m", "lab", *arguments]
    done = subprocess.run(argv, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"lab {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


@contextmanager
def _running(env: Mapping[str, str], url: str) -> Iterator[None]:
    server = subprocess.Popen([sys.executable, "-m", "server"], env=env, cwd=ROOT)
    try:
        end = time.monotonic() + START_S
        while not _answers(url):
            if server.poll() is not None or time.monotonic() > end:
                sys.exit("The server did not start; its messages are above.")
            time.sleep(0.1)
        _say(f"The server answers at {url}")
        yield
    finally:
        server.terminate()
        server.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:  # noqa: S310  # ours
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _set_up(env: Mapping[str, str]) -> None:
    argv = [sys.executable, "-m", "server", "setup", "--email", EMAIL, "--team", "demo"]
    subprocess.run(argv, env=env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _environment(home: Path, url: str, password: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LAB_")}
    return {
        **kept,
        "LAB_HOME": str(home),
        "LAB_PORT": url.rpartition(":")[2],
        "LAB_PASSWORD": password,
        "LAB_SERVER_URL": url,
        "LAB_CONFIG_DIR": str(home / "cli"),
        "PYTHONUNBUFFERED": "1",
    }


def _port() -> int:
    """The usual port, or any that is free."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", DEFAULT_PORT))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stay() -> None:
    _say("Press Ctrl-C to stop.")
    while True:
        time.sleep(3600)


def _say(text: str) -> None:
    print(f"\033[1m▸ {text}\033[0m" if sys.stdout.isatty() else f"▸ {text}", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
