"""One network interface as the kernel describes it in a link message."""

import struct
import sys
from dataclasses import dataclass

from pybondd.linux.attributes import Attributes, parse, to_text

LINK_HEADER = struct.Struct("=BxHiII")
"""struct ifinfomsg: family, ARP hardware type, index, flags, mask of changed flags."""

# Attribute numbers of Linux uapi if_link.h.
ADDRESS = 1
NAME = 3
MTU = 4
_LOWER = 5
_MASTER = 10
_LINK_KIND = 18
FAMILIES = 26
_PROMISCUITY = 30
_CARRIER = 33
_LOWER_NAMESPACE = 37
_CARRIER_DOWN_COUNT = 48
_PERMANENT_ADDRESS = 54
_KIND_NAME = 1
_KIND_DETAILS = 2
INET6 = 10
_INET6_CONF = 2
INET6_ADDRESS_GENERATION = 8
_VLAN_ID = 1
_VLAN_PROTOCOL = 5

IS_UP = 0x1
_IS_LOOPBACK = 0x8
_HAS_CARRIER = 0x10000
_ETHERNET = 1
"""ARPHRD_ETHER."""
_VLAN_8021Q = b"\x81\x00"


@dataclass(frozen=True, slots=True)
class Interface:
    """What a link message says. Indices are those of the reader's network namespace.

    `has_carrier` is True only while the interface is up as well (Linux's IFF_LOWER_UP); `carrier`
    is the bare carrier. `lower` is the interface this one stands on, if it is in the same
    namespace; `master` the bridge or bond that owns this one. `tag` is the (EtherType, VLAN id) of
    a VLAN. `permanent_mac` and `ipv6_generation` are None where the kernel does not tell;
    `is_ipv6_router` is the forwarding setting.
    """

    ifindex: int
    name: str
    mac: bytes
    mtu: int
    is_up: bool
    has_carrier: bool
    carrier: bool = True
    is_ethernet: bool = True
    is_loopback: bool = False
    master: int | None = None
    lower: int | None = None
    kind: str = ""
    tag: tuple[int, int] | None = None
    promiscuity: int = 0
    carrier_down_count: int = 0
    permanent_mac: bytes | None = None
    ipv6_generation: int | None = None
    is_ipv6_router: bool = False


def parse_link(body: bytes) -> Interface:
    """The interface of an RTM_NEWLINK or RTM_DELLINK message body."""
    _, hardware, ifindex, flags, _ = LINK_HEADER.unpack_from(body)
    found = parse(body, LINK_HEADER.size)
    details = parse(found.get(_LINK_KIND, b""))
    kind = to_text(details.get(_KIND_NAME, b""))
    inet6 = parse(parse(found.get(FAMILIES, b"")).get(INET6, b""))
    carrier = found.get(_CARRIER, b"\1") != b"\0"
    return Interface(
        ifindex=ifindex,
        name=to_text(found.get(NAME, b"")),
        mac=found.get(ADDRESS, b""),
        mtu=_number(found.get(MTU)),
        is_up=bool(flags & IS_UP),
        has_carrier=bool(flags & IS_UP and flags & _HAS_CARRIER),
        carrier=carrier,
        is_ethernet=hardware == _ETHERNET,
        is_loopback=bool(flags & _IS_LOOPBACK),
        master=_number(found.get(_MASTER)) or None,
        lower=None if _LOWER_NAMESPACE in found else _number(found.get(_LOWER)) or None,
        kind=kind,
        tag=_tag(parse(details.get(_KIND_DETAILS, b""))) if kind == "vlan" else None,
        promiscuity=_number(found.get(_PROMISCUITY)),
        carrier_down_count=_number(found.get(_CARRIER_DOWN_COUNT)),
        permanent_mac=found.get(_PERMANENT_ADDRESS),
        ipv6_generation=_generation(inet6),
        is_ipv6_router=_number(inet6.get(_INET6_CONF)) != 0,
    )


def _number(value: bytes | None) -> int:
    """The first four octets as a number; 0 where the attribute is missing."""
    return int.from_bytes(value[:4], sys.byteorder) if value else 0


def _generation(inet6: Attributes) -> int | None:
    """How IPv6 makes link-local addresses by itself; None where the interface has no IPv6."""
    mode = inet6.get(INET6_ADDRESS_GENERATION)
    return mode[0] if mode else None


def _tag(vlan: Attributes) -> tuple[int, int]:
    """EtherType and VLAN id. The EtherType travels in network byte order."""
    protocol = int.from_bytes(vlan.get(_VLAN_PROTOCOL, _VLAN_8021Q), "big")
    return protocol, int.from_bytes(vlan.get(_VLAN_ID, b""), sys.byteorder)
