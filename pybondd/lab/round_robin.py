"""Lab rr: every frame takes the next cable. How even are the shares, what arrives late?"""

from collections import Counter

from pybondd.lab.charts import draw_sharing
from pybondd.lab.lab import Lab, Telling
from pybondd.lab.measures import lateness, lost, reordered, share_of_cables
from pybondd.lab.picture import bars
from pybondd.lab.recording import Recording

SHARE_ERROR_MAX = 0.05
"""How far a cable may be from its even share: address resolution and retries move it a little."""
LATE_SHOWN_MAX = 4
"""Rows of the histogram; what is overtaken by more stands in the last one."""


def judge(recording: Recording) -> tuple[str, ...]:
    """Why this was no round robin; () if it was."""
    shares = share_of_cables(recording)
    total = sum(shares.values()) or 1
    even = 1 / len(recording.setup.ports)
    gone = lost(recording.probes)
    complaints = [f"{gone} probes were lost, though nothing was cut"] if gone else []
    complaints += [
        f"{port} carried {shares[port] / total:.1%} of the probes instead of {even:.0%}"
        for port in recording.setup.ports
        if abs(shares[port] / total - even) > SHARE_ERROR_MAX
    ]
    return tuple(complaints)


def tell(recording: Recording, width: int, is_coloured: bool) -> Telling:
    """The shares, and how many probes were overtaken by how many others."""
    del is_coloured  # bars and numbers need no colour
    shares = [(port, share_of_cables(recording)[port]) for port in recording.setup.ports]
    late = Counter(min(extent, LATE_SHOWN_MAX) for extent in lateness(recording.arrivals))
    overtaken = reordered(recording.arrivals)
    count = len(recording.probes)
    result = (
        f"{count} probes, {lost(recording.probes)} lost; {overtaken} "
        f"({overtaken / (count or 1):.1%}) arrived after a later one"
    )
    rows = [
        (f"overtaken by {extent}{' or more' * (extent == LATE_SHOWN_MAX)}", number)
        for extent, number in sorted(late.items())
    ]
    picture = (
        "which cable carried the probes:", *bars(shares, width=width), "",
        "how many later probes had arrived before it:", *bars(rows, width=width),
        "TCP takes three for a loss and slows down: why mode 0 is not for one TCP stream.",
    )  # fmt: skip
    svg = draw_sharing(
        recording,
        headline=f"Round robin: two cables share evenly, {overtaken} of {count} come out of order",
        subtitle="balance-rr at both ends, bursts of four probes; a TCP stream would take "
        "three overtakers for a loss",
        shares=shares,
        histogram=[
            (f"{extent}{'+' * (extent == LATE_SHOWN_MAX)}", number)
            for extent, number in sorted(late.items())
        ],
        histogram_title="Later probes that arrived before it",
    )
    return Telling(result, picture, svg, judge(recording))


ROUND_ROBIN = Lab(
    name="rr",
    mode="balance-rr",
    options=(),
    has_far_bond=True,
    count=2000,
    burst=4,
    tell=tell,
    try_next=(
        "pybondd lab xor          the cure: a flow stays on one port",
        "pybondd lab broadcast    every frame on every port",
        "pybondd up --help        packets_per_slave: frames before the next port's turn",
    ),
)
