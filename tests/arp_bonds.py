"""Bonds with an ARP monitor, its targets, and what those answer. Times in ms."""

from ipaddress import ip_address

from bonds import BOND_MAC, UP, enslave, frames, mac_of, write

from pybondd.bond import Bond
from pybondd.effects import Refuse, Report
from pybondd.events import (
    BondOpened,
    Heard,
    HostAddress,
    HostAddressed,
    PortFrame,
    PortsHeard,
    TargetRoute,
    TargetsRouted,
)
from pybondd.units import milliseconds
from pybondd.wire import ethertypes
from pybondd.wire.announce import ipv6_frame
from pybondd.wire.arp import Arp, ArpOperation, build_arp
from pybondd.wire.ethernet import BROADCAST, NO_ADDRESS, EthernetHeader, build_header
from pybondd.wire.neighbour import NeighbourAdvertisement, build_neighbour

OURS, TARGET, OTHER = (bytes([10, 0, 0, last]) for last in (1, 2, 3))
OURS6, TARGET6, OTHER6 = (bytes.fromhex("fd") + bytes(14) + bytes([last]) for last in (1, 2, 3))
TARGET_MAC = bytes.fromhex("020000000099")
NOBODY_MAC = bytes.fromhex("020000000077")


def arp_bond(mode, *ifindices, facts=UP, is_open=True, ns=(), **options):
    """arp_interval 100, one target with a route; ports joined at 0, the first pass done."""
    bond = Bond("bond0", mac=BOND_MAC)
    wanted = {"mode": mode, "arp_interval": 100, "arp_ip_target": "+10.0.0.2", **options}
    for name, text in wanted.items():
        must(write(bond, name, str(text)))
    if ns:
        must(write(bond, "ns_ip6_target", ",".join(str(ip_address(each)) for each in ns)))
    tell_addresses(bond, OURS, OURS6)
    route(bond, TargetRoute(TARGET, source=OURS), TargetRoute(TARGET6, source=OURS6))
    for ifindex in ifindices:
        enslave(bond, ifindex, facts)
    if is_open:
        bond.handle(BondOpened(), now=0)
        bond.advance(now=0)
    return bond


def must(effects):
    assert not [effect for effect in effects if isinstance(effect, Refuse)], effects
    return effects


def tell_addresses(bond, *addresses):
    split = {size: tuple(a for a in addresses if len(a) == size) for size in (4, 16)}
    address = HostAddress("bond0", mac_of(1), ipv4=split[4], ipv6=split[16])
    bond.handle(HostAddressed((address,)), now=0)


def route(bond, *routes):
    bond.handle(TargetsRouted(routes), now=0)


def traffic(bond, *ifindices, at_ms):
    """Some frame that is no ARP and no IPv6."""
    at = milliseconds(at_ms)
    bond.handle(PortsHeard(tuple(Heard(ifindex, at) for ifindex in ifindices)), now=at)


def comes_in(bond, ifindex, frame, *, at_ms):
    return bond.handle(PortFrame(ifindex, frame), now=milliseconds(at_ms))


def reply(*, sender=TARGET, target=OURS, to=None, operation=ArpOperation.REPLY):
    """What a target answers; all ports share the bond's address, that of port 1."""
    destination = to or mac_of(1)
    header = build_header(EthernetHeader(destination, TARGET_MAC, ethertypes.ARP))
    return header + build_arp(Arp(operation, TARGET_MAC, sender, mac_of(1), target))


def request(*, sender=OURS, target=TARGET):
    """A probe of ours as it comes back through the switch."""
    header = build_header(EthernetHeader(BROADCAST, mac_of(1), ethertypes.ARP))
    return header + build_arp(Arp(ArpOperation.REQUEST, mac_of(1), sender, NO_ADDRESS, target))


def advertisement(*, sender=TARGET6, to=OURS6):
    message = NeighbourAdvertisement(sender, TARGET_MAC, is_solicited=True)
    frame = ipv6_frame(TARGET_MAC, build_neighbour(message, sender, to))
    return mac_of(1) + frame[6:]


def next_pass(bond):
    """Run the pass that is due next; the answer is its effects."""
    at, name = bond.next_deadline()
    assert name == "arp", name
    return bond.advance(now=at)


def passes(bond, until_ms, *, alive=(), answer=None):
    """Run passes up to this instant; `alive` ports hear `answer` 1 ms after each, or traffic.

    The answer is what the bond reported, each with the ms of its pass.
    """
    told = []
    while (deadline := bond.next_deadline()) and deadline[0] <= milliseconds(until_ms):
        at_ms = deadline[0] // milliseconds(1)
        effects = bond.advance(now=deadline[0])
        told += [(at_ms, each.port, each.text) for each in effects if isinstance(each, Report)]
        for ifindex in alive:
            if answer is None:
                traffic(bond, ifindex, at_ms=at_ms + 1)
            else:
                comes_in(bond, ifindex, answer, at_ms=at_ms + 1)
    return told


def asked_by(effects):
    """By which ports probes left."""
    return [ifindex for ifindex, _ in frames(effects)]


def port_of(bond, ifindex):
    return bond.state.port_by_index(ifindex)
