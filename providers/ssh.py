"""One kept SSH connection: commands with bytes on stdin, and file ranges over SFTP.

The host key is pinned: a server that shows another one is refused by name and sent nothing. A lost
connection is made again at the next call, with back-off after failures; another key is tried at
once. A host behind another is reached through a channel of the link to that one, as with ``ssh -J``.
Not here: what is run.
"""

from __future__ import annotations

import base64
import hashlib
import io
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from shlex import join
from typing import NamedTuple

import paramiko

from domain.errors import shorten
from providers.base import CredentialsRejected, HostKeyRefused, ProviderUnavailable

CONNECT_TIMEOUT_S = 10.0
KEEPALIVE_S = 15
BACKOFF_S = (0.0, 1.0, 2.0, 5.0, 10.0)
REJECTED_S = 300.0
"""How long a key that was not let in rests: hosts ban who tries again and again."""
CHUNK = 64 * 1024
KEYS: tuple[type[paramiko.PKey], ...] = (
    paramiko.Ed25519Key,
    paramiko.ECDSAKey,
    paramiko.RSAKey,
)


class Address(NamedTuple):
    """``host_key`` is the pinned fingerprint, ``SHA256:…``; empty refuses and shows the found one.

    ``pin_name`` and ``key_name`` are what its two secrets are called where a person sets them.
    """

    provider: str
    host: str
    port: int
    user: str
    host_key: str
    pin_name: str = "host_key"
    key_name: str = "ssh_key"


class Done(NamedTuple):
    """A command that ended."""

    code: int
    out: bytes
    err: str


