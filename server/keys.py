"""The master key, of a file (0600), the environment or a command, and sealing.

Encryption is AES-256-GCM with a random 96-bit nonce before each ciphertext (NIST SP 800-38D).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import shlex
import subprocess
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import LabError

NONCE_BYTES = 12
COMMAND_S = 30


class MasterKeyUnusable(LabError):
    """The master key is missing its bytes, or does not open what was sealed."""

    code = "MASTER_KEY_UNUSABLE"
    sentence = "Master key: {why}. Restore the file that was in use, or set LAB_MASTER_KEY."


class MasterKey:
    """32 random bytes. Purposes get keys of their own, so that no key does two jobs."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise MasterKeyUnusable(why=f"it has {len(key)} bytes, not 32")
        self._key = key

    @classmethod
    def from_file(cls, path: Path) -> MasterKey:
        """The key in ``path``, made there (0600) when absent."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return cls.from_text(path.read_text())
        key = secrets.token_bytes(32)
        with os.fdopen(descriptor, "wb") as out:
            out.write(base64.urlsafe_b64encode(key))
            out.flush()
            os.fsync(out.fileno())
        return cls(key)

    @classmethod
    def from_text(cls, text: str) -> MasterKey:
        """The key written as URL-safe base64."""
        try:
            return cls(base64.urlsafe_b64decode(text.strip()))
        except ValueError as error:
            raise MasterKeyUnusable(why="it is not base64") from error

    @classmethod
    def from_command(cls, command: str) -> MasterKey:
        """The key that ``command`` prints: a key service, a password manager."""
        argv = shlex.split(command)
        try:
            done = subprocess.run(argv, capture_output=True, timeout=COMMAND_S, check=True)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise MasterKeyUnusable(why=f"{argv[0]} did not print it ({error})") from error
        return cls.from_text(done.stdout.decode("ascii", "replace"))

    @classmethod
    def random(cls) -> MasterKey:
        return cls(secrets.token_bytes(32))

    def keep(self, path: Path) -> None:
        """Put the key in place of the one in ``path``, whole or not at all."""
        fresh = path.with_name(f".{path.name}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(base64.urlsafe_b64encode(self._key))
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)

    @property
    def id(self) -> str:
        """Eight hex digits to tell keys apart; nothing of the key."""
        return self.derive("id").hex()[:8]

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, always the same."""
        return hmac.new(self._key, purpose.encode(), hashlib.sha256).digest()

    def __repr__(self) -> str:
        return "MasterKey(…)"


def seal(key: bytes, data: bytes, *, subject: str) -> bytes:
    """Encrypt for ``subject``; the same data seals differently each time."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, data, subject.encode())


def unseal(key: bytes, sealed: bytes, *, subject: str) -> bytes:
    """What was sealed for ``subject``. ``MasterKeyUnusable`` when key or subject are others."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], subject.encode())
    except InvalidTag as error:
        raise MasterKeyUnusable(why=f"it does not open what was sealed for {subject}") from error
