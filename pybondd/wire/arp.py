"""Who has which IPv4 address? ARP for IPv4 over Ethernet, RFC 826."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from pybondd.wire.error import check, need

PACKET_OCTETS: Final = 28
FIXED_PART: Final = bytes.fromhex("0001080006 04")
"""Hardware Ethernet, protocol IPv4, address sizes 6 and 4: the only form that Linux bonds use."""


class ArpOperation(IntEnum):
    """What the packet wants."""

    REQUEST = 1
    REPLY = 2


@dataclass(frozen=True, slots=True)
class Arp:
    """One ARP packet; MAC addresses have 6 octets, IPv4 addresses 4.

    `operation` is an ArpOperation, or any 16-bit number where the reader asked for that.
    """

    operation: int
    sender_mac: bytes
    sender_ip: bytes
    target_mac: bytes
    target_ip: bytes


def parse_arp(packet: bytes, *, any_operation: bool = False) -> Arp:
    """The packet behind an Ethernet header; padding after it is ignored.

    Raises WireError if it is cut off, for other hardware or protocols, or an unknown operation,
    unless `any_operation`: then only the addresses matter.
    """
    need(packet, PACKET_OCTETS, "ARP")
    check(packet[0:6] == FIXED_PART, "ARP: not IPv4 over Ethernet")
    number = int.from_bytes(packet[6:8], "big")
    is_known = number in tuple(ArpOperation)
    check(is_known or any_operation, f"ARP: operation {number}")
    operation = ArpOperation(number) if is_known else number
    return Arp(operation, packet[8:14], packet[14:18], packet[18:24], packet[24:28])


def build_arp(arp: Arp) -> bytes:
    """The packet's 28 octets; the inverse of parse_arp."""
    assert len(arp.sender_mac) == len(arp.target_mac) == 6
    assert len(arp.sender_ip) == len(arp.target_ip) == 4
    operation = arp.operation.to_bytes(2, "big")
    return FIXED_PART + operation + arp.sender_mac + arp.sender_ip + arp.target_mac + arp.target_ip
