"""Is anybody there? ICMP echo over IPv4, RFC 792: all that a simulated host says above ARP."""

from dataclasses import dataclass
from enum import IntEnum

from pybondd.wire import ethertypes, protocols
from pybondd.wire.checksum import internet_checksum
from pybondd.wire.error import WireError, check, need
from pybondd.wire.ethernet import EthernetHeader, build_header
from pybondd.wire.ip import Ipv4, build_ipv4, parse_ipv4

HEADER_OCTETS = 8


class EchoKind(IntEnum):
    """ICMP types."""

    REPLY = 0
    REQUEST = 8


@dataclass(frozen=True, slots=True)
class Echo:
    """A request or its reply; addresses have 4 octets, the two numbers 16 bits."""

    kind: EchoKind
    source: bytes
    destination: bytes
    identifier: int
    sequence: int


def build_echo(echo: Echo, *, source_mac: bytes, destination_mac: bytes) -> bytes:
    """The whole frame, 42 octets."""
    numbers = echo.identifier.to_bytes(2, "big") + echo.sequence.to_bytes(2, "big")
    head = bytes([echo.kind, 0])
    checksum = internet_checksum(head + bytes(2) + numbers)
    message = head + checksum.to_bytes(2, "big") + numbers
    packet = Ipv4(echo.source, echo.destination, protocols.ICMP, message)
    header = EthernetHeader(destination_mac, source_mac, ethertypes.IPV4)
    return build_header(header) + build_ipv4(packet)


def parse_echo(packet: bytes) -> Echo:
    """The echo behind an Ethernet header. Raises WireError for anything else."""
    outer = parse_ipv4(packet)
    message = outer.payload
    check(outer.protocol == protocols.ICMP, "not ICMP")
    need(message, HEADER_OCTETS, "ICMP header")
    check(internet_checksum(message) == 0, "ICMP: checksum")
    if message[0] not in tuple(EchoKind):
        raise WireError(f"ICMP: type {message[0]}")
    return Echo(
        kind=EchoKind(message[0]),
        source=outer.source,
        destination=outer.destination,
        identifier=int.from_bytes(message[4:6], "big"),
        sequence=int.from_bytes(message[6:8], "big"),
    )