class SshLink:
    """Safe to share between threads. ``key`` answers the private key's text, or "" for the agent.

    It is asked at every use and kept nowhere. ``via`` is the link to the jump host; closing this
    link closes that one.
    """

    def __init__(
        self,
        address: Address,
        key: Callable[[], str],
        *,
        clock: Callable[[], float] = time.monotonic,
        via: SshLink | None = None,
    ) -> None:
        self.address = address
        self._key = key
        self._via = via
        self._clock = clock
        self._guard = threading.Lock()
        self._transport: paramiko.Transport | None = None
        self._sftp: paramiko.SFTPClient | None = None
        self._mark = b""
        self._failures = 0
        self._not_before = 0.0
        self._problem: ProviderUnavailable | CredentialsRejected | None = None
        self.asked = 0
        """Commands and file reads so far."""

    def run(
        self, argv: Sequence[str], *, stdin: Iterable[bytes] = (), timeout_s: float = 60.0
    ) -> Done:
        """The ended command. ``ProviderUnavailable`` when it is unknown whether it ran or how it ended."""
        self.asked += 1
        channel = self._channel()
        try:
            channel.settimeout(timeout_s)
            channel.exec_command(join(argv))
            _feed(channel, stdin)
            out = channel.makefile("rb").read()
            err = channel.makefile_stderr("rb").read().decode(errors="replace").strip()
            code = channel.recv_exit_status()
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._lost(error) from error
        finally:
            channel.close()
        if code < 0:
            raise self._lost(EOFError("the connection ended before the command did"))
        return Done(code, out, err)

    def read(self, path: str, *, offset: int, limit: int) -> bytes | None:
        """At most ``limit`` bytes of a remote file from ``offset``; ``None`` when there is none."""
        self.asked += 1
        try:
            with self._files().open(path, "rb") as file:
                file.seek(offset)
                return file.read(limit)
        except FileNotFoundError:
            return None
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._lost(error) from error

    def retry_now(self) -> None:
        """Let the next call connect at once: somebody has mended something and looks."""
        with self._guard:
            self._not_before = 0.0
        if self._via is not None:
            self._via.retry_now()

    def close(self) -> None:
        """Repeatable; the next call connects again."""
        with self._guard:
            self._drop()
        if self._via is not None:
            self._via.close()

    def tunnel(self, host: str, port: int) -> paramiko.Channel:
        """A connection from this host to another. ``ProviderUnavailable`` names the jump host."""
        transport = self._live()
        try:
            return transport.open_channel(
                "direct-tcpip", (host, port), ("127.0.0.1", 0), timeout=CONNECT_TIMEOUT_S
            )
        except (OSError, EOFError, paramiko.SSHException) as error:
            hop = f"{self.address.host}:{self.address.port}"
            said = shorten(str(error) or type(error).__name__, 200)
            reason = f"the jump host {hop} does not reach {host}:{port}: {said}."
            raise ProviderUnavailable(provider=self.address.provider, reason=reason) from error

    def _channel(self) -> paramiko.Channel:
        """A fresh session; a connection that turns out to be dead is replaced once, nothing was sent."""
        try:
            return self._live().open_session(timeout=CONNECT_TIMEOUT_S)
        except (OSError, EOFError, paramiko.SSHException):
            self.close()
        try:
            return self._live().open_session(timeout=CONNECT_TIMEOUT_S)
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._lost(error) from error

    def _files(self) -> paramiko.SFTPClient:
        transport = self._live()
        with self._guard:
            if self._sftp is None:
                self._sftp = paramiko.SFTPClient.from_transport(transport)
            if self._sftp is None:
                raise EOFError("the host opened no SFTP session")
            return self._sftp

    def _live(self) -> paramiko.Transport:
        text = self._present_key()
        mark = hashlib.sha256(text.encode()).digest()
        with self._guard:
            known, self._mark = self._mark == mark, mark
            if known and self._transport is not None and self._transport.is_active():
                return self._transport
            self._drop()
            if known and self._problem is not None and self._clock() < self._not_before:
                raise type(self._problem)(
                    provider=self.address.provider,
                    reason=str(self._problem.values["reason"]),
                    retry_after_s=self._not_before - self._clock(),
                )
            try:
                self._transport = self._connect(text)
            except (ProviderUnavailable, CredentialsRejected) as error:
                self._back_off(error)
                raise
            self._failures = 0
            return self._transport

    def _present_key(self) -> str:
        """Read before every use: who takes the key away ends the connection that it opened."""
        try:
            return self._key()
        except CredentialsRejected:
            self.close()
            raise

    def _back_off(self, problem: ProviderUnavailable | CredentialsRejected) -> None:
        self._failures = min(self._failures + 1, len(BACKOFF_S) - 1)
        rejected = isinstance(problem, CredentialsRejected)
        wait_s = REJECTED_S if rejected else BACKOFF_S[self._failures]
        self._not_before = self._clock() + wait_s
        self._problem = problem

    def _connect(self, text: str) -> paramiko.Transport:
        transport: paramiko.Transport | None = None
        try:
            transport = paramiko.Transport(self._socket())
            transport.start_client(timeout=CONNECT_TIMEOUT_S)
            self._verify(transport.get_remote_server_key())
            self._authenticate(transport, text)
        except (OSError, EOFError, paramiko.SSHException) as error:
            if transport is not None:
                transport.close()
            raise self._translated(error) from error
        except (HostKeyRefused, CredentialsRejected):
            if transport is not None:
                transport.close()
            raise
        transport.set_keepalive(KEEPALIVE_S)
        return transport

    def _socket(self) -> socket.socket | paramiko.Channel:
        where = self.address
        if self._via is not None:
            return self._via.tunnel(where.host, where.port)
        link = socket.create_connection((where.host, where.port), CONNECT_TIMEOUT_S)
        # Else each new session waits 40 ms for an acknowledgement that the host delays.
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return link

    def _verify(self, key: paramiko.PKey) -> None:
        found, pinned = fingerprint(key.asbytes()), self.address.host_key
        if found == pinned:
            return
        where = f"{self.address.host}:{self.address.port}"
        reason = (
            f"the host key of {where} has changed: it is {found}, not the pinned {pinned}. Nothing "
            f"was sent. If the change is known to be right, set {self.address.pin_name} to the new "
            "fingerprint."
            if pinned
            else f"the host key of {where} is {found}. Compare it with your cluster's "
            f"documentation, then set {self.address.pin_name} to it."
        )
        raise HostKeyRefused(
            provider=self.address.provider,
            reason=reason,
            found="" if pinned else found,
            setting=self.address.pin_name,
        )

    def _authenticate(self, transport: paramiko.Transport, text: str) -> None:
        user = self.address.user
        keys = [self._parse(text)] if text else list(paramiko.Agent().get_keys())
        for key in keys:
            try:
                transport.auth_publickey(user, key)
            except paramiko.AuthenticationException:
                continue
            return
        tried = (
            f"the key in {self.address.key_name}" if text else f"the SSH agent's {len(keys)} key(s)"
        )
        reason = f"{self.address.host} does not let {user} in with {tried}."
        raise CredentialsRejected(provider=self.address.provider, reason=reason)

    def _parse(self, text: str) -> paramiko.PKey:
        for kind in KEYS:
            try:
                return kind.from_private_key(io.StringIO(text.strip() + "\n"))
            except (paramiko.SSHException, ValueError, IndexError):
                continue
        holder = self.address.key_name
        reason = (
            f"{holder} holds no private key we can read (Ed25519, ECDSA or RSA, no passphrase)."
        )
        raise CredentialsRejected(provider=self.address.provider, reason=reason)

    def _translated(self, error: Exception) -> ProviderUnavailable:
        where = f"{self.address.host}:{self.address.port}"
        reason = f"{where} does not answer: {shorten(str(error) or type(error).__name__, 200)}."
        return ProviderUnavailable(provider=self.address.provider, reason=reason)

    def _lost(self, error: Exception) -> ProviderUnavailable:
        self.close()
        return self._translated(error)

    def _drop(self) -> None:
        if self._transport is not None:
            self._transport.close()
        self._transport = self._sftp = None


def fingerprint(key: bytes) -> str:
    """As ``ssh-keygen -l`` shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def _feed(channel: paramiko.Channel, stdin: Iterable[bytes]) -> None:
    """All of stdin, or as much as the command wants: it may end before it has read everything."""
    for block in stdin:
        for start in range(0, len(block), CHUNK):
            if channel.exit_status_ready():
                return
            try:
                channel.sendall(block[start : start + CHUNK])
            except TimeoutError:
                raise
            except OSError:
                if channel.closed or channel.exit_status_ready():
                    return
                raise
    channel.shutdown_write()
