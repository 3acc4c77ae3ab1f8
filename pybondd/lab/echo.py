"""Echo process: the far host. Sends every probe back and remembers in which order they came.

python -m pybondd.lab.echo ADDRESS      ends when its stdin closes; then JSON on stdout
"""

import json
import select
import socket
import sys

from pybondd.lab.probe_format import ECHO_PORT, PAYLOAD, give_room, sequence_in

ARRIVALS_MAX = 100_000
"""Arrivals kept: five copies of every probe of the longest run."""


def serve(address: str) -> list[int]:
    """Echo until stdin closes; return the sequence numbers in the order of arrival."""
    arrivals: list[int] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as echo:
        give_room(echo)
        echo.bind((address, ECHO_PORT))
        echo.setblocking(False)
        print("ready", flush=True)
        while True:
            readable, _, _ = select.select([echo, sys.stdin], (), ())
            if sys.stdin in readable:
                return arrivals
            _echo_one(echo, arrivals)


def _echo_one(echo: socket.socket, arrivals: list[int]) -> None:
    try:
        payload, sender = echo.recvfrom(PAYLOAD.size + 1)
        sequence = sequence_in(payload)
        if sequence is not None and len(arrivals) < ARRIVALS_MAX:
            arrivals.append(sequence)
        echo.sendto(payload, sender)
    except OSError:
        return  # the way back is cut just now; the prober will see it as a loss


if __name__ == "__main__":
    json.dump(serve(sys.argv[1]), sys.stdout)
