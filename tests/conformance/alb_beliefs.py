"""Which address of ours does a client believe? What ARP told it last."""

from alb_recording import Frame

from pybondd.wire.ethernet import BROADCAST

LOCK_S = 1.0
"""So long a Linux host keeps to the first of several answers (net.ipv4.neigh.*.locktime)."""


class Beliefs:
    """What was told by client's MAC and our IPv4 address, each as (time, our MAC)."""

    def __init__(self):
        self._told = {}

    def suppose(self, mac, our_ip, believed):
        """The client believed this when the recording began."""
        self._told[mac, our_ip] = [(0, believed)]

    def heard(self, frame, *, at_s):
        """A frame of ours; if it is an ARP, whoever hears it learns. A broadcast teaches only
        those who know us already."""
        arp = Frame(at_s, "", is_sent=True, octets=frame, size_octets=len(frame)).arp
        if arp is None:
            return
        hearers = [(frame[0:6], arp.sender_ip)]
        if frame[0:6] == BROADCAST:
            hearers = [key for key in self._told if key[1] == arp.sender_ip]
        for key in hearers:
            told = self._told.setdefault(key, [])
            if not told or told[-1][1] != arp.sender_mac:
                told.append((at_s, arp.sender_mac))

    def of(self, mac, our_ip):
        """What the client was told last; also what before, if it may have kept to that."""
        told = self._told.get((mac, our_ip), [])
        if len(told) > 1 and told[-1][0] - told[-2][0] < LOCK_S:
            return [told[-1][1], told[-2][1]]
        return [each for _, each in told[-1:]]
