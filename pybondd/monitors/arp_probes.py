"""What does a port ask the targets of the ARP and NS monitors?

Source: Linux 6.12 bond_main.c bond_send_validate, bond_arp_send_all, bond_ns_send_all.
"""

from ipaddress import ip_address

from pybondd.effects import SendFrame
from pybondd.events import TargetRoute
from pybondd.port import Port
from pybondd.state import BondState
from pybondd.units import Instant
from pybondd.wire.ethernet import with_tags
from pybondd.wire.probe import arp_probe, ns_probe

VLAN_ID_BITS = 0x0FFF
"""Of a TCI (IEEE Std 802.1Q-2018 9.6). A probe has no priority, and VLAN 0 is no tag."""


def send_probes(state: BondState, port: Port, *, now: Instant) -> None:
    """Ask every target by this port, with the port's own address, ARP first."""
    options = state.options
    for target in (*options.arp_ip_targets, *options.ns_ip6_targets):
        route = state.probing.routes.get(target)
        if route is None:
            _warn_once(state, target)
            # It will be of no use but as traffic, which some neighbour may answer.
            route = TargetRoute(target)
        if route.is_via_bond:
            _send(state, port, route)
            port.last_tx_ns = now


def _send(state: BondState, port: Port, route: TargetRoute) -> None:
    if not port.facts.is_running:
        return  # Linux hands it to the driver, which drops it.
    build = arp_probe if len(route.target) == 4 else ns_probe
    frame = build(port.mac, route.source, route.target)
    tags = tuple((kind, tci & VLAN_ID_BITS) for kind, tci in route.tags if tci & VLAN_ID_BITS)
    state.ask(SendFrame(port.ifindex, with_tags(frame, tags)))


def _warn_once(state: BondState, target: bytes) -> None:
    """Without a route the source is unspecified, and nobody's answer can be validated."""
    warned = state.probing.families_warned
    if state.options.arp_validate and len(target) not in warned:
        warned.add(len(target))
        option = "arp_ip_target" if len(target) == 4 else "ns_ip6_target"
        text = str(ip_address(target))
        state.warn(f"no route to {option} {text} and arp_validate is set")
