"""What was the case in each slice of time? Both pictures, text and SVG, are drawn from this."""

from dataclasses import dataclass

from pybondd.lab.recording import Action, Direction, Recording
from pybondd.units import Duration, Instant


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice of the run.

    `carried` counts the probes that came out of each port's cable on their way there. `plugged`
    names the ports whose cable was whole during the entire slice.
    """

    carried: dict[str, int]
    plugged: frozenset[str]
    sent: int
    lost: int


def slices(recording: Recording, count: int) -> list[Slice]:
    """Cut the run into `count` equal slices."""
    width_ns = (recording.ended_ns - recording.started_ns) / count
    carried = [dict.fromkeys(recording.setup.ports, 0) for _ in range(count)]
    sent, lost = [0] * count, [0] * count

    def slice_at(moment_ns: Instant) -> int:
        # The last probe's answer may come just after the end; it belongs to the last slice.
        return min(count - 1, max(0, int((moment_ns - recording.started_ns) / width_ns)))

    for sighting in recording.sightings:
        if sighting.direction is Direction.THERE:
            carried[slice_at(sighting.moment_ns)][sighting.cable] += 1
    for probe in recording.probes:
        sent[slice_at(probe.sent_ns)] += 1
        lost[slice_at(probe.sent_ns)] += probe.is_lost
    return [
        Slice(carried[i], _plugged(recording, i * width_ns, (i + 1) * width_ns), sent[i], lost[i])
        for i in range(count)
    ]


def outages(recording: Recording, cable: str) -> list[tuple[Instant, Instant]]:
    """When this cable was cut: spans of time, the last one open to the end of the run."""
    spans, since = [], None
    for incident in recording.incidents:
        if incident.cable != cable:
            continue
        if incident.action is Action.CUT:
            since = incident.moment_ns
        elif since is not None:
            spans.append((since, incident.moment_ns))
            since = None
    if since is not None:
        spans.append((since, recording.ended_ns))
    return spans


def _plugged(recording: Recording, start: float, end: float) -> frozenset[str]:
    first: Duration = recording.started_ns + int(start)
    last: Duration = recording.started_ns + int(end)
    return frozenset(
        port
        for port in recording.setup.ports
        if not any(since < last and until > first for since, until in outages(recording, port))
    )
