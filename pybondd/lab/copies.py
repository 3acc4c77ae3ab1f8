"""Lab broadcast: every frame on every cable. How many copies come, and what does a cut cost?"""

from pybondd.lab.drawing import draw_story
from pybondd.lab.lab import Lab, Telling
from pybondd.lab.measures import copies, duplicates, lost
from pybondd.lab.picture import bars, draw
from pybondd.lab.recording import Action, Recording
from pybondd.lab.stage import Deed
from pybondd.units import milliseconds


def judge(recording: Recording) -> tuple[str, ...]:
    """Why this was no broadcast; () if it was."""
    arrived = copies(recording.arrivals)
    gone = lost(recording.probes)
    expected = len(recording.setup.ports)
    most_common = arrived.most_common(1)[0][0] if arrived else 0
    complaints = {
        f"{gone} probes were lost, though one cable was always whole": gone > 0,
        f"most probes arrived {most_common} times instead of {expected}": most_common != expected,
        "no probe arrived just once while the cable was cut": arrived[1] == 0,
    }
    return tuple(text for text, is_so in complaints.items() if is_so)


def tell(recording: Recording, width: int, is_coloured: bool) -> Telling:
    """The copies, and the cut that costs nothing."""
    count, gone = len(recording.probes), lost(recording.probes)
    arrived = sorted(copies(recording.arrivals).items())
    extra = duplicates(recording.probes)
    result = (
        f"{gone} of {count} probes lost though a cable was cut; "
        f"{extra} answers too many, which the mode makes on purpose"
    )
    rows = [(f"arrived {times} time{'s' * (times > 1)}", number) for times, number in arrived]
    picture = (
        *draw(recording, width=width, is_coloured=is_coloured), "",
        "copies of a probe at the far host:", *bars(rows, width=width),
    )  # fmt: skip
    svg = draw_story(
        recording,
        headline=f"Every frame on every cable: a cut loses {gone} of {count} probes",
        subtitle="broadcast at both ends, 1000 probes a second; at the far host "
        + ", ".join(f"{number} {label}" for label, number in rows),
    )
    return Telling(result, picture, svg, judge(recording))


COPIES = Lab(
    name="broadcast",
    mode="broadcast",
    options=(),
    has_far_bond=True,
    count=2000,
    burst=1,
    steps=(
        Deed(milliseconds(700), Action.CUT, "eth1"),
        Deed(milliseconds(700), Action.REPAIR, "eth1"),
    ),
    tell=tell,
    try_next=(
        "pybondd lab failover    no copies, and a few probes lost",
        "pybondd lab rr          every frame on the next cable",
        "pybondd lab xor         every flow on its own cable",
    ),
)
