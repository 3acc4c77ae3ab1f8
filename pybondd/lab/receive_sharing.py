"""Lab alb: three clients, two ports, one IP address. Who is told to send to which port, when?"""

from collections import Counter
from collections.abc import Sequence

from pybondd.lab.columns import Arrow, Column, column_lines, port_boxes, short_mac
from pybondd.lab.columns_drawing import draw_columns
from pybondd.lab.failover import LOSS_MARGIN
from pybondd.lab.lab import PORTS, Lab, Telling
from pybondd.lab.looking import GLANCE_NS, Look
from pybondd.lab.parts import Part, Way, flow_frames, parts
from pybondd.lab.recording import Action, Direction, Recording, Sight
from pybondd.lab.stage import Deed
from pybondd.lab.told import Manner, Told, all_told
from pybondd.lab.topology import FAR_ADDRESSES, NEAR_ADDRESS
from pybondd.units import SECOND_NS, Instant, milliseconds

CLIENTS = FAR_ADDRESSES[:3]
CUT_PORT = PORTS[-1]


def is_told(sight: Sight) -> bool:
    """Does each client have the MAC address of the port that the bond wants it to send to?"""
    return all(_knows_its_port(sight, client) for client in CLIENTS)


def is_shared(sight: Sight) -> bool:
    """Are they told, and dealt out over all ports?"""
    return is_told(sight) and set(sight.clients.values()) == set(sight.port_macs)


def is_off_the_cut_port(sight: Sight) -> bool:
    """Are they told, and does nobody send to the port whose cable is cut?"""
    return is_told(sight) and CUT_PORT not in sight.clients.values()


def _knows_its_port(sight: Sight, client: str) -> bool:
    port = sight.clients.get(client)
    return port in sight.port_macs and sight.neighbours.get(client) == sight.port_macs[port]


# -- did it happen?


def judge(recording: Recording) -> tuple[str, ...]:
    """Why this was not balance-alb's way of sharing; () if it was."""
    before, during, after = found = parts(recording)
    allowed = recording.setup.miimon_ms + LOSS_MARGIN
    complaints = {f"{p.sight.title}: {text}": True for p in found for text in _disagreements(p)}
    complaints |= {
        f"{part.sight.title}: not every port was given a client": not is_shared(part.sight)
        for part in (before, after)
    }
    complaints |= {
        f"{CUT_PORT} was cut and kept a client": CUT_PORT in during.sight.clients.values(),
        f"{before.lost.total()} probes were lost before the cut": before.lost.total() > 0,
        f"{during.lost.total()} probes were lost at the cut, more than {allowed}": (
            during.lost.total() > allowed
        ),
        f"{after.lost.total()} probes were lost at the repair": after.lost.total() > 0,
    }
    return tuple(text for text, is_so in complaints.items() if is_so)


def _disagreements(part: Part) -> list[str]:
    """Where the bond's table, the clients' tables and the cables do not say the same."""
    found = []
    for flow, client in enumerate(CLIENTS):
        port = part.sight.clients.get(client, "no port")
        if not _knows_its_port(part.sight, client):
            known = part.sight.neighbours.get(client)
            found.append(f"{client} knows {known.hex(':') if known else 'nobody'}, not {port}")
        if _ports_of(part, flow) != [port]:
            came = ", ".join(_ports_of(part, flow)) or "nowhere"
            found.append(f"{client} sends by {came} instead of {port}")
    return found


def _ports_of(part: Part, flow: int) -> list[str]:
    return sorted({way.port for way in part.back[flow]})


# -- what did it look like?


