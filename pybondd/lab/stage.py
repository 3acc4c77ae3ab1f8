"""How does one run of a lab go? Probe over the bond, cut cables at known times, collect."""

import dataclasses
import json
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pybondd.lab.bonds import BondHost
from pybondd.lab.children import child, end, first_line
from pybondd.lab.failure import LabFailedError
from pybondd.lab.probe_format import ECHO_PORT, payload_of, sequence_in
from pybondd.lab.prober import ProbePlan
from pybondd.lab.recording import Action, Direction, Incident, Probe, Recording, Setup, Sighting
from pybondd.lab.topology import FAR_ADDRESS, NEAR_ADDRESS, Topology, cut, repair
from pybondd.units import SECOND_NS, Duration, Instant

REACHABLE_WITHIN_S = 3.0
NEVER_ECHOED = 2**63
"""The sequence number of the question `is anybody there?`, outside those of a run."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something to do to a cable, `after_ns` from the first probe."""

    after_ns: Duration
    action: Action
    cable: str


class Watchers:
    """The echo host and the witness, as child processes that end when their stdin closes."""

    def __init__(self, topology: Topology) -> None:
        far = topology.cable_end.descriptor
        cables = [f"{near}={far_name}" for near, far_name in topology.cables.items()]
        self._echo = child("pybondd.lab.echo", [FAR_ADDRESS], where=topology.far_host)
        self._witness = child("pybondd.lab.witness", [str(far), *cables], keep=far)
        for process in (self._echo, self._witness):
            first_line(process)

    def arrivals(self) -> tuple[int, ...]:
        """The sequence numbers that reached the far host. Ends the echo host."""
        return tuple(seq for seq in end(self._echo) if seq != NEVER_ECHOED)

    def sightings(self) -> tuple[Sighting, ...]:
        """Where probes came out of a cable, in the order of time. Ends the witness."""
        rows = (Sighting(row[0], row[1], Direction(row[2]), row[3]) for row in end(self._witness))
        return tuple(sorted(rows, key=lambda sighting: sighting.moment_ns))


def perform(
    setup: Setup,
    topology: Topology,
    bond: BondHost,
    *,
    count: int,
    burst: int,
    deeds: Sequence[Deed],
) -> Recording:
    """Run `count` probes while the deeds are done, and collect what everybody saw.

    Raises `LabFailedError` when the far host cannot be reached at all.
    """
    watchers = Watchers(topology)
    _require_an_answer()
    plan = ProbePlan(NEAR_ADDRESS, FAR_ADDRESS, count, setup.interval_ns, burst, setup.flows)
    prober = child("pybondd.lab.prober", [plan.json()])
    start_ns = int(first_line(prober))
    done = [_do(deed, topology, start_ns) for deed in deeds]
    sent = json.loads(prober.communicate(timeout=count * setup.interval_ns / SECOND_NS + 5)[0])
    probes = _probes(sent, setup.flows)
    sightings = tuple(s for s in watchers.sightings() if s.sequence != NEVER_ECHOED)
    incidents = (
        not_before_the_last_probe(incident, done_ns, probes, sightings)
        for incident, done_ns in done
    )
    return Recording(
        setup,
        start_ns,
        start_ns + count * setup.interval_ns,
        probes,
        watchers.arrivals(),
        sightings,
        tuple(incidents),
        bond.words(),
    )


def _do(deed: Deed, topology: Topology, start_ns: Instant) -> tuple[Incident, Instant]:
    due_ns = start_ns + deed.after_ns
    time.sleep(max(0, due_ns - time.monotonic_ns()) / SECOND_NS)
    moment_ns = (cut if deed.action is Action.CUT else repair)(topology, deed.cable)
    return Incident(moment_ns, deed.action, deed.cable), time.monotonic_ns()


def not_before_the_last_probe(
    incident: Incident, done_ns: Instant, probes: Sequence[Probe], sightings: Sequence[Sighting]
) -> Incident:
    """A cut, moved to the latest instant at which its cable is proven to have been whole.

    The kernel is asked for the cut, and has it done by `done_ns`; in between it may first wait for
    others who change links. Each probe sent in that time and seen on the cable proves it whole.
    """
    if incident.action is Action.REPAIR:
        return incident
    carried = {
        s.sequence
        for s in sightings
        if s.cable == incident.cable and s.direction is Direction.THERE
    }
    proofs = [p.sent_ns for p in probes if p.sequence in carried and p.sent_ns <= done_ns]
    return dataclasses.replace(incident, moment_ns=max([incident.moment_ns, *proofs]))


def _probes(sent: dict[str, Any], flows: int) -> tuple[Probe, ...]:  # Any: it comes out of JSON
    answers: dict[int, list[Instant]] = {}
    for sequence, moment_ns in sent["answers"]:
        answers.setdefault(sequence, []).append(moment_ns)
    return tuple(
        Probe(sequence, sequence % flows, sent_ns, tuple(answers.get(sequence, ())))
        for sequence, sent_ns in enumerate(sent["sent_ns"])
    )


def _require_an_answer() -> None:
    """Ask the far host until it answers: address resolution and carriers need a moment."""
    deadline_ns = time.monotonic_ns() + int(REACHABLE_WITHIN_S * SECOND_NS)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind((NEAR_ADDRESS, 0))
        asking.settimeout(0.1)
        while time.monotonic_ns() < deadline_ns:
            if _is_answered(asking):
                return
    raise LabFailedError(
        "the far host does not answer over the bond",
        f"no echo of {FAR_ADDRESS} within {REACHABLE_WITHIN_S:.0f} s of asking",
        "look at the bond itself: sudo pybondd up --help",
    )


def _is_answered(asking: socket.socket) -> bool:
    try:
        asking.sendto(payload_of(0, NEVER_ECHOED), (FAR_ADDRESS, ECHO_PORT))
        return sequence_in(asking.recv(256)) == NEVER_ECHOED
    except OSError:
        return False
