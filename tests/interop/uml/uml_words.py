"""A frame as a line to read: every field of ARP, of learning frames, and of what is pinged or sent.

Two frames with the same line differ in nothing that a station could notice.
"""

import socket
import struct

from uml_frames import ETH_ARP, ETH_IPV4, ETH_VLAN, untagged

ETH_LOOPBACK = 0x9000
LEARNING_CONTENT = bytes(46)  # Linux 6.1 if_ether.h ETH_ZLEN less the header
ICMP, UDP = 1, 17
ARP_OF_ETHERNET_AND_IPV4 = bytes.fromhex("0001080006 04".replace(" ", ""))
ARP_OCTETS = 28
OPERATIONS = {1: "request", 2: "reply"}


def is_learning(frame: bytes) -> bool:
    """Is this what teaches a switch behind which port an address is?"""
    return untagged(frame)[0] == ETH_LOOPBACK


def is_ipv4(frame: bytes) -> bool:
    """Is this a packet of a station's, and nothing that only says who is where?"""
    return untagged(frame)[0] == ETH_IPV4


def line_of(frame: bytes) -> str:
    """Source and destination by the last two octets of their MACs, tag, and what it says."""
    kind, content = untagged(frame)
    names = {ETH_ARP: arp_words, ETH_LOOPBACK: learning_words, ETH_IPV4: ipv4_words}
    tag = f"vlan {int.from_bytes(frame[14:16], 'big')} " if frame[12:14] == tag_octets() else ""
    words = names.get(kind, bytes.hex)(content)
    return f"{short(frame[6:12])} > {short(frame[:6])} {tag}{words}"


def tag_octets() -> bytes:
    return struct.pack("!H", ETH_VLAN)


def short(mac: bytes) -> str:
    """Of stations made here only the end differs."""
    return mac.hex(":").removeprefix("02:00:00:00:")


def arp_words(packet: bytes) -> str:
    fields, rest = packet[:ARP_OCTETS], packet[ARP_OCTETS:]
    if fields[:6] != ARP_OF_ETHERNET_AND_IPV4 or any(rest):
        return f"arp {packet.hex()}"
    operation = int.from_bytes(fields[6:8], "big")
    ends = [
        f"{socket.inet_ntoa(fields[at + 6 : at + 10])} at {short(fields[at : at + 6])}"
        for at in (8, 18)
    ]
    padding = f" padded by {len(rest)}" if rest else ""
    return f"arp {OPERATIONS.get(operation, operation)} {ends[0]} to {ends[1]}{padding}"


def learning_words(content: bytes) -> str:
    return "learning" if content == LEARNING_CONTENT else f"learning {content.hex()}"


def ipv4_words(packet: bytes) -> str:
    header_octets = 4 * (packet[0] & 15)
    message = packet[header_octets:]
    ends = " > ".join(socket.inet_ntoa(packet[at : at + 4]) for at in (12, 16))
    if packet[9] == ICMP:
        return f"icmp {message[0]} {ends}"
    if packet[9] == UDP:
        return f"udp {ends} port {int.from_bytes(message[2:4], 'big')}"
    return f"ipv4 protocol {packet[9]} {ends}"
