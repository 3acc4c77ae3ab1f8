"""Draw your own recording with the lab's pictures. Needs no privileges.

    python examples/draw_a_failover.py [FILE.svg]

The probes here are invented; `pybondd lab` measures them.
"""

import sys
from pathlib import Path

from pybondd.lab.drawing import draw_story
from pybondd.lab.picture import draw
from pybondd.lab.recording import Action, Direction, Incident, Probe, Recording, Setup, Sighting
from pybondd.units import milliseconds

CUT, REPAIR, END = milliseconds(400), milliseconds(900), milliseconds(1200)
SILENT_FOR = milliseconds(60)


def invented() -> Recording:
    """A failover that took 60 ms."""
    moments = [milliseconds(n) for n in range(1200)]
    lost = [CUT <= moment < CUT + SILENT_FOR for moment in moments]
    probes = tuple(
        Probe(n, 0, moment, () if lost[n] else (moment + 90_000,))
        for n, moment in enumerate(moments)
    )
    sightings = tuple(
        Sighting(moment + 40_000, "eth0" if moment < CUT else "eth1", Direction.THERE, n)
        for n, moment in enumerate(moments)
        if not lost[n]
    )
    incidents = (Incident(CUT, Action.CUT, "eth0"), Incident(REPAIR, Action.REPAIR, "eth0"))
    setup = Setup("drawn", "active-backup", 100, ("eth0", "eth1"), 1, milliseconds(1))
    arrivals = tuple(sighting.sequence for sighting in sightings)
    return Recording(setup, 0, END, probes, arrivals, sightings, incidents, ())


def main() -> None:
    """Print the terminal's picture; save the SVG if a name is given."""
    recording = invented()
    print("\n".join(draw(recording)))
    if len(sys.argv) > 1:
        svg = draw_story(recording, headline="60 ms of silence", subtitle="an invented failover")
        Path(sys.argv[1]).write_text(svg, encoding="utf-8")
        print(f"saved {sys.argv[1]}")


if __name__ == "__main__":
    main()
