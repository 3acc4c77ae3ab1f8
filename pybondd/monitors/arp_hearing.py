"""Which frames tell the ARP monitor that a port is alive?

Without validation any frame does. With it, an answer of a target does; and on a backup, which the
targets do not answer, our own request that came back to it through the switch.

Source: Linux 6.12 bond_main.c bond_rcv_validate, bond_arp_rcv, bond_validate_arp, bond_na_rcv,
bond_validate_na; bonding.rst: arp_validate.
"""

from enum import IntFlag

from pybondd.events import Heard
from pybondd.monitors.arp_window import heard_ns, is_within
from pybondd.port import Port
from pybondd.state import BondState
from pybondd.units import Instant
from pybondd.wire import ethertypes, protocols
from pybondd.wire.arp import ArpOperation, parse_arp
from pybondd.wire.error import WireError
from pybondd.wire.ethernet import is_group, parse_header
from pybondd.wire.ip import parse_ipv6
from pybondd.wire.neighbour import ADVERTISEMENT, ALL_NODES, SOLICITATION, solicited_node
from pybondd.wire.probe import NO_IPV4, NO_IPV6

NEIGHBOUR_MESSAGES = (bytes([SOLICITATION]), bytes([ADVERTISEMENT]))
"""How they begin."""


class ArpValidate(IntFlag):
    """arp_validate: on which ports only answers count, and whether elsewhere only ARP and IPv6."""

    ACTIVE = 1
    BACKUP = 2
    FILTER = 4


def ports_heard(state: BondState, heard: tuple[Heard, ...]) -> None:
    """What the data plane received meanwhile: any frame counts, or with a filter ARP and IPv6."""
    for each in heard:
        port = state.port_by_index(each.ifindex)
        if port is None or _is_validated(state, port):
            continue
        filters = state.options.arp_validate & ArpValidate.FILTER
        _heard_at(state, port, each.last_arp_or_ipv6_ns if filters else each.last_ns)


def _heard_at(state: BondState, port: Port, instant: Instant | None) -> None:
    since = state.probing.listens_since_ns
    if instant is not None and since is not None and instant >= since:
        port.last_rx_ns = max(port.last_rx_ns, instant)


def frame_heard(state: BondState, port: Port, frame: bytes, *, now: Instant) -> None:
    """A frame came in on this port: does it count? It goes its way in any case."""
    if state.probing.listens_since_ns is None:
        return
    try:
        header, packet = parse_header(frame)
        is_neighbourly = header.ethertype in (ethertypes.ARP, ethertypes.IPV6)
        if not _is_validated(state, port):
            if is_neighbourly or not state.options.arp_validate & ArpValidate.FILTER:
                port.last_rx_ns = now
        elif is_group(header.destination) or header.destination == port.mac:
            if header.ethertype == ethertypes.ARP:
                _arp_heard(state, port, packet, now=now)
            elif header.ethertype == ethertypes.IPV6:
                _neighbour_heard(state, port, packet, now=now)
    except WireError:
        return


def _is_validated(state: BondState, port: Port) -> bool:
    role = ArpValidate.BACKUP if port.is_backup else ArpValidate.ACTIVE
    return bool(state.options.arp_validate & role)


def _arp_heard(state: BondState, port: Port, packet: bytes, *, now: Instant) -> None:
    arp = parse_arp(packet, any_operation=True)
    is_reply = arp.operation == ArpOperation.REPLY
    if not port.is_backup:
        _arp_counts(state, port, arp.sender_ip, arp.target_ip, now=now)
    elif _active_is_heard(state):
        # The request of the active port, seen back: we are its sender and the target's asker.
        _arp_counts(state, port, arp.target_ip, arp.sender_ip, now=now)
    elif is_reply and _candidate_asks(state, now=now):
        _arp_counts(state, port, arp.sender_ip, arp.target_ip, now=now)


def _arp_counts(state: BondState, port: Port, target: bytes, ours: bytes, *, now: Instant) -> None:
    targets = state.options.arp_ip_targets
    if target != NO_IPV4 and target in targets and _has_ipv4(state, ours):
        port.last_rx_ns = now
        port.target_rx_ns[targets.index(target)] = now


def _has_ipv4(state: BondState, address: bytes) -> bool:
    """Linux asks each interface for this address or, if it is none, for any: none is found where
    there is none, and so 0.0.0.0 belongs to a bond without an address."""
    owned = [interface.ipv4 for interface in state.interfaces]
    return any(address in ipv4 or (address == NO_IPV4 and not ipv4) for ipv4 in owned)


def _neighbour_heard(state: BondState, port: Port, packet: bytes, *, now: Instant) -> None:
    """Neither hop limit nor checksum matter here, nor an address inside: only who sent it to whom.

    Raises WireError for what is no IPv6.
    """
    ip = parse_ipv6(packet)
    if ip.next_header != protocols.ICMPV6 or ip.payload[:1] not in NEIGHBOUR_MESSAGES:
        return
    source, destination = ip.source, ip.destination
    if not port.is_backup:
        _neighbour_counts(state, port, source, destination, now=now)
    elif _active_is_heard(state):
        _neighbour_counts(state, port, destination, source, now=now)
    elif _candidate_asks(state, now=now):
        _neighbour_counts(state, port, source, destination, now=now)


def _neighbour_counts(
    state: BondState, port: Port, target: bytes, ours: bytes, *, now: Instant
) -> None:
    is_for_us = ours == ALL_NODES or any(ours in each.ipv6 for each in state.interfaces)
    if target == NO_IPV6 or not is_for_us:
        return
    for place, wanted in enumerate(state.options.ns_ip6_targets):
        if target in (wanted, solicited_node(wanted)):
            port.last_rx_ns = now
            port.target_rx_ns[place] = now
            return


def _active_is_heard(state: BondState) -> bool:
    """Has the active port been heard since it took over?"""
    active = state.active
    if active is None:
        return False
    return heard_ns(state, active) // state.tick_ns > active.last_link_up_ns // state.tick_ns


def _candidate_asks(state: BondState, *, now: Instant) -> bool:
    candidate = state.probing.candidate
    return candidate is not None and is_within(state, candidate.last_tx_ns, 1, now=now)
