"""Slow witness process: which LACPDUs came out of each cable? Watches both ends of every cable.

    python -m pybondd.lab.slow_witness FAR_DESCRIPTOR eth0=eth0      ends when stdin closes

It begins before the bonds do, so that the first word of a negotiation is heard.
"""

import json
import sys

from pybondd.lab.children import child, end, first_line
from pybondd.lab.namespaces import NetworkNamespace
from pybondd.lab.recording import Direction, SlowFrame
from pybondd.lab.topology import Topology
from pybondd.lab.witness import watch
from pybondd.wire.slow import is_slow_protocol


class SlowWitness:
    """The process, seen from the lab."""

    def __init__(self, topology: Topology) -> None:
        far = topology.cable_end.descriptor
        cables = [f"{near}={far_name}" for near, far_name in topology.cables.items()]
        self._process = child("pybondd.lab.slow_witness", [str(far), *cables], keep=far)
        first_line(self._process)

    def frames(self) -> tuple[SlowFrame, ...]:
        """What was seen, in the order of time. Ends the process."""
        rows = (
            SlowFrame(moment_ns, cable, Direction(direction), bytes.fromhex(octets))
            for moment_ns, cable, direction, octets in end(self._process)
        )
        return tuple(sorted(rows, key=lambda frame: frame.moment_ns))


def slow_frame_text(frame: bytes) -> str | None:
    """A slow protocol frame in hexadecimal digits; None for any other."""
    return frame.hex() if is_slow_protocol(frame) else None


if __name__ == "__main__":
    named = dict(pair.split("=") for pair in sys.argv[2:])
    json.dump(watch(NetworkNamespace(int(sys.argv[1])), named, slow_frame_text), sys.stdout)
