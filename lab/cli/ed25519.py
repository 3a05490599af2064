"""Whether an Ed25519 signature is good: verification alone, on the standard library.

# RFC 8032, sections 5.1.2 (parameters), 5.1.3 (decoding) and 5.1.7 (verification).
Nothing here is secret, so nothing has to take the same time. Not here: signing.
"""

from __future__ import annotations

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]  # extended homogeneous: x, y, z, x * y / z


def holds(key: str, message: bytes, signature: str) -> bool:
    """Whether ``signature`` over ``message`` was made with the private half of ``key``, both in hex."""
    try:
        public, signed = bytes.fromhex(key), bytes.fromhex(signature)
    except ValueError:
        return False
    if len(public) != 32 or len(signed) != 64:
        return False
    a, r = _decoded(public), _decoded(signed[:32])
    s = int.from_bytes(signed[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    digest = hashlib.sha512(signed[:32] + public + message).digest()
    h = int.from_bytes(digest, "little") % ORDER
    return _same(_times(s, BASE), _plus(r, _times(h, a)))


def _decoded(data: bytes) -> Point | None:
    """The point, or ``None`` for bytes that are none."""
    y = int.from_bytes(data, "little")
    odd, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT % P
    if (x * x - x2) % P or (x == 0 and odd):
        return None
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P


def _plus(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(n: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while n:
        if n & 1:
            total = _plus(total, point)
        point = _plus(point, point)
        n >>= 1
    return total


def _same(p: Point, q: Point) -> bool:
    return not ((p[0] * q[2] - q[0] * p[2]) % P or (p[1] * q[2] - q[1] * p[2]) % P)


def _base() -> Point:
    found = _decoded((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    assert found is not None  # noqa: S101  # a constant of the standard
    return found


BASE = _base()
