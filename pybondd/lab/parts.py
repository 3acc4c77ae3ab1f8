"""By which port, and with which MAC address, did each flow go in each part of a run?

A part ends with a look. What a look found is compared with what went over the cables just after it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from pybondd.lab.looking import GLANCE_NS
from pybondd.lab.probe_format import sequence_in_frame
from pybondd.lab.recording import Action, Direction, Recording, Sight
from pybondd.units import Instant


@dataclass(frozen=True, slots=True)
class Way:
    """Which way frames of a flow went: the port, and the MAC address there (6 octets).

    That is the source of a frame that left, and the destination of one that came in.
    """

    port: str
    mac: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a run: how it ended.

    `lost` counts probes by flow, of the whole part. `out` and `back` count frames by flow and way,
    just after the look.
    """

    sight: Sight
    cut_ports: frozenset[str]
    lost: Counter[int]
    out: dict[int, Counter[Way]]
    back: dict[int, Counter[Way]]

    def frames_out(self) -> Counter[str]:
        """How many frames left by each port."""
        ways = ((way.port, n) for each in self.out.values() for way, n in each.items())
        return _summed(ways)

    def frames_back(self) -> Counter[str]:
        """How many frames came in by each port."""
        ways = ((way.port, n) for each in self.back.values() for way, n in each.items())
        return _summed(ways)


def parts(recording: Recording) -> list[Part]:
    """The parts in the order of time, one for each look."""
    ends = [sight.moment_ns + GLANCE_NS for sight in recording.sights]
    spans = pairwise([recording.started_ns, *ends])
    return [
        Part(
            sight,
            _cut_at(recording, sight.moment_ns),
            _lost(recording, span),
            _ways(recording, Direction.THERE, sight.moment_ns),
            _ways(recording, Direction.BACK, sight.moment_ns),
        )
        for sight, span in zip(recording.sights, spans, strict=True)
    ]


def _cut_at(recording: Recording, moment_ns: Instant) -> frozenset[str]:
    last = {i.cable: i.action for i in recording.incidents if i.moment_ns <= moment_ns}
    return frozenset(cable for cable, action in last.items() if action is Action.CUT)


def _lost(recording: Recording, span: tuple[Instant, Instant]) -> Counter[int]:
    since, until = span
    return Counter(p.flow for p in recording.probes if p.is_lost and since <= p.sent_ns < until)


def _ways(recording: Recording, direction: Direction, since: Instant) -> dict[int, Counter[Way]]:
    ways: dict[int, Counter[Way]] = {flow: Counter() for flow in range(recording.setup.flows)}
    for flow, way in flow_frames(recording, direction, (since, since + GLANCE_NS)):
        ways[flow][way] += 1
    return ways


def flow_frames(
    recording: Recording, direction: Direction, span: tuple[Instant, Instant]
) -> Iterator[tuple[int, Way]]:
    """Probes, or answers, that came out of a cable in a span of time: their flow, and their way."""
    for frame in recording.frames:
        if frame.direction is direction and span[0] <= frame.moment_ns < span[1]:
            sequence = sequence_in_frame(frame.octets)
            # A host that has just been found was sent a question, which is no probe.
            if sequence is not None and sequence < len(recording.probes):
                mac = frame.octets[6:12] if direction is Direction.THERE else frame.octets[:6]
                yield recording.probes[sequence].flow, Way(frame.cable, mac)


def _summed(counted: Iterator[tuple[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for name, number in counted:
        total[name] += number
    return total
