"""What do the probes say? Loss, outage, order, copies: each a plain function of the recording."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from pybondd.lab.recording import Direction, Probe, Recording
from pybondd.units import Duration


def lost(probes: Iterable[Probe]) -> int:
    """How many probes never got an answer."""
    return sum(probe.is_lost for probe in probes)


def duplicates(probes: Iterable[Probe]) -> int:
    """How many answers came beyond the first of each probe."""
    return sum(max(0, len(probe.answered_ns) - 1) for probe in probes)


def outage_ns(probes: Sequence[Probe]) -> Duration:
    """The longest time without an answer during which a probe was lost; 0 if none was.

    From the last answer before a loss to the first one after it; a loss that nothing follows has
    no end and does not count. Unlike `silence_ns`, it is not stretched by a busy machine that
    merely delays answers somewhere else in the run.
    """
    longest, last_answer_ns, has_lost = 0, None, False
    for probe in probes:
        if probe.is_lost:
            has_lost = True
            continue
        if has_lost and last_answer_ns is not None:
            longest = max(longest, probe.answered_ns[0] - last_answer_ns)
        last_answer_ns, has_lost = probe.answered_ns[0], False
    return longest


def silence_ns(probes: Iterable[Probe]) -> Duration:
    """The longest silence: the widest gap between two answers that came one after the other.

    Includes the interval between probes, so it is never below that. 0 with fewer than two answers.
    """
    moments = sorted(moment for probe in probes for moment in probe.answered_ns)
    return max((later - earlier for earlier, later in pairwise(moments)), default=0)


def lateness(arrivals: Sequence[int]) -> list[int]:
    """For each first arrival, how many later-sent probes overtook it. 0: it came in order.

    Copies do not count. The number is what a TCP receiver counts as duplicate acknowledgements;
    three of them make it believe in a loss (RFC 5681, 3.2).
    """
    seen: list[int] = []
    known: set[int] = set()
    extents = []
    for sequence in arrivals:
        if sequence in known:
            continue
        known.add(sequence)
        extents.append(_greater_at_the_end(seen, sequence))
        seen.append(sequence)
    return extents


def overtaken(arrivals: Sequence[int]) -> set[int]:
    """The probes that arrived after one that was sent later."""
    in_order_of_arrival = dict.fromkeys(arrivals)
    extents = lateness(arrivals)
    return {n for n, extent in zip(in_order_of_arrival, extents, strict=True) if extent > 0}


def reordered(arrivals: Sequence[int]) -> int:
    """How many probes arrived after one that was sent later."""
    return sum(extent > 0 for extent in lateness(arrivals))


def copies(arrivals: Iterable[int]) -> Counter[int]:
    """How many probes arrived once, twice, ... : copies -> probes."""
    return Counter(Counter(arrivals).values())


def cable_of_probe(recording: Recording) -> dict[int, tuple[str, ...]]:
    """The cables that each probe took on its way there, by sequence number."""
    cables: dict[int, tuple[str, ...]] = {}
    for sighting in recording.sightings:
        if sighting.direction is Direction.THERE:
            cables[sighting.sequence] = (*cables.get(sighting.sequence, ()), sighting.cable)
    return cables


def share_of_cables(recording: Recording) -> Counter[str]:
    """How many probes went there by each cable."""
    return Counter(s.cable for s in recording.sightings if s.direction is Direction.THERE)


def _greater_at_the_end(seen: Sequence[int], sequence: int) -> int:
    """How many of the numbers that came before are greater.

    Looks back at most 128 arrivals: what is overtaken by more than that was held up, not reordered.
    """
    return sum(earlier > sequence for earlier in seen[-128:])
