"""Who else speaks LACP in a lab, and what did everybody say?"""

import dataclasses
import json
import time

from pybondd.lab.bonds import BOND, BondHost
from pybondd.lab.children import child, first_line
from pybondd.lab.failure import LabFailedError
from pybondd.lab.recording import Recording
from pybondd.lab.slow_witness import SlowWitness
from pybondd.lab.topology import Topology, set_far_end
from pybondd.units import SECOND_NS

KNOWN_WITHIN_NS = 2 * SECOND_NS


class Partners:
    """The witness of all LACPDUs, and the liar at the end of one cable."""

    def __init__(self, topology: Topology) -> None:
        """Begin to listen, before anybody speaks."""
        self._topology = topology
        self._witness = SlowWitness(topology)

    def let_lie(self, cable: str, far: BondHost) -> None:
        """Let somebody at the end of this cable claim to be the far bond. Ends with the lab."""
        system, key = _identity(far)
        set_far_end(self._topology, cable, state="up")
        interface = self._topology.cables[cable]
        where = self._topology.cable_end
        first_line(child("pybondd.lab.liar", [interface, system, key], where=where))

    def complete(self, recording: Recording, far: BondHost) -> Recording:
        """The recording with what was said on the cables, and what the far bond told."""
        frames = self._witness.frames()
        return dataclasses.replace(recording, slow_frames=frames, far_words=far.words())


def _identity(host: BondHost) -> tuple[str, str]:
    """System (hexadecimal digits) and key by which a bond speaks, once one of its links is up."""
    deadline_ns = time.monotonic_ns() + KNOWN_WITHIN_NS
    while time.monotonic_ns() < deadline_ns:
        status = json.loads(host.run("status", BOND, "--json"))
        told = status["linkinfo"]["info_data"].get("ad_info")
        if told:
            return status["address"].replace(":", ""), str(told["actor_key"])
    raise LabFailedError(
        "the far bond has no aggregator", "none of its links came up", "try it once more"
    )
