"""Every rank tells rank 0 who it is; rank 0 answers each with the sum of all ranks."""

import os
import socket
import time

import lab

LIMIT_S = 120
rank = int(os.environ.get("NODE_RANK", "0"))
world = int(os.environ.get("WORLD_SIZE", "1"))
address = os.environ.get("MASTER_ADDR", "127.0.0.1"), int(os.environ.get("MASTER_PORT", "29500"))


def serve():
    with socket.create_server(("", address[1])) as server:
        server.settimeout(LIMIT_S)
        peers = [server.accept()[0] for _ in range(world - 1)]
    total = sum(int(peer.recv(16)) for peer in peers) + rank
    for peer in peers:
        peer.sendall(str(total).encode())
        peer.close()
    return total


def ask():
    until = time.monotonic() + LIMIT_S
    while True:
        try:
            with socket.create_connection(address, timeout=LIMIT_S) as peer:
                peer.sendall(str(rank).encode())
                return int(peer.recv(16))
        except ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


lab.log(f"rank {rank} of {world} on {socket.gethostname()}, rendezvous {address[0]}:{address[1]}")
total = serve() if rank == 0 else ask()
expected = world * (world - 1) // 2
if total != expected:
    raise SystemExit(f"rank {rank}: the sum of ranks is {total}, expected {expected}")
lab.log(f"rank {rank}: all {world} ranks agree")
lab.finish("agreed", score={"ranks": world})
