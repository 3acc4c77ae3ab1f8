"""What does a frame for or from the bond itself say, in a few words for the log?"""

from pybondd.wire.arp import ArpOperation, parse_arp
from pybondd.wire.error import WireError
from pybondd.wire.ethernet import HEADER_OCTETS, TAG_OCTETS, address_text, take_tag
from pybondd.wire.ethertypes import ARP
from pybondd.wire.learning import is_learning_frame
from pybondd.wire.slow import Lacpdu, Malformed, Marker, PortState, is_slow_protocol, parse_slow

_BEGINNING_OCTETS = HEADER_OCTETS + TAG_OCTETS + 46
"""Enough for ARP and for learning frames. Super-frames of the host have 64 KB."""


def frame_words(frame: bytes) -> str:
    """`LACPDU ATGSCD-- to ATG-----`: the sender's state, and what it knows of its partner's.

    ARP and learning frames by what they teach; of all others only the size.
    """
    if is_slow_protocol(frame):
        return _slow_words(frame)
    untagged, tag = take_tag(frame[:_BEGINNING_OCTETS])
    vlan = f" in VLAN {tag[1] & 0x0FFF}" if tag else ""
    if is_learning_frame(untagged):
        return f"learning frame: {address_text(untagged[:6])} is here{vlan}"
    if int.from_bytes(untagged[12:14], "big") == ARP:
        return _arp_words(untagged[HEADER_OCTETS:]) + vlan
    return f"frame of {len(frame)} octets"


def _slow_words(frame: bytes) -> str:
    said = parse_slow(frame)
    match said:
        case Lacpdu(actor, partner):
            ours, theirs = (PortState(side.state).letters for side in (actor, partner))
            return f"LACPDU {ours} to {theirs}"
        case Marker(is_response=True):
            return "Marker Response"
        case Marker():
            return "Marker"
        case Malformed():
            return f"slow protocol frame {said.value}"


def _arp_words(packet: bytes) -> str:
    try:
        arp = parse_arp(packet, any_operation=True)
    except WireError as error:
        return str(error)
    sender, target = (".".join(map(str, ip)) for ip in (arp.sender_ip, arp.target_ip))
    mac = address_text(arp.sender_mac)
    if arp.operation == ArpOperation.REQUEST:
        return f"ARP request: {sender} at {mac} asks for {target}"
    kind = "reply" if arp.operation == ArpOperation.REPLY else f"operation {arp.operation}"
    return f"ARP {kind}: {sender} is at {mac}, to {target}"
