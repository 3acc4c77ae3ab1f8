"""Where does an encap dissection stand, and what may it do next?"""

from dataclasses import dataclass
from enum import Enum, auto

from pybondd.balance.words import has


class Step(Enum):
    """What follows after one header."""

    FAIL = auto()
    """The frame is cut off or not understood: hash it as layer2 does."""
    STOP = auto()
    """Enough is known."""
    NETWORK = auto()
    """Another header, named by `ethertype`, starts at `offset`."""
    TRANSPORT = auto()
    """Another header, named by `protocol`, starts at `offset`."""


@dataclass(slots=True)
class Walk:
    """A position in a frame and what was found on the way; offsets in octets.

    `ethertype` is the last network protocol met, `protocol` the last IP protocol. While
    `has_tag_outside`, the next VLAN header is taken for the one that travels beside the frame.
    """

    frame: bytes
    offset: int
    ethertype: int
    frame_ethertype: int
    has_tag_outside: bool
    protocol: int = 0
    addresses: int = 0
    ports: int = 0
    icmp_word: int = 0

    def has(self, size_octets: int) -> bool:
        """Whether `size_octets` are left."""
        return has(self.frame, self.offset, size_octets)
