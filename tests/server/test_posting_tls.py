"""Over TLS the name is verified, though the connection goes to an address that was looked up before."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server.posting import Poster


class _Ok(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of ``hooks.example``, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@pytest.fixture
def port(certificate: Path) -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), _Ok)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()
    thread.join()


def poster(certificate: Path) -> Poster:
    trusting = ssl.create_default_context(cafile=str(certificate))
    here = str(ipaddress.IPv4Address("127.0.0.1"))
    return Poster(local=True, tls=trusting, resolve=lambda host, port: [here])


def test_the_certificate_is_of_the_name_in_the_url(certificate: Path, port: int) -> None:
    assert poster(certificate).post(f"https://hooks.example:{port}/", b"{}", {}).status == 204
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        poster(certificate).post(f"https://other.example:{port}/", b"{}", {})


def test_a_certificate_nobody_vouches_for_is_refused(port: int) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        Poster(local=True, resolve=lambda host, port: ["127.0.0.1"]).post(
            f"https://hooks.example:{port}/", b"{}", {}
        )
