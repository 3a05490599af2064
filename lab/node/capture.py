"""Bytes from the command's two pipes to log lines: whole, redacted, in the order they came.

A progress bar that redraws its line with carriage returns becomes its last frame, and one frame
every few seconds while it goes on.
"""

from __future__ import annotations

import os
import select
import threading
import time

from lab.node.records import TEXT_BYTES, NodeRecords

READ_BYTES = 256 * 1024
FRAME_S = 5.0


class LineBuffer:
    """What of one stream has not ended in a newline yet."""

    def __init__(self, records: NodeRecords, *, phase: str, stream: str) -> None:
        self._records = records
        self._phase = phase
        self._stream = stream
        self._rest = b""
        self._overflowed = False
        self._frame_at = time.monotonic()

    def feed(self, data: bytes) -> None:
        head, newline, tail = data.rpartition(b"\n")
        if newline:
            block = self._rest + head
            overflowed, self._rest, self._overflowed = self._overflowed, tail, False
            self._emit(block.split(b"\n"), first_was_cut=overflowed)
        elif not self._overflowed:
            self._rest += tail
        self._bound_rest()

    def close(self) -> None:
        if self._rest:
            self._emit([self._rest], first_was_cut=self._overflowed)
            self._rest = b""

    def show_frame(self) -> None:
        """Emit the latest frame of a progress bar that goes on, at most every few seconds."""
        frame, redrawn, tail = self._rest.rpartition(b"\r")
        if redrawn and frame and time.monotonic() - self._frame_at >= FRAME_S:
            self._emit([frame], first_was_cut=False)
            self._rest = tail

    def _bound_rest(self) -> None:
        """Keep the beginning of an endless line, and the end of an endless progress bar."""
        if len(self._rest) <= TEXT_BYTES:
            return
        last = self._rest.rstrip(b"\r").rpartition(b"\r")[2]
        if len(last) <= TEXT_BYTES:
            self._rest = b"\r" + last
        else:
            self._overflowed = True
            self._rest = last[: TEXT_BYTES + self._records.redact.longest]

    def _emit(self, lines: list[bytes], *, first_was_cut: bool) -> None:
        self._frame_at = time.monotonic()
        text = "\n".join([_last_frame(line).decode("utf-8", "replace") for line in lines])
        shown = self._records.redact(text).split("\n")
        cuts = [(line, False) for line in shown]
        if first_was_cut:
            # A secret may lie across the cut; what could be a part of it goes as well.
            keep = max(0, len(shown[0]) - self._records.redact.longest)
            cuts[0] = (shown[0][:keep], True)
        self._records.log(cuts, phase=self._phase, stream=self._stream)


def capture(records: NodeRecords, *, phase: str) -> tuple[int, int, threading.Thread]:
    """Descriptors for stdout and stderr, and the thread that reads them until both are closed."""
    out_r, out_w = os.pipe()
    err_r, err_w = os.pipe()
    buffers = {
        out_r: LineBuffer(records, phase=phase, stream="out"),
        err_r: LineBuffer(records, phase=phase, stream="err"),
    }
    thread = threading.Thread(target=_read_all, args=(buffers,), name="capture", daemon=True)
    return out_w, err_w, thread


def _read_all(buffers: dict[int, LineBuffer]) -> None:
    while buffers:
        ready, _, _ = select.select(list(buffers), [], [], 1.0)
        for descriptor in ready:
            data = os.read(descriptor, READ_BYTES)
            if data:
                buffers[descriptor].feed(data)
            else:
                buffers.pop(descriptor).close()
                os.close(descriptor)
        for buffer in buffers.values():
            buffer.show_frame()


def _last_frame(line: bytes) -> bytes:
    return line.rstrip(b"\r").rpartition(b"\r")[2] if b"\r" in line else line
