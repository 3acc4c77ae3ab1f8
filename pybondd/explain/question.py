"""Which frame does a flow send? From what a person types to octets that can be hashed."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from pybondd.wire import ethertypes, protocols
from pybondd.wire.error import WireError
from pybondd.wire.ethernet import NO_ADDRESS, EthernetHeader, build_header, parse_address
from pybondd.wire.ip import Ipv4, Ipv6, build_ipv4, build_ipv6

PROTOCOLS: Final = {
    "tcp": protocols.TCP,
    "udp": protocols.UDP,
    "sctp": protocols.SCTP,
    # RFC 3692 keeps 253 free for experiments; no policy finds ports in it.
    "other": 253,
}
MAX_PORT: Final = 0xFFFF
MAX_VLAN: Final = 4094
TRANSPORT_OCTETS: Final = 20
"""Two ports and zeros: no policy looks at more of a transport header."""


class QuestionError(ValueError):
    """What was typed describes no flow; the text says why."""


@dataclass(frozen=True, slots=True)
class FlowQuestion:
    """A flow. `vlan` is 0 for an untagged one, `next_hop` None where nobody said it (6 octets)."""

    source: IPv4Address | IPv6Address
    destination: IPv4Address | IPv6Address
    protocol: int
    source_port: int = 0
    destination_port: int = 0
    vlan: int = 0
    next_hop: bytes | None = None


def parse_question(texts: Mapping[str, str]) -> FlowQuestion:
    """The flow that these texts describe; keys are src, dst, proto, sport, dport, vlan and to.

    Raises QuestionError.
    """
    source, destination = _address(texts, "src"), _address(texts, "dst")
    if source.version != destination.version:
        raise QuestionError(f"{source} and {destination} are not of the same IP version")
    has_ports = "sport" in texts or "dport" in texts
    name = texts.get("proto", "tcp" if has_ports else "other")
    if name not in PROTOCOLS:
        raise QuestionError(f"proto {name!r} is none of {', '.join(PROTOCOLS)}")
    if has_ports and name == "other":
        raise QuestionError("ports belong to tcp, udp or sctp")
    return FlowQuestion(
        source,
        destination,
        PROTOCOLS[name],
        _number(texts, "sport", MAX_PORT),
        _number(texts, "dport", MAX_PORT),
        _number(texts, "vlan", MAX_VLAN),
        _mac(texts),
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
    """The untagged frame of this flow; an unknown next hop is all zeros."""
    ports = question.source_port.to_bytes(2, "big") + question.destination_port.to_bytes(2, "big")
    payload = ports.ljust(TRANSPORT_OCTETS, b"\0")
    source, destination = question.source.packed, question.destination.packed
    if question.source.version == 4:
        ethertype = ethertypes.IPV4
        packet = build_ipv4(Ipv4(source, destination, question.protocol, payload))
    else:
        ethertype = ethertypes.IPV6
        packet = build_ipv6(Ipv6(source, destination, question.protocol, payload))
    header = EthernetHeader(question.next_hop or NO_ADDRESS, source_mac, ethertype)
    return build_header(header) + packet
