"""What does a simulated data plane tell a bond's ARP monitor?

As the daemon would: each ARP and each message about neighbours as it comes, and of all other
frames only when the last one came.
"""

from pybondd.effects import Hears
from pybondd.events import Heard, PortsHeard
from pybondd.units import Instant
from pybondd.wire import ethertypes, protocols
from pybondd.wire.error import WireError
from pybondd.wire.ethernet import parse_header
from pybondd.wire.ip import parse_ipv6
from pybondd.wire.neighbour import ADVERTISEMENT, SOLICITATION


class Listening:
    """When each port was last heard, since the bond was last told.

    `hears` by interface index: what the bond itself asked to hear.
    """

    def __init__(self) -> None:
        self.hears: dict[int, Hears] = {}
        self._heard: dict[int, Heard] = {}

    def note(self, ifindex: int, frame: bytes, *, now: Instant) -> bool:
        """A frame came in, without its tag; is it one of those that the bond wants to see?"""
        before = self._heard.get(ifindex)
        neighbourly_ns = before.last_arp_or_ipv6_ns if before else None
        ethertype = int.from_bytes(frame[12:14], "big")
        if ethertype in (ethertypes.ARP, ethertypes.IPV6):
            neighbourly_ns = now
        self._heard[ifindex] = Heard(ifindex, now, neighbourly_ns)
        if self.hears[ifindex] is not Hears.PROBES:
            return False
        return ethertype == ethertypes.ARP or _is_about_a_neighbour(frame)

    def take(self) -> PortsHeard | None:
        """What to tell the bond; None if no port was heard."""
        heard, self._heard = self._heard, {}
        return PortsHeard(tuple(heard.values())) if heard else None


def _is_about_a_neighbour(frame: bytes) -> bool:
    try:
        header, packet = parse_header(frame)
        if header.ethertype != ethertypes.IPV6:
            return False
        ip = parse_ipv6(packet)
    except WireError:
        return False
    is_icmp = ip.next_header == protocols.ICMPV6
    return is_icmp and ip.payload[:1] in (bytes([SOLICITATION]), bytes([ADVERTISEMENT]))
