"""Which frame does a flow send? From what a person types to octets that can be hashed."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from pybondd.wire import ethertypes, protocols
from pybondd.wire.arp import Arp, ArpOperation, build_arp
from pybondd.wire.error import WireError
from pybondd.wire.ethernet import BROADCAST, NO_ADDRESS, EthernetHeader, build_header, parse_address
from pybondd.wire.igmp import group_mac
from pybondd.wire.ip import Ipv4, Ipv6, build_ipv4, build_ipv6
from pybondd.wire.neighbour import SOLICITATION

PROTOCOLS: Final = {
    "tcp": protocols.TCP,
    "udp": protocols.UDP,
    "sctp": protocols.SCTP,
    "igmp": protocols.IGMP,
    "nd": protocols.ICMPV6,
    # RFC 3692 keeps 253 free for experiments; no policy finds ports in it.
    "other": 253,
}
ARPS: Final = {"arp-request": ArpOperation.REQUEST, "arp-reply": ArpOperation.REPLY}
WITH_PORTS: Final = ("tcp", "udp", "sctp")
IP_VERSIONS: Final = {"igmp": 4, "nd": 6, "arp-request": 4, "arp-reply": 4}
"""What exists for one version of IP only."""
LIMITED_BROADCAST: Final = ip_address("255.255.255.255")
MAX_PORT: Final = 0xFFFF
MAX_VLAN: Final = 4094
TRANSPORT_OCTETS: Final = 20
"""Two ports and zeros: no policy looks at more of a transport header."""


class QuestionError(ValueError):
    """What was typed describes no flow; the text says why."""


@dataclass(frozen=True, slots=True)
class FlowQuestion:
    """A flow. `vlan` is 0 for an untagged one, `next_hop` None where nobody said it (6 octets).

    With `arp` it is an ARP of `source` that asks for, or answers, `destination`.
    """

    source: IPv4Address | IPv6Address
    destination: IPv4Address | IPv6Address
    protocol: int
    source_port: int = 0
    destination_port: int = 0
    vlan: int = 0
    next_hop: bytes | None = None
    arp: ArpOperation | None = None

    @property
    def destination_mac(self) -> bytes | None:
        """Where its frames go: the next hop, or what the address itself says; None if neither."""
        if self.next_hop is not None:
            return self.next_hop
        if self.arp is ArpOperation.REQUEST or self.destination == LIMITED_BROADCAST:
            return BROADCAST
        if self.destination.is_multicast and self.arp is None:
            octets = self.destination.packed
            return group_mac(octets) if len(octets) == 4 else b"\x33\x33" + octets[12:]
        return None


def parse_question(texts: Mapping[str, str]) -> FlowQuestion:
    """The flow that these texts describe; keys are src, dst, proto, sport, dport, vlan and to.

    Raises QuestionError.
    """
    source, destination = _address(texts, "src"), _address(texts, "dst")
    if source.version != destination.version:
        raise QuestionError(f"{source} and {destination} are not of the same IP version")
    has_ports = "sport" in texts or "dport" in texts
    name = texts.get("proto", "tcp" if has_ports else "other")
    if name not in PROTOCOLS and name not in ARPS:
        raise QuestionError(f"proto {name!r} is none of {', '.join([*PROTOCOLS, *ARPS])}")
    if has_ports and name not in WITH_PORTS:
        raise QuestionError("ports belong to tcp, udp or sctp")
    if IP_VERSIONS.get(name, source.version) != source.version:
        raise QuestionError(f"proto {name} is of IPv{IP_VERSIONS[name]}")
    return FlowQuestion(
        source,
        destination,
        PROTOCOLS.get(name, 0),
        _number(texts, "sport", MAX_PORT),
        _number(texts, "dport", MAX_PORT),
        _number(texts, "vlan", MAX_VLAN),
        _mac(texts),
        ARPS.get(name),
    )


def _address(texts: Mapping[str, str], key: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(texts.get(key, ""))
    except ValueError:
        raise QuestionError(f"{key} {texts.get(key, '')!r} is no IP address") from None


def _number(texts: Mapping[str, str], key: str, most: int) -> int:
    text = texts.get(key, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        raise QuestionError(f"{key} {text!r} is no number up to {most}")
    if int(text) > most:
        raise QuestionError(f"{key} {text} is more than {most}")
    return int(text)


def _mac(texts: Mapping[str, str]) -> bytes | None:
    if "to" not in texts:
        return None
    try:
        return parse_address(texts["to"])
    except WireError:
        raise QuestionError(f"to {texts['to']!r} is no MAC address") from None


def frame_of(question: FlowQuestion, *, source_mac: bytes) -> bytes:
    """The untagged frame of this flow; an unknown destination address is all zeros."""
    destination_mac = question.destination_mac or NO_ADDRESS
    ethertype, packet = _packet_of(question, source_mac)
    return build_header(EthernetHeader(destination_mac, source_mac, ethertype)) + packet


def _packet_of(question: FlowQuestion, source_mac: bytes) -> tuple[int, bytes]:
    source, destination = question.source.packed, question.destination.packed
    if question.arp is not None:
        is_request = question.arp is ArpOperation.REQUEST
        target_mac = NO_ADDRESS if is_request else question.next_hop or NO_ADDRESS
        arp = Arp(question.arp, source_mac, source, target_mac, destination)
        return ethertypes.ARP, build_arp(arp)
    payload = _transport_of(question).ljust(TRANSPORT_OCTETS, b"\0")
    if question.source.version == 4:
        return ethertypes.IPV4, build_ipv4(Ipv4(source, destination, question.protocol, payload))
    return ethertypes.IPV6, build_ipv6(Ipv6(source, destination, question.protocol, payload))


def _transport_of(question: FlowQuestion) -> bytes:
    """What a policy or a mode may look at, behind the IP header."""
    if question.protocol == protocols.ICMPV6:
        return bytes([SOLICITATION])
    return question.source_port.to_bytes(2, "big") + question.destination_port.to_bytes(2, "big")
