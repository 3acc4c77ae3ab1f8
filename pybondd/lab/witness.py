"""Witness process: which cable did each probe take? Watches both ends of every cable.

    python -m pybondd.lab.witness FAR_DESCRIPTOR eth0=sw0 eth1=sw1      ends when stdin closes

A probe is noted where it comes out of a cable: at the far end on its way there, at the near end on
its way back. A raw socket sees arriving frames before anything else may drop them, whereas leaving
ones pass it by when the sender skips the queueing layer.
"""

import json
import select
import socket
import sys
import time
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from pybondd.lab.namespaces import NetworkNamespace
from pybondd.lab.probe_format import PAYLOAD, give_room, sequence_in_frame
from pybondd.lab.recording import Direction

ETH_P_ALL = 0x0003
"""linux/if_ether.h. One protocol's listener would stand behind a bridge, which takes the frame."""
SOL_PACKET = 263
PACKET_IGNORE_OUTGOING = 23
"""linux/socket.h and linux/if_packet.h; the socket module lacks both."""
FRAME_OCTETS = max(42 + PAYLOAD.size, 124)
"""The whole of a probe, and of an LACPDU."""
SIGHTINGS_MAX = 200_000
"""Bounds the memory to some 20 MB; the longest run makes about half of it."""
T = TypeVar("T")
Row: TypeAlias = tuple[int, str, str, T]


def watch(
    far: NetworkNamespace, cables: dict[str, str], read: Callable[[bytes], T | None]
) -> list[Row[T]]:
    """Note frames until stdin closes: moment, cable, direction, and what `read` makes of them.

    `cables` maps the near end's name to the far end's. What `read` gives None for is not noted.
    """
    labels: dict[socket.socket, tuple[str, Direction]] = {}
    for near_name, far_name in cables.items():
        labels[_listener(near_name)] = (near_name, Direction.BACK)
        with far.entered():
            labels[_listener(far_name)] = (near_name, Direction.THERE)
    print("ready", flush=True)
    rows: list[Row[T]] = []
    while True:
        readable, _, _ = select.select([*labels, sys.stdin], (), ())
        if sys.stdin in readable:
            return rows
        for listener, (cable, direction) in labels.items():
            if listener in readable:
                _note(listener, cable, direction, read, rows)


def _note(
    listener: socket.socket,
    cable: str,
    direction: Direction,
    read: Callable[[bytes], T | None],
    rows: list[Row[T]],
) -> None:
    try:
        frame = listener.recv(FRAME_OCTETS)
    except OSError:
        return  # the interface went down: it has nothing to show for now
    seen = read(frame)
    if seen is not None and len(rows) < SIGHTINGS_MAX:
        rows.append((time.monotonic_ns(), cable, direction.value, seen))


def _listener(interface: str) -> socket.socket:
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    give_room(listener)
    listener.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    listener.bind((interface, ETH_P_ALL))
    listener.setblocking(False)
    return listener


if __name__ == "__main__":
    named = dict(pair.split("=") for pair in sys.argv[2:])
    far_end = NetworkNamespace(int(sys.argv[1]))
    json.dump(watch(far_end, named, sequence_in_frame), sys.stdout)
