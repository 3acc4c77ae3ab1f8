"""What does LACP look like on the wire? LACPDU, Marker and Marker Response.

IEEE Std 802.1AX-2014 6.4.2.3 (LACPDU) and 6.5.3.3 (Marker); the slow protocols of IEEE Std 802.3
Annex 57A. All numbers are big endian; a frame here has no frame check sequence.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum, IntFlag
from typing import Final

from pybondd.wire.ethernet import HEADER_OCTETS, NO_ADDRESS, EthernetHeader, build_header
from pybondd.wire.ethertypes import SLOW

SLOW_ADDRESS: Final = bytes.fromhex("0180c2000002")
"""IEEE Std 802.3 Table 57A-1; a bridge that follows 802.1Q never forwards it."""
PDU_OCTETS: Final = 110
"""Everything after the Ethernet header, LACPDU and Marker alike."""

_ACTOR, _PARTNER, _COLLECTOR = 2, 22, 42
"""Offsets of the three TLVs in an LACPDU."""
_PARTICIPANT_OCTETS: Final = 20
_COLLECTOR_OCTETS: Final = 16
_MARKER_TLV: Final = 2
_MARKER_OCTETS: Final = 16
_VERSION: Final = 1


class Subtype(IntEnum):
    """First octet of a slow protocol's PDU."""

    LACP = 1
    MARKER = 2


class PortState(IntFlag):
    """The state octet of a participant, IEEE Std 802.1AX-2014 6.4.2.3 m)."""

    ACTIVITY = 0x01
    SHORT_TIMEOUT = 0x02
    AGGREGATION = 0x04
    SYNCHRONIZATION = 0x08
    COLLECTING = 0x10
    DISTRIBUTING = 0x20
    DEFAULTED = 0x40
    EXPIRED = 0x80

    @property
    def letters(self) -> str:
        """ATGSCDFE, a dash for what is not set: how teamd and the recordings write it."""
        return "".join(
            letter if self & (1 << bit) else "-" for bit, letter in enumerate("ATGSCDFE")
        )


@dataclass(frozen=True, slots=True)
class Participant:
    """One side of a link as an LACPDU tells of it: the actor, or the partner as the actor sees it.

    `system` is a MAC address (6 octets); the numbers have 16 bits, `state` 8.
    """

    system_priority: int
    system: bytes
    key: int
    port_priority: int
    port_number: int
    state: int

    @property
    def identity(self) -> tuple[int, int, bytes, int, int]:
        """Everything but the state: what must match between what is said and what is known."""
        return (self.port_number, self.port_priority, self.system, self.system_priority, self.key)


@dataclass(frozen=True, slots=True)
class Lacpdu:
    """What one LACPDU says."""

    actor: Participant
    partner: Participant


@dataclass(frozen=True, slots=True)
class Marker:
    """A Marker, or the response to one; `octets` is the whole PDU of 110 octets."""

    is_response: bool
    octets: bytes


class Malformed(Enum):
    """Why a slow protocol frame is neither an LACPDU nor a Marker that we know."""

    TOO_SHORT = "shorter than 110 octets"
    UNKNOWN_SUBTYPE = "of a slow protocol that is not ours"
    UNKNOWN_MARKER = "a Marker PDU that is neither request nor response"


class Oddity(Enum):
    """What a sender did wrong in a PDU that is accepted nevertheless.

    IEEE Std 802.1AX-2014 6.4.12 forbids a receiver to check versions, TLV types and reserved
    octets, so that later versions can be understood; Linux checks no lengths either.
    """

    VERSION = "version is not 1"
    ACTOR_TLV = "actor TLV has another type or length"
    PARTNER_TLV = "partner TLV has another type or length"
    COLLECTOR_TLV = "collector TLV has another type or length"
    TERMINATOR = "terminator TLV has another type or length"
    MARKER_LENGTH = "marker TLV has another length"
    TRAILING = "octets follow the PDU"


def is_slow_protocol(frame: bytes) -> bool:
    """Whether this frame is addressed to the slow protocols (a VLAN tag has been taken out)."""
    return frame[12:14] == SLOW.to_bytes(2, "big") and frame[0:6] == SLOW_ADDRESS


