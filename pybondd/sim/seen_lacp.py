"""What is remembered of a bond with LACP, to compare with what comes next."""

from dataclasses import dataclass, field

from pybondd.lacp.boxes import MuxBox, ReceiveBox
from pybondd.lacp.port import AggregationPort
from pybondd.sim.bonded import SimulatedBond
from pybondd.units import Instant
from pybondd.wire.slow import PortState


@dataclass(slots=True)
class Seen:
    """A port as it was, and how many passes ago things happened to it."""

    state: tuple[object, ...] = ()
    mux_box: MuxBox | None = None
    receive_box: ReceiveBox | None = None
    is_backup: bool = True
    is_alone: bool = False
    transmit_window: int = 0
    counts: tuple[int, ...] = ()
    heard: int = 0
    passes_in_mux_box: int = 0
    passes_since_heard: int = 0
    passes_in_receive_box: int = 0
    passes_unsaid: int = 0
    passes_fast: int = 0
    sent_at: Instant | None = None
    opened_before: int = 0


@dataclass(slots=True)
class Watched:
    """A bond, and what was seen of it."""

    bond: SimulatedBond
    turns: int = -1
    effects: int = 0
    ports: dict[AggregationPort, Seen] = field(default_factory=dict)


def describe(bond: SimulatedBond, port: AggregationPort) -> str:
    """Everything about a port, for a person who looks for the fault."""
    boxes = [
        box.name if box else "none" for box in (port.receive_box, port.periodic_box, port.mux_box)
    ]
    aggregator = port.aggregator
    return (
        f"{bond.name} {port.name} (seed {bond.world.seed}) {' '.join(boxes)}"
        f" actor {PortState(port.actor.state).letters} key {port.actor.key}"
        f" partner {PortState(port.partner.state).letters} {port.partner}"
        f" selected {port.selected} begin {port.begin} enabled {port.port_enabled}"
        f" lacp {port.lacp_enabled} matched {port.matched} current_while {port.current_while}"
        f" backup {port.member.is_backup} aggregator {aggregator.id if aggregator else None}"
        f" active {port.is_in_active_aggregator}"
    )
