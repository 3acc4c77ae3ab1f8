"""Liar process: a partner that says that all is well, and does not know us.

    python -m pybondd.lab.liar INTERFACE SYSTEM KEY      ends when stdin closes

It claims to be the far bond, in sync, collecting and distributing; but what it repeats of us is
somebody else's. Whoever looks only at the partner's own bits sends traffic into a void.
"""

import select
import socket
import sys
import time
from contextlib import suppress

from pybondd.lab.bonds import BondHost
from pybondd.lab.children import child, first_line
from pybondd.lab.failure import LabFailedError
from pybondd.lab.topology import Topology, set_far_end
from pybondd.units import SECOND_NS
from pybondd.wire.slow import Lacpdu, Participant, PortState, build_lacpdu

PERIOD_S = 1.0
"""As a partner that was asked for the short timeout."""
SOMEBODY_ELSE = bytes.fromhex("02dead00beef")
ALL_IS_WELL = (
    PortState.ACTIVITY
    | PortState.SHORT_TIMEOUT
    | PortState.AGGREGATION
    | PortState.SYNCHRONIZATION
    | PortState.COLLECTING
    | PortState.DISTRIBUTING
)
ITS_PORT_NUMBER = 77
KNOWN_WITHIN_NS = 2 * SECOND_NS


def let_lie(topology: Topology, cable: str, far: BondHost) -> None:
    """Let somebody at the end of this cable claim to be the far bond. Ends with the lab."""
    system, key = _identity(far)
    set_far_end(topology, cable, state="up")
    liar = [topology.cables[cable], system, key]
    first_line(child("pybondd.lab.liar", liar, where=topology.cable_end))


def lie(system: bytes, key: int) -> bytes:
    """The frame: the far bond's `system` (6 octets) and `key`, a wrong picture of us."""
    claims = Participant(0xFFFF, system, key, 0xFF, ITS_PORT_NUMBER, int(ALL_IS_WELL))
    picture = Participant(0xFFFF, SOMEBODY_ELSE, key, 0xFF, 1, int(ALL_IS_WELL))
    return build_lacpdu(Lacpdu(claims, picture), source=system)


def _identity(host: BondHost) -> tuple[str, str]:
    """System (hexadecimal digits) and key by which a bond speaks, once one of its links is up."""
    deadline_ns = time.monotonic_ns() + KNOWN_WITHIN_NS
    while time.monotonic_ns() < deadline_ns:
        status = host.status()
        told = status["linkinfo"]["info_data"].get("ad_info")
        if told:
            return status["address"].replace(":", ""), str(told["actor_key"])
    raise LabFailedError(
        "the far bond has no aggregator", "none of its links came up", "try it once more"
    )


def speak(interface: str, system: bytes, key: int) -> None:
    """Tell the lie every second until stdin closes."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as voice:
        voice.bind((interface, 0))
        print("ready", flush=True)
        while True:
            with suppress(OSError):  # The cable may not be plugged in yet, or not any more.
                voice.send(lie(system, key))
            if select.select([sys.stdin], (), (), PERIOD_S)[0]:
                return


if __name__ == "__main__":
    speak(sys.argv[1], bytes.fromhex(sys.argv[2]), int(sys.argv[3]))