def parse_slow(frame: bytes) -> Lacpdu | Marker | Malformed:
    """What a slow protocol frame says. Fields are read where version 1 has them, as Linux does."""
    pdu = frame[HEADER_OCTETS:]
    if len(pdu) < PDU_OCTETS:
        return Malformed.TOO_SHORT
    match pdu[0]:
        case Subtype.LACP:
            return Lacpdu(_participant(pdu, _ACTOR), _participant(pdu, _PARTNER))
        case Subtype.MARKER if pdu[_MARKER_TLV] in (1, 2):
            return Marker(pdu[_MARKER_TLV] == 2, bytes(pdu[:PDU_OCTETS]))
        case Subtype.MARKER:
            return Malformed.UNKNOWN_MARKER
        case _:
            return Malformed.UNKNOWN_SUBTYPE


def _participant(pdu: bytes, at: int) -> Participant:
    def number(offset: int) -> int:
        return int.from_bytes(pdu[at + offset : at + offset + 2], "big")

    system = bytes(pdu[at + 4 : at + 10])
    return Participant(number(2), system, number(10), number(12), number(14), pdu[at + 16])


def build_lacpdu(pdu: Lacpdu, *, source: bytes) -> bytes:
    """The frame of 124 octets; `source` is the port's own MAC address, not the bond's."""
    octets = (
        bytes((Subtype.LACP, _VERSION))
        + bytes((1, _PARTICIPANT_OCTETS))
        + _participant_octets(pdu.actor)
        + bytes((2, _PARTICIPANT_OCTETS))
        + _participant_octets(pdu.partner)
        + bytes((3, _COLLECTOR_OCTETS))
    )
    return _header(source) + octets.ljust(PDU_OCTETS, b"\0")


def _participant_octets(side: Participant) -> bytes:
    assert len(side.system) == len(NO_ADDRESS)
    return (
        side.system_priority.to_bytes(2, "big")
        + side.system
        + b"".join(n.to_bytes(2, "big") for n in (side.key, side.port_priority, side.port_number))
        + bytes((side.state, 0, 0, 0))
    )


def build_marker_response(marker: Marker, *, source: bytes) -> bytes:
    """The answer to a Marker: its octets given back, only the TLV type changed."""
    assert not marker.is_response
    octets = marker.octets[:_MARKER_TLV] + b"\2" + marker.octets[_MARKER_TLV + 1 :]
    return _header(source) + octets


def _header(source: bytes) -> bytes:
    return build_header(EthernetHeader(SLOW_ADDRESS, source, SLOW))


def oddities(frame: bytes) -> tuple[Oddity, ...]:
    """What a stricter receiver would object to in an LACPDU or Marker that parse_slow took."""
    pdu = frame[HEADER_OCTETS:]
    tlvs: tuple[tuple[Oddity, int, bytes], ...] = (
        (Oddity.ACTOR_TLV, _ACTOR, bytes((1, _PARTICIPANT_OCTETS))),
        (Oddity.PARTNER_TLV, _PARTNER, bytes((2, _PARTICIPANT_OCTETS))),
        (Oddity.COLLECTOR_TLV, _COLLECTOR, bytes((3, _COLLECTOR_OCTETS))),
        (Oddity.TERMINATOR, _COLLECTOR + _COLLECTOR_OCTETS, bytes(2)),
    )
    if pdu[0] == Subtype.MARKER:
        tlvs = (
            (Oddity.MARKER_LENGTH, _MARKER_TLV + 1, bytes((_MARKER_OCTETS,))),
            (Oddity.TERMINATOR, _MARKER_TLV + _MARKER_OCTETS, bytes(2)),
        )
    found = [oddity for oddity, at, wanted in tlvs if pdu[at : at + len(wanted)] != wanted]
    if pdu[1] != _VERSION:
        found.insert(0, Oddity.VERSION)
    if len(pdu) > PDU_OCTETS:
        found.append(Oddity.TRAILING)
    return tuple(found)
