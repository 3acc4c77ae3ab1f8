"""Cables that can fail in the two ways of real ones: with a word to both ends, or silently.

Each cable runs through a namespace in the middle, over a bridge of its own two ends. A bridge that
forwards the slow protocols' address is no bridge by IEEE Std 802.1Q; it makes a good cable.
"""

from netns import Yard

SLOW_PROTOCOLS = 1 << 2
"""Of Linux's group_fwd_mask: forward 01:80:c2:00:00:02."""
FIRST_INDEX = 100
THERE = 1000
"""Indices of interfaces begin here, and those in the panel are so much higher."""


class PatchPanel(Yard):
    """A yard whose cables, counted from 0 in the order of their laying, can be cut and muted."""

    def __init__(self):
        super().__init__()
        self._panel = None
        self._count = 0
        self._next_index = FIRST_INDEX

    def cable(self, left, left_name, right, right_name, *, is_up=True):
        """A cable between two namespaces."""
        self._panel = self._panel or self.namespace()
        number, self._count = self._count, self._count + 1
        for side, name, end in zip(
            (left, right), (left_name, right_name), self._ends(number), strict=True
        ):
            self._plug(side, name, end, is_up=is_up)
        self._panel.ip(f"link add wire{number} type bridge mcast_snooping 0")
        self._panel.set_sysctl(f"net/ipv6/conf/wire{number}/disable_ipv6", 1)
        for end in self._ends(number):
            self._panel.ip(f"link set {end} master wire{number}")
            self._panel.ip(f"link set {end} type bridge_slave group_fwd_mask {SLOW_PROTOCOLS}")
            self._panel.set_sysctl(f"net/ipv6/conf/{end}/disable_ipv6", 1)
        self._panel.ip(f"link set wire{number} up")

    def _plug(self, side, name, end, *, is_up):
        """A veth pair. Linux tells at once of the carrier of an interface whose peer has another
        index, and of that of a pair with equal ones up to a second late."""
        self._next_index += 1
        here, there = self._next_index, self._next_index + THERE
        far_end = f"peer name {end} index {there} netns /proc/{self._panel.pid}/ns/net"
        side.ip(f"link add {name} index {here} type veth {far_end}")
        for where, port in ((side, name), (self._panel, end)):
            where.set_sysctl(f"net/ipv4/conf/{port}/rp_filter", 0)
            where.set_sysctl(f"net/ipv6/conf/{port}/accept_dad", 0)
            if is_up:
                where.ip(f"link set {port} up")

    def cut(self, number):
        """Both ends lose their carrier."""
        for end in self._ends(number):
            self._panel.ip(f"link set {end} down")

    def mend(self, number):
        """Both ends get their carrier back."""
        for end in self._ends(number):
            self._panel.ip(f"link set {end} up")

    def mute(self, number, *, is_mute=True):
        """Nothing passes any more (or all passes again), and no carrier tells."""
        word = "on" if is_mute else "off"
        for end in self._ends(number):
            self._panel.ip(f"link set {end} type bridge_slave isolated {word}")

    @staticmethod
    def _ends(number):
        return f"l{number}", f"r{number}"
