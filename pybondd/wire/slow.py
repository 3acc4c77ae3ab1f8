"""What does LACP look like on the wire? LACPDU, Marker and Marker Response.

IEEE Std 802.1AX-2014 6.4.2.3 (LACPDU) and 6.5.3.3 (Marker); the slow protocols of IEEE Std 802.3
Annex 57A. All numbers are big endian; a frame here has no frame check sequence.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum, IntFlag
from struct import Struct
from typing import Final

from pybondd.wire.ethernet import HEADER_OCTETS, NO_ADDRESS, EthernetHeader, build_header
from pybondd.wire.ethertypes import SLOW

SLOW_ADDRESS: Final = bytes.fromhex("0180c2000002")
"""IEEE Std 802.3 Table 57A-1; a bridge that follows 802.1Q never forwards it."""
PDU_OCTETS: Final = 110
"""Everything after the Ethernet header, LACPDU and Marker alike."""

_VERSION: Final = 1
"""The only one that we write. IEEE Std 802.1AX-2014 6.4.12 wants later ones read like this one."""
_ACTOR: Final = 2
_PARTNER: Final = 22
_COLLECTOR: Final = 42
_LACP_TERMINATOR: Final = 58
"""Offsets in an LACPDU of its TLVs: a type, the length of both and the value, the value."""
_PARTICIPANT_OCTETS: Final = 20
_PARTICIPANT: Final = Struct("!H6sHHHB3x")
"""Value of the actor's and the partner's TLV: system priority, system, key, port priority, port
number, state, three reserved octets."""
_COLLECTOR_OCTETS: Final = 16
_MARKER: Final = 2
_MARKER_OCTETS: Final = 16
"""Linux's comments say 0x16, which is 22 and reaches into the terminator; it writes none itself."""
_MARKER_TERMINATOR: Final = 18
_MARKER_INFORMATION: Final = 1
_MARKER_RESPONSE: Final = 2
"""TLV types of a Marker PDU, IEEE Std 802.1AX-2014 6.5.3.3."""


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
            letter if self.value & (1 << bit) else "-" for bit, letter in enumerate("ATGSCDFE")
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
    """What one LACPDU says.

    `collector_max_delay_10us` is how long the sender may take to deliver a frame, in tens of
    microseconds. Linux says 0 and asks nobody.
    """

    actor: Participant
    partner: Participant
    collector_max_delay_10us: int = 0


@dataclass(frozen=True, slots=True)
class Marker:
    """A Marker, or the response to one; `octets` is the whole PDU of 110 octets.

    Octets 4 to 17 are the requester's port, system and transaction; who answers looks at none.
    """

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
    ACTOR_TYPE = "type of the actor TLV is not 1"
    ACTOR_LENGTH = "length of the actor TLV is not 20"
    PARTNER_TYPE = "type of the partner TLV is not 2"
    PARTNER_LENGTH = "length of the partner TLV is not 20"
    COLLECTOR_TYPE = "type of the collector TLV is not 3"
    COLLECTOR_LENGTH = "length of the collector TLV is not 16"
    MARKER_LENGTH = "length of the marker TLV is not 16"
    TERMINATOR_TYPE = "type of the terminator TLV is not 0"
    TERMINATOR_LENGTH = "length of the terminator TLV is not 0"
    RESERVED = "a reserved octet is not 0"
    TRAILING = "octets follow the PDU"


def is_slow_protocol(frame: bytes) -> bool:
    """Whether this frame is addressed to the slow protocols (a VLAN tag has been taken out)."""
    return frame[12:14] == SLOW.to_bytes(2, "big") and frame[0:6] == SLOW_ADDRESS


def parse_slow(frame: bytes) -> Lacpdu | Marker | Malformed:
    """What a frame for the slow protocols says, or why it says nothing that we know.

    Any octets may come; nothing is raised. Fields are read where version 1 has them, and nothing
    but the size, the subtype and a Marker's type is checked (Linux 6.12 bond_3ad.c
    bond_3ad_lacpdu_recv, bond_3ad_rx_indication).
    """
    pdu = frame[HEADER_OCTETS:]
    if len(pdu) < PDU_OCTETS:
        return Malformed.TOO_SHORT
    match pdu[0]:
        case Subtype.LACP:
            actor, partner = _participant(pdu, _ACTOR), _participant(pdu, _PARTNER)
            return Lacpdu(actor, partner, _number(pdu, _COLLECTOR + 2))
        case Subtype.MARKER if pdu[_MARKER] in (_MARKER_INFORMATION, _MARKER_RESPONSE):
            return Marker(pdu[_MARKER] == _MARKER_RESPONSE, pdu[:PDU_OCTETS])
        case Subtype.MARKER:
            return Malformed.UNKNOWN_MARKER
        case _:
            return Malformed.UNKNOWN_SUBTYPE


