"""How do Linux and iproute2 print an IPv6 address? They differ, and Python from both.

All shorten the longest run of zero groups. Some addresses that hold an IPv4 address end with it in
dotted form: which ones is each printer's own choice.
"""

from ipaddress import IPv4Address, IPv6Address
from typing import Final

MAPPED: Final = bytes(10) + b"\xff\xff"
"""IPv4-mapped addresses, RFC 4291 2.5.5.2."""
COMPATIBLE: Final = bytes(12)
"""IPv4-compatible addresses, RFC 4291 2.5.5.1. `::` and `::1` are none, nor is `::0:x`."""
ISATAP: Final = (bytes.fromhex("00005efe"), bytes.fromhex("02005efe"))
"""The third quarter of an ISATAP address, RFC 5214 6.1."""


def kernel_text(address: bytes) -> str:
    """As Linux prints 16 octets (6.12 vsprintf.c, %pI6c)."""
    holds_ipv4 = address[:12] == MAPPED or address[8:12] in ISATAP
    return _dotted(address) if holds_ipv4 else str(IPv6Address(address))


def iproute2_text(address: bytes) -> str:
    """As the C library does, and so iproute2 (glibc 2.36 inet_ntop)."""
    is_compatible = address[:12] == COMPATIBLE and any(address[12:14])
    holds_ipv4 = address[:12] == MAPPED or is_compatible
    return _dotted(address) if holds_ipv4 else str(IPv6Address(address))


def _dotted(address: bytes) -> str:
    """The last two groups are one IPv4 address; runs of zeros are looked for before them only."""
    # Two groups that are not zero stand in for the IPv4 address while the rest is shortened.
    front = str(IPv6Address(address[:12] + b"\xff\xff\xff\xff"))
    return front.removesuffix("ffff:ffff") + str(IPv4Address(address[12:]))
