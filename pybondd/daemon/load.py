"""When is the bond told what the packet path has sent?

Linux counts the octets of a bucket where it chooses the port, so it knows them at every moment. The
packet path counts them where the bond cannot see it; so the bond is told before each event and each
deadline that may take a bucket from its port. That is exact, and costs nothing a frame.
"""

from collections.abc import Callable

from pybondd.bond import Bond
from pybondd.events import Event, HostFrames, LoadMeasured, PortFrame
from pybondd.forwarding import Balances
from pybondd.linux.pump import Pumps

_MOVES_NO_LOAD = HostFrames | PortFrame | LoadMeasured
"""Frames: a bucket that has no port gets one, and ARP concerns what is received."""


class LoadMeter:
    """Asks the packet path and feeds the bond, in modes that balance by load."""

    def __init__(self, bond: Bond, pump: Pumps, feed: Callable[[Event], object]) -> None:
        """`feed` hands an event to this bond."""
        self._bond = bond
        self._pump = pump
        self._feed = feed

    def before(self, event: Event) -> None:
        """This is about to happen."""
        if not isinstance(event, _MOVES_NO_LOAD):
            self.read()

    def read(self) -> None:
        """Tell the bond now."""
        if self._bond.table.balances is not Balances.EVERYTHING:
            self._feed(LoadMeasured(*self._pump.take_load()))
