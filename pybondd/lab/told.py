"""What did the bond tell the clients and the switch? ARP and learning frames, folded."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from pybondd.lab.recording import Direction, Recording, SeenFrame
from pybondd.lab.topology import NEAR_ADDRESS
from pybondd.units import MILLISECOND_NS, Instant
from pybondd.wire.arp import Arp, ArpOperation, parse_arp
from pybondd.wire.ethernet import HEADER_OCTETS
from pybondd.wire.ethertypes import ARP
from pybondd.wire.learning import is_learning_frame

SWITCH = "the switch"
COPIES_WITHIN_NS = 100 * MILLISECOND_NS
"""A question to all comes out of every cable; who has no answer repeats it after a second."""


class Manner(Enum):
    """Why somebody was told."""

    ANSWERS = "answers"
    TELLS = "tells"
    """An ARP reply that nobody asked for."""
    ASKS = "asks"
    """Our own ARP request, which tells everybody who hears it as well."""
    TEACHES = "teaches"


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody was told that our address is at `mac` (6 octets); `times` counts equal frames.

    `whom` is a host's IP address, or the switch.
    """

    moment_ns: Instant
    port: str
    manner: Manner
    whom: str
    mac: bytes
    times: int = 1


def all_told(recording: Recording) -> list[Told]:
    """What the bond said, in the order of time; what was only repeated is counted."""
    folded: list[Told] = []
    last: dict[str, int] = {}
    for told in _each(recording):
        place = last.get(told.whom)
        if place is not None and _repeats(told, folded[place]):
            folded[place] = replace(folded[place], times=folded[place].times + 1)
            continue
        last[told.whom] = len(folded)
        folded.append(told)
    return folded


def _repeats(told: Told, known: Told) -> bool:
    is_new_question = told.manner in (Manner.ANSWERS, Manner.ASKS)
    return not is_new_question and (told.port, told.mac) == (known.port, known.mac)


def _each(recording: Recording) -> Iterator[Told]:
    asking: set[bytes] = set()
    asked_ns: dict[bytes, Instant] = {}
    for frame in recording.frames:
        arp = _arp_in(frame.octets)
        if frame.direction is Direction.THERE:
            if is_learning_frame(frame.octets):
                mac = frame.octets[6:12]
                yield Told(frame.moment_ns, frame.cable, Manner.TEACHES, SWITCH, mac)
            elif arp and _text(arp.sender_ip) == NEAR_ADDRESS:
                yield _told(frame, arp, is_asked=arp.target_ip in asking)
                asking.discard(arp.target_ip)
        elif arp and arp.operation == ArpOperation.REQUEST and _text(arp.target_ip) == NEAR_ADDRESS:
            last_ns = asked_ns.get(arp.sender_ip)
            if last_ns is None or frame.moment_ns - last_ns > COPIES_WITHIN_NS:
                asking.add(arp.sender_ip)
            asked_ns[arp.sender_ip] = frame.moment_ns


def _told(frame: SeenFrame, arp: Arp, *, is_asked: bool) -> Told:
    if arp.operation == ArpOperation.REQUEST:
        manner = Manner.ASKS
    else:
        manner = Manner.ANSWERS if is_asked else Manner.TELLS
    return Told(frame.moment_ns, frame.cable, manner, _text(arp.target_ip), arp.sender_mac)


def _arp_in(frame: bytes) -> Arp | None:
    is_arp = int.from_bytes(frame[12:14], "big") == ARP
    return parse_arp(frame[HEADER_OCTETS:]) if is_arp else None


def _text(address: bytes) -> str:
    return ".".join(map(str, address))
