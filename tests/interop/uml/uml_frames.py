"""Frames that scenarios send, and the names of frames that they see. Octets only, no library."""

import socket
import struct

ETH_IPV4, ETH_ARP, ETH_IPV6, ETH_VLAN = 0x0800, 0x0806, 0x86DD, 0x8100
ETH_EXPERIMENT = 0x88B5  # IEEE Std 802-2014 9.2.3: local experimental EtherType 1
IGMP, UDP, ICMPV6 = 2, 17, 58
NEIGHBOUR_ADVERTISEMENT, MLD_REPORT_V2 = 136, 143
MODE_IS_EXCLUDE = 2  # record type of RFC 3376 4.2.12 and RFC 3810 5.2.12


def octets(address: str) -> bytes:
    return bytes.fromhex(address.replace(":", ""))


def ethernet(to: str, sender: str, kind: int, payload: bytes, vlan: int | None = None) -> bytes:
    tag = b"" if vlan is None else struct.pack("!HH", ETH_VLAN, vlan)
    return octets(to) + octets(sender) + tag + struct.pack("!H", kind) + payload.ljust(46, b"\0")


def arp(operation: int, mac: str, ip: str, target_ip: str) -> bytes:
    """What a station with this MAC and IP says to another, whose MAC it does not name."""
    kinds = struct.pack("!HHBBH", 1, ETH_IPV4, 6, 4, operation)
    target = bytes(6) + socket.inet_aton(target_ip)
    return kinds + octets(mac) + socket.inet_aton(ip) + target


def numbered(to: str, sender: str, number: int) -> bytes:
    """A frame of no known protocol that carries only its number."""
    return ethernet(to, sender, ETH_EXPERIMENT, struct.pack("!I", number))


def number_of(frame: bytes) -> int | None:
    """The number in a `numbered` frame, tagged or not; None for any other frame."""
    kind, content = untagged(frame)
    return int.from_bytes(content[:4], "big") if kind == ETH_EXPERIMENT else None


def untagged(frame: bytes) -> tuple[int, bytes]:
    """EtherType and content of a frame behind all its VLAN tags."""
    at = 12
    while frame[at : at + 2] == struct.pack("!H", ETH_VLAN):
        at += 4
    return int.from_bytes(frame[at : at + 2], "big"), frame[at + 2 :]


def udp_flow(to: str, sender: str, number: int) -> bytes:
    """An IPv4 UDP frame: its addresses, ports and identification all differ with `number`."""
    source = bytes((10, 1, 0, 1 + number % 7))
    target = bytes((10, 1, 1 + number % 5, 1 + number))
    content = struct.pack("!HHHH", 40000 + 7 * number, 50 + number, 12, 0) + b"flow"
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(content), number, 0, 64, UDP, 0)
    packet = header + source + target
    packet = packet[:10] + checksum(packet).to_bytes(2, "big") + packet[12:]
    return ethernet(to, sender, ETH_IPV4, packet + content)


def flow_of(frame: bytes) -> int | None:
    """The number of a `udp_flow` frame; None for any other frame."""
    if frame[12:14] != struct.pack("!H", ETH_IPV4) or frame[23] != UDP:
        return None
    return int.from_bytes(frame[18:20], "big")


def is_tagged_udp(frame: bytes, vlan: int) -> bool:
    """Is this an IPv4 UDP frame with this VLAN's tag (its destination port then stands at 40)?"""
    return frame[12:18] == struct.pack("!HHH", ETH_VLAN, vlan, ETH_IPV4) and frame[27] == UDP


def checksum(header: bytes) -> int:
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def kind_of(frame: bytes) -> str:
    """What a frame is for an observer of failovers: garp, na, igmp, mld, or other.

    Membership reports count only if they state what is joined, as an answer to a query would; those
    that tell of a change are the host's own.
    """
    kind, packet = untagged(frame)
    if kind == ETH_ARP:
        return "garp" if packet[14:18] == packet[24:28] else "other"
    if kind == ETH_IPV4:
        return kind_of_ipv4(packet)
    if kind == ETH_IPV6:
        return kind_of_ipv6(packet)
    return "other"


def kind_of_ipv4(packet: bytes) -> str:
    report = packet[4 * (packet[0] & 15) :]
    return "igmp" if packet[9] == IGMP and report[8] == MODE_IS_EXCLUDE else "other"


def kind_of_ipv6(packet: bytes) -> str:
    following, message = packet[6], packet[40:]
    if following == 0:  # a hop-by-hop header: every MLD message has one
        following, message = message[0], message[8 * (message[1] + 1) :]
    if following != ICMPV6:
        return "other"
    if message[0] == MLD_REPORT_V2 and message[8] == MODE_IS_EXCLUDE:
        return "mld"
    return "na" if message[0] == NEIGHBOUR_ADVERTISEMENT else "other"
