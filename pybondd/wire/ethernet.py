"""How do frames begin?

Ethernet II header, IEEE Std 802.3-2022 3.2, and the VLAN tag of IEEE Std 802.1Q-2022 9.3. A frame
here never carries a frame check sequence.
"""

from dataclasses import dataclass
from typing import Final

from pybondd.wire import ethertypes
from pybondd.wire.error import check, need

ADDRESS_OCTETS: Final = 6
HEADER_OCTETS: Final = 14
TAG_OCTETS: Final = 4

BROADCAST: Final = bytes(6 * [0xFF])
NO_ADDRESS: Final = bytes(ADDRESS_OCTETS)
"""All zero: Linux's way to say that there is no address."""

GROUP_BIT: Final = 0x01
"""In the first octet: the address means several stations (IEEE Std 802-2014 8.2)."""

LOCAL_BIT: Final = 0x02
"""In the first octet: the address was not given by the maker (IEEE Std 802-2014 8.2)."""

TAG_TYPES: Final = frozenset({ethertypes.VLAN, ethertypes.SERVICE_VLAN})


@dataclass(frozen=True, slots=True)
class EthernetHeader:
    """Destination, source (6 octets each) and EtherType; an LLC frame's length counts as type."""

    destination: bytes
    source: bytes
    ethertype: int


def parse_header(frame: bytes) -> tuple[EthernetHeader, bytes]:
    """The header and what follows it. Raises WireError if the frame is shorter than the header."""
    need(frame, HEADER_OCTETS, "Ethernet header")
    header = EthernetHeader(frame[0:6], frame[6:12], int.from_bytes(frame[12:14], "big"))
    return header, frame[HEADER_OCTETS:]


def build_header(header: EthernetHeader) -> bytes:
    """The header's 14 octets; the inverse of parse_header."""
    assert len(header.destination) == len(header.source) == ADDRESS_OCTETS
    return header.destination + header.source + header.ethertype.to_bytes(2, "big")


def with_tags(frame: bytes, tags: tuple[tuple[int, int], ...]) -> bytes:
    """The frame with VLAN tags behind its addresses, outermost first, each (EtherType, TCI)."""
    pushed = b"".join(
        ethertype.to_bytes(2, "big") + tci.to_bytes(2, "big") for ethertype, tci in tags
    )
    return frame[:12] + pushed + frame[12:]


def with_source(frame: bytes, source: bytes) -> bytes:
    """The frame with another source address (6 octets)."""
    return frame[:6] + source + frame[12:]


def take_tag(frame: bytes) -> tuple[bytes, tuple[int, int] | None]:
    """The frame without its outermost tag, and that tag as (EtherType, TCI), or None.

    A frame that ends inside a tag is given back as it is.
    """
    ethertype = int.from_bytes(frame[12:14], "big")
    if ethertype not in TAG_TYPES or len(frame) < HEADER_OCTETS + TAG_OCTETS:
        return frame, None
    return frame[:12] + frame[16:], (ethertype, int.from_bytes(frame[14:16], "big"))


def is_group(address: bytes) -> bool:
    """Whether the address means several stations: multicast, or broadcast."""
    return bool(address[0] & GROUP_BIT)


def is_valid_unicast(address: bytes) -> bool:
    """Whether one station may own it: no group, not all zero (Linux is_valid_ether_addr)."""
    return not is_group(address) and address != NO_ADDRESS


def address_text(address: bytes) -> str:
    """Six octets as Linux prints them: `02:00:00:aa:bb:01`."""
    return address.hex(":")


def parse_address(text: str) -> bytes:
    """The six octets of `xx:xx:xx:xx:xx:xx`. Raises WireError for anything else."""
    parts = text.split(":")
    check(len(parts) == ADDRESS_OCTETS, f"{text!r} is no MAC address of six parts")
    check(all(is_octet(part) for part in parts), f"{text!r}: each part is two hexadecimal digits")
    return bytes.fromhex("".join(parts))


def is_octet(text: str) -> bool:
    """Whether this is one octet in two hexadecimal digits."""
    return len(text) == 2 and all(digit in "0123456789abcdefABCDEF" for digit in text)
