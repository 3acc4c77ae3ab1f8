"""Who has which IPv6 address? Neighbour solicitation and advertisement, RFC 4861 4.3 and 4.4."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from pybondd.wire import protocols
from pybondd.wire.checksum import internet_checksum, pseudo_header6
from pybondd.wire.error import WireError, check, need
from pybondd.wire.ip import Ipv6

SOLICITATION: Final = 135
ADVERTISEMENT: Final = 136
HOP_LIMIT: Final = 255
"""No router has forwarded it, or it would be less (RFC 4861 7.1)."""

MESSAGE_OCTETS: Final = 24
OPTION_UNIT_OCTETS: Final = 8
SOURCE_ADDRESS_OPTION: Final = 1
TARGET_ADDRESS_OPTION: Final = 2

ROUTER_FLAG: Final = 0x80
SOLICITED_FLAG: Final = 0x40
OVERRIDE_FLAG: Final = 0x20

ALL_NODES: Final = bytes.fromhex("ff020000000000000000000000000001")
SOLICITED_NODE_PREFIX: Final = bytes.fromhex("ff0200000000000000000001ff")


@dataclass(frozen=True, slots=True)
class NeighbourSolicitation:
    """Who has `target` (16 octets)? `link_address` is the asker's MAC, or None."""

    target: bytes
    link_address: bytes | None = None


@dataclass(frozen=True, slots=True)
class NeighbourAdvertisement:
    """I have `target` (16 octets), at `link_address` (6 octets, or None)."""

    target: bytes
    link_address: bytes | None = None
    is_router: bool = False
    is_solicited: bool = False
    is_override: bool = False


Neighbour: TypeAlias = NeighbourSolicitation | NeighbourAdvertisement


def parse_neighbour(packet: Ipv6) -> Neighbour:
    """The message in an IPv6 packet.

    Raises WireError for another protocol or type, a hop limit below 255, a cut or damaged message,
    a malformed option, or a multicast target (RFC 4861 7.1.1, 7.1.2).
    """
    message = packet.payload
    check(packet.next_header == protocols.ICMPV6, "neighbour discovery: not ICMPv6")
    check(packet.hop_limit == HOP_LIMIT, "neighbour discovery: hop limit is not 255")
    need(message, MESSAGE_OCTETS, "neighbour discovery")
    check(icmpv6_checksum(packet.source, packet.destination, message) == 0, "ICMPv6: checksum")
    check(message[1] == 0, "neighbour discovery: code")
    target = message[8:24]
    check(target[0] != 0xFF, "neighbour discovery: multicast target")
    options = message[MESSAGE_OCTETS:]
    if message[0] == SOLICITATION:
        return NeighbourSolicitation(target, link_address(options, SOURCE_ADDRESS_OPTION))
    if message[0] == ADVERTISEMENT:
        mac = link_address(options, TARGET_ADDRESS_OPTION)
        flags = (bool(message[4] & flag) for flag in (ROUTER_FLAG, SOLICITED_FLAG, OVERRIDE_FLAG))
        return NeighbourAdvertisement(target, mac, *flags)
    raise WireError(f"neighbour discovery: ICMPv6 type {message[0]}")


def build_neighbour(message: Neighbour, source: bytes, destination: bytes) -> Ipv6:
    """The message as a packet between two addresses; the inverse of parse_neighbour."""
    if isinstance(message, NeighbourSolicitation):
        number, flags, option = SOLICITATION, 0, SOURCE_ADDRESS_OPTION
    else:
        number, flags, option = ADVERTISEMENT, flags_octet(message), TARGET_ADDRESS_OPTION
    after_checksum = bytes([flags, 0, 0, 0]) + message.target
    if message.link_address is not None:
        assert len(message.link_address) == 6
        after_checksum += bytes([option, 1]) + message.link_address
    octets = with_icmpv6_checksum(bytes([number, 0]), after_checksum, source, destination)
    return Ipv6(source, destination, protocols.ICMPV6, octets, HOP_LIMIT)


def solicited_node(address: bytes) -> bytes:
    """The group that an address's owner listens to (RFC 4291 2.7.1)."""
    return SOLICITED_NODE_PREFIX + address[13:]


def group_mac(group: bytes) -> bytes:
    """The Ethernet address of an IPv6 group (RFC 2464 7)."""
    return b"\x33\x33" + group[12:]


def flags_octet(message: NeighbourAdvertisement) -> int:
    """Router, solicited and override as they stand in the octet behind the checksum."""
    return (
        ROUTER_FLAG * message.is_router
        | SOLICITED_FLAG * message.is_solicited
        | OVERRIDE_FLAG * message.is_override
    )


def link_address(options: bytes, wanted: int) -> bytes | None:
    """The MAC address in the first option of this type, or None if there is none.

    Raises WireError if an option is cut off or of no length. Each turn eats at least 8 octets.
    """
    found = None
    while options:
        need(options, OPTION_UNIT_OCTETS, "neighbour discovery option")
        size_octets = OPTION_UNIT_OCTETS * options[1]
        check(size_octets > 0, "neighbour discovery option: length 0")
        need(options, size_octets, "neighbour discovery option")
        if options[0] == wanted and found is None:
            found = options[2:8]
        options = options[size_octets:]
    return found


def icmpv6_checksum(source: bytes, destination: bytes, message: bytes) -> int:
    """The checksum over a message and its pseudo-header (RFC 4443 2.3)."""
    pseudo = pseudo_header6(source, destination, protocols.ICMPV6, len(message))
    return internet_checksum(pseudo + message)


def with_icmpv6_checksum(head: bytes, tail: bytes, source: bytes, destination: bytes) -> bytes:
    """Type and code, the checksum, and what follows it."""
    checksum = icmpv6_checksum(source, destination, head + bytes(2) + tail)
    return head + checksum.to_bytes(2, "big") + tail