def _participant(pdu: bytes, at: int) -> Participant:
    return Participant(*_PARTICIPANT.unpack_from(pdu, at + 2))


def _number(pdu: bytes, at: int) -> int:
    return int.from_bytes(pdu[at : at + 2], "big")


def build_lacpdu(pdu: Lacpdu, *, source: bytes) -> bytes:
    """The frame of 124 octets; `source` is the port's own MAC address, not the bond's."""
    octets = (
        bytes((Subtype.LACP, _VERSION))
        + bytes((1, _PARTICIPANT_OCTETS))
        + _participant_octets(pdu.actor)
        + bytes((2, _PARTICIPANT_OCTETS))
        + _participant_octets(pdu.partner)
        + bytes((3, _COLLECTOR_OCTETS))
        + pdu.collector_max_delay_10us.to_bytes(2, "big")
    )
    return _header(source) + octets.ljust(PDU_OCTETS, b"\0")


def _participant_octets(side: Participant) -> bytes:
    assert len(side.system) == len(NO_ADDRESS)
    return _PARTICIPANT.pack(
        side.system_priority,
        side.system,
        side.key,
        side.port_priority,
        side.port_number,
        side.state,
    )


def build_marker_response(marker: Marker, *, source: bytes) -> bytes:
    """The answer to a Marker: its octets given back, only the TLV type changed."""
    assert not marker.is_response
    octets = bytearray(marker.octets)
    octets[_MARKER] = _MARKER_RESPONSE
    return _header(source) + bytes(octets)


def _header(source: bytes) -> bytes:
    return build_header(EthernetHeader(SLOW_ADDRESS, source, SLOW))


def oddities(frame: bytes) -> tuple[Oddity, ...]:
    """What a stricter receiver would object to in a frame that parse_slow took.

    Another version may put other TLVs where version 1 has its terminator and reserved octets, so
    only what all versions have in common is looked at then.
    """
    pdu = frame[HEADER_OCTETS:]
    assert len(pdu) >= PDU_OCTETS
    fixed, terminator, reserved = _LACP_LAYOUT if pdu[0] == Subtype.LACP else _MARKER_LAYOUT
    found = [oddity for oddity, at, expected in fixed if pdu[at] != expected]
    if pdu[1] != _VERSION:
        found.insert(0, Oddity.VERSION)
    else:
        found += [oddity for oddity, at in terminator if pdu[at]]
        if any(any(pdu[octets]) for octets in reserved):
            found.append(Oddity.RESERVED)
    if len(pdu) > PDU_OCTETS:
        found.append(Oddity.TRAILING)
    return tuple(found)


_LACP_LAYOUT: Final = (
    (
        (Oddity.ACTOR_TYPE, _ACTOR, 1),
        (Oddity.ACTOR_LENGTH, _ACTOR + 1, _PARTICIPANT_OCTETS),
        (Oddity.PARTNER_TYPE, _PARTNER, 2),
        (Oddity.PARTNER_LENGTH, _PARTNER + 1, _PARTICIPANT_OCTETS),
        (Oddity.COLLECTOR_TYPE, _COLLECTOR, 3),
        (Oddity.COLLECTOR_LENGTH, _COLLECTOR + 1, _COLLECTOR_OCTETS),
    ),
    ((Oddity.TERMINATOR_TYPE, _LACP_TERMINATOR), (Oddity.TERMINATOR_LENGTH, _LACP_TERMINATOR + 1)),
    (
        slice(_ACTOR + 17, _PARTNER),
        slice(_PARTNER + 17, _COLLECTOR),
        slice(_COLLECTOR + 4, _LACP_TERMINATOR),
        slice(_LACP_TERMINATOR + 2, PDU_OCTETS),
    ),
)
_MARKER_LAYOUT: Final = (
    ((Oddity.MARKER_LENGTH, _MARKER + 1, _MARKER_OCTETS),),
    (
        (Oddity.TERMINATOR_TYPE, _MARKER_TERMINATOR),
        (Oddity.TERMINATOR_LENGTH, _MARKER_TERMINATOR + 1),
    ),
    (slice(16, _MARKER_TERMINATOR), slice(_MARKER_TERMINATOR + 2, PDU_OCTETS)),
)
"""Octets with one lawful value, the terminator's, and ranges that are reserved or padding."""
