"""The real clock and real ids, for the edge to hand in. UUIDv7 as in RFC 9562 §5.7."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from uuid import UUID


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class RandomIds:
    def new(self, prefix: str) -> str:
        millis = time.time_ns() // 1_000_000
        tail = int.from_bytes(os.urandom(10), "big")
        value = (millis & (2**48 - 1)) << 80 | tail
        value = value & ~(0xF << 76) | 0x7 << 76
        value = value & ~(0x3 << 62) | 0x2 << 62
        return f"{prefix}_{UUID(int=value).hex}"
