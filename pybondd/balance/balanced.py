"""May this frame leave by any port, or by the active one only?

What must be heard as one station says it, or what every station hears, goes by the active port.
Frames come without their outermost VLAN tag, see hashing.py. Source: Linux 6.12 bond_alb.c
bond_xmit_tlb_slave_get, bond_xmit_alb_slave_get, alb_determine_nd.
"""

from functools import reduce
from operator import xor
from typing import Final

from pybondd.wire import protocols
from pybondd.wire.ethernet import BROADCAST, HEADER_OCTETS, is_group
from pybondd.wire.ethertypes import IPV4, IPV6
from pybondd.wire.neighbour import ADVERTISEMENT, SOLICITATION

IPV4_HEADER_OCTETS: Final = 20
IPV6_HEADER_OCTETS: Final = 40
ICMPV6_HEADER_OCTETS: Final = 8
IPV4_BROADCAST: Final = bytes(4 * [0xFF])
ALL_NODES_MAC: Final = bytes.fromhex("333300000001")
"""The Ethernet address of ff02::1, IPv6's broadcast."""
UNSPECIFIED: Final = bytes(16)
"""The source of somebody who has no address yet: duplicate detection must leave by one port."""


def is_balanced_by_hash(frame: bytes) -> bool:
    """balance-tlb: IP to one station, but no neighbour discovery."""
    if len(frame) < HEADER_OCTETS or is_group(frame):
        return False
    ethertype = int.from_bytes(frame[12:14], "big")
    return ethertype == IPV4 or (ethertype == IPV6 and not _may_be_neighbour(frame[14:]))


def bucket_by_destination(frame: bytes) -> int | None:
    """balance-alb: the bucket of the destination IP address; None: by the active port only.

    Multicast is balanced too, unless it is for all stations or for the routers' ears (IGMP).
    """
    address = _balanced_destination(frame)
    return None if address is None else octets_xored(address)


def octets_xored(address: bytes) -> int:
    """One octet out of an address: all of its octets xored. Linux 6.12 bond_alb.c _simple_hash."""
    return reduce(xor, address)


def _balanced_destination(frame: bytes) -> bytes | None:
    ethertype, packet = int.from_bytes(frame[12:14], "big"), frame[HEADER_OCTETS:]
    if frame[0:6] == BROADCAST:
        return None
    if ethertype == IPV4 and len(packet) >= IPV4_HEADER_OCTETS:
        destination = packet[16:20]
        is_for_all = destination == IPV4_BROADCAST or packet[9] == protocols.IGMP
        return None if is_for_all else destination
    if ethertype == IPV6 and not _may_be_neighbour(packet):
        is_for_all = frame[0:6] == ALL_NODES_MAC or packet[8:24] == UNSPECIFIED
        return None if is_for_all else packet[24:40]
    return None


def _may_be_neighbour(packet: bytes) -> bool:
    """Is it neighbour discovery, or too short to tell?"""
    if len(packet) < IPV6_HEADER_OCTETS:
        return True
    if packet[6] != protocols.ICMPV6:
        return False
    if len(packet) < IPV6_HEADER_OCTETS + ICMPV6_HEADER_OCTETS:
        return True
    return packet[IPV6_HEADER_OCTETS] in (SOLICITATION, ADVERTISEMENT)
