"""By which frame does a switch learn where an address is? Linux's learning packet.

A loopback frame (configuration testing protocol) from an address to itself: every switch on its way
notes the port that it came in by, and no host answers. Source: Linux 6.12 bond_alb.c
alb_send_lp_vid.
"""

from typing import Final

from pybondd.wire import ethertypes
from pybondd.wire.ethernet import EthernetHeader, build_header, with_tags

PAYLOAD_OCTETS: Final = 46
"""All zero; with the header this is the 60 octets of the shortest frame of IEEE Std 802.3."""


def learning_frame(mac: bytes, tags: tuple[tuple[int, int], ...] = ()) -> bytes:
    """The frame that teaches `mac` (6 octets): 60 octets, and 4 more for each tag."""
    header = build_header(EthernetHeader(mac, mac, ethertypes.LOOPBACK))
    return with_tags(header + bytes(PAYLOAD_OCTETS), tags)


def is_learning_frame(frame: bytes) -> bool:
    """Whether this is such a frame without a tag: from an address to itself."""
    ethertype = int.from_bytes(frame[12:14], "big")
    return frame[0:6] == frame[6:12] and ethertype == ethertypes.LOOPBACK