def tell(recording: Recording, width: int, is_coloured: bool) -> Telling:
    """The columns, and the ARP that made them."""
    del is_coloured  # arrows and words say it
    found, told = parts(recording), worth_telling(recording)
    columns = _columns(recording, found, told)
    before, during, after = (part.lost.total() for part in found)
    updates = sum(each.times for each in told if each.manner is Manner.TELLS)
    do_agree = not any(map(_disagreements, found))
    result = (
        f"{before} of {len(recording.probes)} probes lost before the cut, {during} from the cut "
        f"until all were told, {after} at the repair; {updates} ARP replies that nobody asked for"
        + "; neighbour tables, the bond's table and the cables agree"
        * do_agree
    )
    picture = (
        "each client, the port that it sends to, and the MAC address that it has for us:",
        *column_lines(CLIENTS, columns, width=width), "",
        f"who was told where {NEAR_ADDRESS} is (in s after the first probe):",
        *(f"  {line}" for column in columns for line in column.lines),
    )  # fmt: skip
    svg = draw_columns(
        CLIENTS, columns,
        headline="One IP address, two MAC addresses: ARP deals out the clients",
        subtitle=f"balance-alb behind a plain switch: who asks for {NEAR_ADDRESS} is told the "
        "next port's address, and another when ports come and go",
        legend=f"→ the port whose MAC address the client has for {NEAR_ADDRESS}; thick: it has "
        "changed. Beneath: who was told, in s after the first probe",
    )  # fmt: skip
    return Telling(result, picture, svg, judge(recording))


def worth_telling(recording: Recording) -> list[Told]:
    """What the bond said, but for the learning frames by which each port teaches its own address.

    Those are sent every second. A port that teaches another one's address stands in for it.
    """
    own = {(port, mac) for s in recording.sights for port, mac in s.port_macs.items()}
    is_routine = Manner.TEACHES
    return [
        told
        for told in all_told(recording)
        if told.manner is not is_routine or (told.port, told.mac) not in own
    ]


def _columns(recording: Recording, found: Sequence[Part], told: Sequence[Told]) -> list[Column]:
    columns = []
    since, previous = min((each.moment_ns for each in told), default=0), None
    for part in found:
        until = part.sight.moment_ns + GLANCE_NS
        lines = [_line(recording, each) for each in told if since <= each.moment_ns < until]
        lines += [
            f"meanwhile {way.port} took {number} frames sent to {short_mac(way.mac)}"
            for way, number in taken_for_another(recording, (since, until)).items()
        ]
        columns.append(
            Column(
                part.sight.title,
                port_boxes(part),
                tuple(_arrows(part, previous)),
                tuple(part.lost[flow] for flow in range(len(CLIENTS))),
                tuple(lines),
            )
        )
        since, previous = until, part
    return columns


def taken_for_another(recording: Recording, span: tuple[Instant, Instant]) -> Counter[Way]:
    """Frames that came in by a port though they were sent to the address of another one."""
    ports_own = [Way(port, mac) for s in recording.sights for port, mac in s.port_macs.items()]
    ways = (way for _, way in flow_frames(recording, Direction.BACK, span))
    return Counter(way for way in ways if way not in ports_own)


def _arrows(part: Part, previous: Part | None) -> list[Arrow]:
    return [
        Arrow(
            flow,
            port,
            part.sight.neighbours[client],
            is_new=previous is not None and _ports_of(previous, flow) != [port],
        )
        for flow, client in enumerate(CLIENTS)
        if client in part.sight.neighbours
        for port in _ports_of(part, flow)
    ]


def _line(recording: Recording, told: Told) -> str:
    after_s = (told.moment_ns - recording.started_ns) / SECOND_NS
    times = f" ×{told.times}" if told.times > 1 else ""
    mac = short_mac(told.mac)
    what = f"{mac} is here" if told.manner is Manner.TEACHES else f"at {mac}"
    return f"{after_s:+.2f}  {told.port} {told.manner.value} {told.whom}: {what}{times}"


RECEIVE_SHARING = Lab(
    name="alb",
    mode="balance-alb",
    options=(),
    has_far_bond=False,
    count=9500,
    burst=1,
    turns=range(len(CLIENTS)),
    hosts=CLIENTS,
    steps=(
        Look("before", milliseconds(300), is_shared),
        Deed(milliseconds(300), Action.CUT, CUT_PORT),
        Look(f"cable of {CUT_PORT} cut", milliseconds(100), is_off_the_cut_port),
        Deed(milliseconds(300), Action.REPAIR, CUT_PORT),
        Look("repaired", milliseconds(300), is_shared),
    ),
    tell=tell,
    try_next=(
        "pybondd lab tlb               the other half: what the bond itself sends, by load",
        "pybondd status bond0 --alb    both tables, of a bond of yours",
        "pybondd lab failover          one port works, the other waits",
    ),
)
