"""How does one run of a lab go? Probe over the bond, cut cables, look around, collect."""

import dataclasses
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pybondd.lab.bonds import BondHost
from pybondd.lab.children import child, end, first_line, rest
from pybondd.lab.failure import LabFailedError
from pybondd.lab.looking import Look, look
from pybondd.lab.namespaces import NetworkNamespace
from pybondd.lab.probe_format import ECHO_PORT, payload_of, sequence_in, sequence_in_frame
from pybondd.lab.prober import ProbePlan
from pybondd.lab.recording import (
    Action,
    Direction,
    Incident,
    Probe,
    Recording,
    SeenFrame,
    Setup,
    Sight,
    Sighting,
)
from pybondd.lab.topology import NEAR_ADDRESS, Topology, cut, repair
from pybondd.lab.witness import Witness
from pybondd.units import SECOND_NS, Duration, Instant

REACHABLE_WITHIN_S = 3.0
NEVER_PROBED = 2**63
"""The sequence number of the question `is anybody there?`, outside those of a run."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something to do to a cable, `after_ns` from the step before or from the first probe."""

    after_ns: Duration
    action: Action
    cable: str


@dataclass(frozen=True, slots=True)
class Done:
    """A deed, and when the kernel had done it for sure."""

    incident: Incident
    done_ns: Instant


def perform(
    setup: Setup,
    topology: Topology,
    bond: BondHost,
    witness: Witness,
    *,
    plan: ProbePlan,
    steps: Sequence[Deed | Look],
) -> Recording:
    """Probe while the steps are taken, and collect what everybody saw.

    A run with looks is over after its last step. Raises `LabFailedError` when a far host cannot be
    reached at all.
    """
    echoes = [child("pybondd.lab.echo", [a], where=host) for a, host in topology.hosts.items()]
    for echo in echoes:
        first_line(echo)
    for address, host in topology.hosts.items():
        _require_to_be_found(address, host)
    prober = child("pybondd.lab.prober", [plan.json()])
    start_ns = int(first_line(prober))
    end_ns = start_ns + plan.count * plan.interval_ns
    taken = _take(steps, topology, bond, (start_ns, end_ns))
    sights = tuple(step for step in taken if isinstance(step, Sight))
    probes = _probes(end(prober) if sights else rest(prober), plan)
    frames = witness.frames()
    sightings = _sightings(frames)
    return Recording(
        setup,
        start_ns,
        start_ns + len(probes) * setup.interval_ns,
        probes,
        tuple(sequence for echo in echoes for sequence in end(echo)),
        sightings,
        tuple(_incident(step, probes, sightings) for step in taken if isinstance(step, Done)),
        bond.words(),
        frames,
        sights=sights,
    )


def _take(
    steps: Sequence[Deed | Look], topology: Topology, bond: BondHost, span: tuple[Instant, Instant]
) -> list[Done | Sight]:
    taken: list[Done | Sight] = []
    now, end_ns = span
    for step in steps:
        time.sleep(max(0, now + step.after_ns - time.monotonic_ns()) / SECOND_NS)
        if isinstance(step, Look):
            sight = look(step, topology, bond, deadline_ns=end_ns)
            now = time.monotonic_ns()
            taken.append(sight)
        elif step.cable in topology.cables:
            now = (cut if step.action is Action.CUT else repair)(topology, step.cable)
            taken.append(Done(Incident(now, step.action, step.cable), time.monotonic_ns()))
    return taken


def _incident(done: Done, probes: Sequence[Probe], sightings: Sequence[Sighting]) -> Incident:
    return not_before_the_last_probe(done.incident, done.done_ns, probes, sightings)


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


def _probes(seen: list[Any], plan: ProbePlan) -> tuple[Probe, ...]:  # Any: it comes out of JSON
    sent, answered = seen
    answers: dict[int, list[Instant]] = {}
    for sequence, moment_ns in answered:
        answers.setdefault(sequence, []).append(moment_ns)
    return tuple(
        Probe(sequence, plan.flow_of(sequence), sent_ns, tuple(answers.get(sequence, ())))
        for sequence, sent_ns in enumerate(sent)
    )


def _sightings(frames: Sequence[SeenFrame]) -> tuple[Sighting, ...]:
    numbered = ((frame, sequence_in_frame(frame.octets)) for frame in frames)
    return tuple(
        Sighting(frame.moment_ns, frame.cable, frame.direction, sequence)
        for frame, sequence in numbered
        if sequence is not None and sequence != NEVER_PROBED
    )


def _require_to_be_found(address: str, host: NetworkNamespace) -> None:
    """Let a far host call until it is answered: address resolution and carriers need a moment.

    The far host asks for our address, and we learn its own from that. Were it the other way round,
    balance-alb would leave all hosts with the active port's address for the first two seconds.
    """
    deadline_ns = time.monotonic_ns() + int(REACHABLE_WITHIN_S * SECOND_NS)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as answering:
        answering.bind((NEAR_ADDRESS, ECHO_PORT))
        answering.settimeout(0.1)
        with host.entered():
            calling = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with calling:
            calling.settimeout(0.1)
            while time.monotonic_ns() < deadline_ns:
                if _is_answered(calling, answering):
                    return
    raise LabFailedError(
        "a far host does not reach us over the bond",
        f"no answer for {address} within {REACHABLE_WITHIN_S:.0f} s of asking",
        "look at the bond itself: sudo pybondd up --help",
    )


def _is_answered(calling: socket.socket, answering: socket.socket) -> bool:
    try:
        calling.sendto(payload_of(0, NEVER_PROBED), (NEAR_ADDRESS, ECHO_PORT))
        question, caller = answering.recvfrom(256)
        answering.sendto(question, caller)
        return sequence_in(calling.recv(256)) == NEVER_PROBED
    except OSError:
        return False
