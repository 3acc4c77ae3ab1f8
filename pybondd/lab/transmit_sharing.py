"""Lab tlb: four flows of different rates leave by two ports. Which flow by which, and from whom?"""

from collections.abc import Sequence

from pybondd.lab.columns import Arrow, Column, column_lines, port_boxes, short_mac
from pybondd.lab.columns_drawing import draw_columns
from pybondd.lab.failover import LOSS_MARGIN
from pybondd.lab.lab import INTERVAL_NS, PORTS, Lab, Telling
from pybondd.lab.looking import Look
from pybondd.lab.parts import Part, Way, parts
from pybondd.lab.recording import Action, Recording, Sight
from pybondd.lab.stage import Deed
from pybondd.lab.topology import FAR_ADDRESSES
from pybondd.units import SECOND_NS, milliseconds

CLIENTS = FAR_ADDRESSES[:4]
TURNS = (0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0)
"""Each flow sends half as much as the one before it: 8, 4, 2 and 1 of 15 probes."""
SHARE_MIN = 0.25
"""What a port carries at least when the load is shared; the worst order of flows leaves it 1/3."""
FIRST, OTHER = PORTS


def is_measured(sight: Sight) -> bool:
    """Was the load measured, and is some of it on every port?"""
    return all(sight.loads.get(port) for port in PORTS)


def has_moved(sight: Sight) -> bool:
    """Is the other port the active one?"""
    return sight.active_port == OTHER


def is_under_way(sight: Sight) -> bool:
    """Nothing has to settle for flows that nobody has measured yet."""
    del sight
    return True


# -- did it happen?


def judge(recording: Recording) -> tuple[str, ...]:
    """Why this was not balance-tlb's way of sharing; () if it was."""
    before, shared, moved = found = parts(recording)
    allowed = recording.setup.miimon_ms + LOSS_MARGIN
    complaints = {f"{p.sight.title}: {text}": True for p in found for text in _surprises(p)}
    complaints |= {
        f"{port} carried {share:.0%} of the frames after the rebalancing": share < SHARE_MIN
        for port, share in _shares(shared)
    }
    complaints |= {
        "nobody was measured, and the flows did not all take one port": _used(before) != [FIRST],
        f"{FIRST} was cut and still sent": _used(moved) != [OTHER],
        f"{moved.lost.total()} probes were lost at the cut, more than {allowed}": (
            moved.lost.total() > allowed
        ),
    }
    complaints |= {
        f"{part.sight.title}: {part.lost.total()} probes were lost": part.lost.total() > 0
        for part in (before, shared)
    }
    return tuple(text for text, is_so in complaints.items() if is_so)


def _surprises(part: Part) -> list[str]:
    """Whatever was sent with another port's address, or answered by another than the active one."""
    sight, found = part.sight, []
    active = Way(sight.active_port, sight.port_macs.get(sight.active_port, b""))
    for flow, client in enumerate(CLIENTS):
        found += [
            f"to {client} by {way.port} from {way.mac.hex(':')}"
            for way in part.out[flow]
            if sight.port_macs[way.port] != way.mac
        ]
        if len(part.out[flow]) != 1:
            found.append(f"to {client} by {len(part.out[flow])} ports")
        if set(part.back[flow]) != {active}:
            found.append(f"{client} does not answer by {active.port} alone")
    return found


def _shares(part: Part) -> list[tuple[str, float]]:
    carried = part.frames_out()
    return [(port, carried[port] / (carried.total() or 1)) for port in PORTS]


def _used(part: Part) -> list[str]:
    return sorted(part.frames_out())


# -- what did it look like?


def tell(recording: Recording, width: int, is_coloured: bool) -> Telling:
    """The columns."""
    del is_coloured  # arrows and words say it
    found = parts(recording)
    before, shared, moved = (part.lost.total() for part in found)
    spread = " and ".join(f"{share:.0%} by {port}" for port, share in _shares(found[1]))
    result = (
        f"{spread} after the rebalancing; all answers by the active port; "
        f"{before + shared} of {len(recording.probes)} probes lost before the cut, {moved} at it"
    )
    columns = _columns(found)
    labels = [f"{client} {rate_text(flow)}" for flow, client in enumerate(CLIENTS)]
    picture = (
        "load is shared anew every 10 s, and at once when a port comes up, as eth1 did here;",
        "each flow, the port that it leaves by, and the source address that it has there:",
        *column_lines(labels, columns, width=width),
        *(f"{column.title}: {'; '.join(column.lines)}" for column in columns),
    )
    svg = draw_columns(
        CLIENTS, columns,
        headline="What leaves is shared by load, answers come by the active port",
        subtitle="balance-tlb behind a plain switch: every 10 s, and when a port comes up, each "
        "flow moves to the port with most room",
        legend="← a flow, from the port by which it leaves, as thick as its rate; beneath the host "
        "the source address that it sees. Dotted: answers",
    )  # fmt: skip
    return Telling(result, picture, svg, judge(recording))


def rate_text(flow: int) -> str:
    """How many probes a second this flow sends."""
    rate = SECOND_NS / INTERVAL_NS * TURNS.count(flow) / len(TURNS)
    return f"{rate:.0f}/s"


def _columns(found: Sequence[Part]) -> list[Column]:
    columns = []
    previous = None
    for part in found:
        columns.append(
            Column(
                part.sight.title,
                port_boxes(part),
                tuple(_arrows(part, previous)),
                tuple(part.lost[flow] for flow in range(len(CLIENTS))),
                (_line(part), *_taken_over(part, previous)),
                answers_by=part.sight.active_port,
            )
        )
        previous = part
    return columns


def _arrows(part: Part, previous: Part | None) -> list[Arrow]:
    return [
        Arrow(
            flow,
            way.port,
            way.mac,
            is_outward=True,
            is_new=previous is not None and way not in previous.out[flow],
            share=TURNS.count(flow) / len(TURNS),
            note=rate_text(flow),
        )
        for flow in range(len(CLIENTS))
        for way in sorted(part.out[flow], key=lambda way: way.port)
    ]


def _taken_over(part: Part, previous: Part | None) -> list[str]:
    if previous is None:
        return []
    return [
        f"{port} has taken over {short_mac(mac)}"
        for port, mac in part.sight.port_macs.items()
        if port == part.sight.active_port and previous.sight.port_macs[port] != mac
    ]


def _line(part: Part) -> str:
    shares = ", ".join(f"{share:.0%} by {port}" for port, share in _shares(part))
    return f"{shares}; answers by {', '.join(sorted(part.frames_back())) or 'no port'}"


TRANSMIT_SHARING = Lab(
    name="tlb",
    mode="balance-tlb",
    options=(),
    has_far_bond=False,
    count=9500,
    burst=1,
    turns=TURNS,
    hosts=CLIENTS,
    steps=(
        Look("nobody measured yet", milliseconds(700), is_under_way),
        # A link that comes up makes the next tick share out anew; the clock would take 10 s.
        Deed(milliseconds(300), Action.CUT, OTHER),
        Deed(milliseconds(300), Action.REPAIR, OTHER),
        Look("measured and shared", milliseconds(300), is_measured),
        Deed(milliseconds(300), Action.CUT, FIRST),
        Look(f"cable of {FIRST} cut", milliseconds(300), has_moved),
    ),
    tell=tell,
    try_next=(
        "pybondd lab alb               the other half: clients are told to send by load",
        "pybondd lab xor               shared by a hash, whatever the load",
        "pybondd status bond0 --alb    who carries what, on a bond of yours",
    ),
)
