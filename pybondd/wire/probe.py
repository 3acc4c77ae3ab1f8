"""How do the ARP and NS monitors ask whether a target is there?

Source: RFC 826, RFC 4861 4.3; Linux 6.12 arp.c arp_create, ndisc.c ndisc_ns_create.
"""

from typing import Final

from pybondd.wire import ethertypes, neighbour
from pybondd.wire.announce import ipv6_frame
from pybondd.wire.arp import Arp, ArpOperation, build_arp
from pybondd.wire.ethernet import BROADCAST, NO_ADDRESS, EthernetHeader, build_header

NO_IPV4: Final = bytes(4)
NO_IPV6: Final = bytes(16)


def arp_probe(mac: bytes, source: bytes | None, target: bytes) -> bytes:
    """The ARP request of a port (42 octets) from an address of ours; None is 0.0.0.0."""
    arp = Arp(ArpOperation.REQUEST, mac, source or NO_IPV4, NO_ADDRESS, target)
    return build_header(EthernetHeader(BROADCAST, mac, ethertypes.ARP)) + build_arp(arp)


def ns_probe(mac: bytes, source: bytes | None, target: bytes) -> bytes:
    """The neighbour solicitation of a port (86 octets) to the group of the target.

    From the unspecified address (`source` None) it does not say who asks, and has 78 octets.
    """
    message = neighbour.NeighbourSolicitation(target, mac if source else None)
    group = neighbour.solicited_node(target)
    return ipv6_frame(mac, neighbour.build_neighbour(message, source or NO_IPV6, group))
