"""Lab lacp: two bonds find each other, a cable is cut and comes back, and a third partner lies."""

from pybondd.lab.bonds import BondHost
from pybondd.lab.failover import LOSS_MARGIN, losses
from pybondd.lab.lab import Lab, Telling
from pybondd.lab.ladder import Said, rungs
from pybondd.lab.ladder_drawing import draw_ladders
from pybondd.lab.ladder_text import LEGEND, ladder_lines
from pybondd.lab.measures import share_of_cables
from pybondd.lab.picture import draw
from pybondd.lab.recording import Action, Direction, Recording
from pybondd.lab.stage import Deed
from pybondd.units import SECOND_NS, Instant, milliseconds
from pybondd.wire.slow import PortState

LIAR = "eth2"
CARRYING = PortState.COLLECTING | PortState.DISTRIBUTING


def is_aggregated(host: BondHost) -> bool:
    """Do the ports with an honest partner collect and distribute?"""
    states = [
        PortState(port["info_slave_data"]["ad_actor_oper_port_state"])
        for port in host.status()["ports"]
        if port["ifname"] != LIAR
    ]
    return all(state & CARRYING == CARRYING for state in states)


def judge(recording: Recording) -> tuple[str, ...]:
    """Why this was no aggregation as promised; () if it was."""
    cut_ns = recording.moment_of(Action.CUT)
    repair_ns = recording.moment_of(Action.REPAIR)
    if cut_ns is None or repair_ns is None:
        return ("no cable was cut and repaired",)
    gone = losses(recording, cut_ns, repair_ns)
    allowed = recording.setup.miimon_ms + LOSS_MARGIN
    carried = share_of_cables(recording)
    complaints = {
        f"{port} never carried a probe": carried[port] == 0
        for port in recording.setup.ports
        if port != LIAR
    }
    complaints |= {
        f"{carried[LIAR]} probes went to the partner that lies": carried[LIAR] > 0,
        "the liar was not heard": not _was_heard(recording, LIAR),
        f"{gone.before_cut} probes were lost before the cut": gone.before_cut > 0,
        f"{gone.at_cut} probes were lost at the cut, more than {allowed}": gone.at_cut > allowed,
        f"{gone.at_repair} probes were lost at the repair": gone.at_repair > 0,
        "the repaired cable did not carry probes again": not _is_back(recording, repair_ns),
    }
    return tuple(text for text, is_so in complaints.items() if is_so)


def _was_heard(recording: Recording, cable: str) -> bool:
    return any(
        isinstance(rung, Said) and rung.direction is Direction.BACK
        for rung in rungs(recording, cable)
    )


def _is_back(recording: Recording, repair_ns: Instant) -> bool:
    cable = next(i.cable for i in recording.incidents if i.action is Action.REPAIR)
    return any(
        s.cable == cable and s.direction is Direction.THERE and s.moment_ns > repair_ns
        for s in recording.sightings
    )


def negotiation_ns(recording: Recording, cable: str) -> int | None:
    """From the first LACPDU on this cable until both ends said that they distribute."""
    said = [rung for rung in rungs(recording, cable) if isinstance(rung, Said)]
    ready = [
        next((s.moment_ns for s in said if s.direction is way and s.actor & CARRYING), None)
        for way in Direction
    ]
    moments = [moment_ns for moment_ns in ready if moment_ns is not None]
    return max(moments) - said[0].moment_ns if len(moments) == len(ready) else None


def tell(recording: Recording, width: int, is_coloured: bool) -> Telling:
    """The ladders, the lanes, and how long it took."""
    first, liar = recording.setup.ports[0], recording.setup.ports[-1]
    took_ns = negotiation_ns(recording, first)
    took = "never" if took_ns is None else f"after {took_ns / SECOND_NS:.1f} s"
    cut_ns = recording.moment_of(Action.CUT) or recording.started_ns
    repair_ns = recording.moment_of(Action.REPAIR) or recording.ended_ns
    gone = losses(recording, cut_ns, repair_ns)
    result = (
        f"aggregated {took}; {gone.at_cut} of {len(recording.probes)} probes lost at the cut, "
        f"{gone.at_repair} at the repair; {share_of_cables(recording)[liar]} sent to the liar"
    )
    ladders = [(cable, rungs(recording, cable)) for cable in (first, liar)]
    origin_ns = min(steps[0].moment_ns for _, steps in ladders if steps)
    picture: list[str] = []
    for cable, steps in ladders:
        picture += [*ladder_lines(steps, title=cable, origin_ns=origin_ns, width=width), ""]
    svg = draw_ladders(
        [(_title(cable), steps) for cable, steps in ladders],
        headline=f"Two bonds aggregate {took} of talking; a partner that lies gets nothing",
        subtitle="802.3ad with lacp_rate fast: every LACPDU on two cables, and what each end's "
        "machines did",
        origin_ns=origin_ns,
    )
    lanes = draw(recording, width=width, is_coloured=is_coloured)
    return Telling(result, (*picture, *LEGEND, "", *lanes), svg, judge(recording))


def _title(cable: str) -> str:
    return f"{cable}: a partner that lies" if cable == LIAR else f"{cable}: an honest partner"


NEGOTIATION = Lab(
    name="lacp",
    mode="802.3ad",
    options=("--lacp-rate", "fast", "--xmit-hash-policy", "layer3+4"),
    has_far_bond=True,
    count=4800,
    burst=1,
    turns=range(8),
    steps=(
        Deed(milliseconds(500), Action.CUT, "eth0"),
        Deed(milliseconds(700), Action.REPAIR, "eth0"),
    ),
    tell=tell,
    try_next=(
        "pybondd explain port bond0 eth2    why does a port carry nothing? (on a bond of yours)",
        "pybondd lab xor                    the same spreading without a protocol",
        "pybondd lab failover               one cable works, the other waits",
    ),
    is_ready=is_aggregated,
    liar=LIAR,
)
