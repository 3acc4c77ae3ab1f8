"""Witness process: what went over each cable? Watches both ends of every cable.

    python -m pybondd.lab.witness FAR_DESCRIPTOR eth0=sw0 eth1=sw1      ends when stdin closes

A frame is noted where it comes out of a cable: at the far end on its way there, at the near end on
its way back. A raw socket sees arriving frames before anything else may drop them, whereas leaving
ones pass it by when the sender skips the queueing layer. It begins before the bonds do, so that the
first word of a negotiation is heard.
"""

import json
import select
import socket
import sys
import time

from pybondd.lab.children import child, end, first_line
from pybondd.lab.namespaces import NetworkNamespace
from pybondd.lab.probe_format import PAYLOAD, give_room, sequence_in_frame
from pybondd.lab.recording import Direction, SeenFrame
from pybondd.lab.topology import Topology
from pybondd.wire.ethertypes import ARP, LOOPBACK
from pybondd.wire.slow import is_slow_protocol

ETH_P_ALL = 0x0003
"""linux/if_ether.h. One protocol's listener would stand behind a bridge, which takes the frame."""
SOL_PACKET = 263
PACKET_IGNORE_OUTGOING = 23
"""linux/socket.h and linux/if_packet.h; the socket module lacks both."""
FRAME_OCTETS = max(42 + PAYLOAD.size, 124)
"""The whole of a probe, and of an LACPDU."""
FRAMES_MAX = 100_000
"""Bounds the memory to some 20 MB; the longest run makes about a third of it."""
Row = tuple[int, str, str, bytes]


class Witness:
    """The process, seen from the lab."""

    def __init__(self, topology: Topology) -> None:
        far = topology.cable_end.descriptor
        cables = [f"{near}={far_name}" for near, far_name in topology.cables.items()]
        self._process = child("pybondd.lab.witness", [str(far), *cables], keep=far)
        first_line(self._process)

    def frames(self) -> tuple[SeenFrame, ...]:
        """What was seen, in the order of time. Ends the process."""
        rows = (
            SeenFrame(moment_ns, cable, Direction(direction), bytes.fromhex(octets))
            for moment_ns, cable, direction, octets in end(self._process)
        )
        return tuple(sorted(rows, key=lambda frame: frame.moment_ns))


def watch(far: NetworkNamespace, cables: dict[str, str]) -> list[Row]:
    """Note frames until stdin closes: moment, cable, direction, and the frame.

    `cables` maps the near end's name to the far end's.
    """
    labels: dict[socket.socket, tuple[str, Direction]] = {}
    for near_name, far_name in cables.items():
        labels[_listener(near_name)] = (near_name, Direction.BACK)
        with far.entered():
            labels[_listener(far_name)] = (near_name, Direction.THERE)
    print("ready", flush=True)
    rows: list[Row] = []
    while True:
        readable, _, _ = select.select([*labels, sys.stdin], (), ())
        if sys.stdin in readable:
            return rows
        for listener, (cable, direction) in labels.items():
            if listener in readable:
                _note(listener, cable, direction, rows)


def is_worth_noting(frame: bytes) -> bool:
    """Probes, and what the stations and the switch are told: LACP, ARP, learning frames."""
    if int.from_bytes(frame[12:14], "big") in (ARP, LOOPBACK):
        return True
    return sequence_in_frame(frame) is not None or is_slow_protocol(frame)


def _note(listener: socket.socket, cable: str, direction: Direction, rows: list[Row]) -> None:
    try:
        frame = listener.recv(FRAME_OCTETS)
    except OSError:
        return  # the interface went down: it has nothing to show for now
    if len(rows) < FRAMES_MAX and is_worth_noting(frame):
        rows.append((time.monotonic_ns(), cable, direction.value, frame))


def _listener(interface: str) -> socket.socket:
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    give_room(listener)
    listener.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    listener.bind((interface, ETH_P_ALL))
    listener.setblocking(False)
    return listener


if __name__ == "__main__":
    named = dict(pair.split("=") for pair in sys.argv[2:])
    seen = watch(NetworkNamespace(int(sys.argv[1])), named)
    json.dump([(*where, frame.hex()) for *where, frame in seen], sys.stdout)
