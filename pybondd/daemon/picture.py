"""The bond at one moment, as JSON: what iproute2 says of a kernel bond, and what it lacks."""

from collections.abc import Mapping
from dataclasses import dataclass

from pybondd.bond import Bond
from pybondd.counters import Counters
from pybondd.daemon.shapes import BondExtraJson, PortJson, StatusJson
from pybondd.port import Port
from pybondd.state import BondState
from pybondd.status.alb import alb_bond, alb_port
from pybondd.status.lacp import lacp_bond, lacp_port
from pybondd.status.lacp_shapes import LacpPortJson
from pybondd.status.negotiated import aggregation_port
from pybondd.status.report import info_data, info_slave_data
from pybondd.units import Instant


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the bond itself does not know: its interface, isolation, the daemon, the time.

    `isolation` is by interface index. `is_privileged`: the reader may see who negotiates with whom,
    which Linux shows to CAP_NET_ADMIN only.
    """

    bond_ifindex: int
    isolation: Mapping[int, str]
    counters: Counters
    extra: BondExtraJson
    now: Instant
    is_privileged: bool = True


def status_json(bond: Bond, around: Surroundings) -> StatusJson:
    """The answer to GET /status."""
    state, sees_all = bond.state, around.is_privileged
    info = info_data(state, bond.mode, is_privileged=sees_all)
    lacp = lacp_bond(bond.mode.lacp) if bond.mode.lacp and sees_all else None
    return {
        "ifname": state.name,
        "ifindex": around.bond_ifindex,
        "address": state.mac.hex(":"),
        "mtu": state.mtu,
        "operstate": operstate(state),
        "linkinfo": {"info_kind": "bond", "info_data": info},
        "ports": [_port_json(bond, port, around) for port in state.ports],
        "pybondd": {
            **around.extra,
            "lacp": lacp,
            "alb": alb_bond(state, bond.mode, now=around.now),
        },
    }


def operstate(state: BondState) -> str:
    """As the kernel shows it for its own bond: UP, or DOWN without a carrier or when set down."""
    return "UP" if state.is_open and state.has_carrier else "DOWN"


def _port_json(bond: Bond, port: Port, around: Surroundings) -> PortJson:
    counted = around.counters.port(port.ifindex)
    return {
        "ifname": port.name,
        "ifindex": port.ifindex,
        "address": port.mac.hex(":"),
        "mtu": bond.state.mtu,
        "operstate": "UP" if port.facts.is_running else "DOWN",
        "info_slave_data": info_slave_data(port, bond.mode),
        "pybondd": {
            "link": port.link.text,
            "speed_mbps": port.facts.speed_mbps,
            "duplex": port.facts.duplex.value if port.facts.duplex else None,
            "isolation": around.isolation.get(port.ifindex, ""),
            "sent_frames": counted.sent_frames,
            "sent_octets": counted.sent_octets,
            "received_frames": counted.received_frames,
            "received_octets": counted.received_octets,
            "lacp": _lacp(bond, port, around),
            "alb": alb_port(bond.state, bond.mode, port),
        },
    }


def _lacp(bond: Bond, port: Port, around: Surroundings) -> LacpPortJson | None:
    negotiated = aggregation_port(bond.mode, port)
    if negotiated is None or not around.is_privileged:
        return None
    return lacp_port(negotiated, now=around.now)
