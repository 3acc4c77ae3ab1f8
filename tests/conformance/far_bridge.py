"""A bridge with addresses, at the far end of a recorded machine's cables: it answers probes."""

from pybondd.wire import ethertypes
from pybondd.wire.announce import ipv6_frame
from pybondd.wire.arp import Arp, ArpOperation, build_arp, parse_arp
from pybondd.wire.error import WireError
from pybondd.wire.ethernet import EthernetHeader, build_header, is_group, parse_header
from pybondd.wire.ip import parse_ipv6
from pybondd.wire.neighbour import (
    NeighbourAdvertisement,
    NeighbourSolicitation,
    build_neighbour,
    parse_neighbour,
)

MAC = bytes.fromhex("0200000000bb")
"""Of a bridge for which no command names an address."""


class FarBridge:
    """Learns, forwards between its ports, and answers who asks for its addresses."""

    def __init__(self, world, name):
        self.world = world
        self.name = name
        self.is_up = False
        self.addresses = []
        self.ports = []
        self.owner = None
        self._learned = {}

    def add_port(self, interface):
        """Put an interface into the bridge."""
        interface.owner = self
        self.ports.append(interface)

    def open(self):
        """Set it up."""
        self.is_up = True

    def close(self):
        """Set it down: it forwards and answers no more."""
        self.is_up = False

    def link_changed(self, interface):
        """A bridge has no say in that (Owner)."""

    def frame_arrived(self, interface, frame):
        """Forward, and answer (Owner)."""
        if not self.is_up:
            return
        self._learned[frame[6:12]] = interface
        wanted = None if is_group(frame[:6]) else self._learned.get(frame[:6])
        for port in self.ports if wanted is None else [wanted]:
            if port is not interface and frame[:6] != MAC:
                port.send(frame)
        answer = self._answer(frame)
        if answer is not None:
            interface.send(answer)

    def _answer(self, frame):
        try:
            header, packet = parse_header(frame)
            if header.ethertype == ethertypes.ARP:
                return self._reply(parse_arp(packet))
            if header.ethertype == ethertypes.IPV6:
                return self._advertise(header.source, parse_ipv6(packet))
        except WireError:
            pass
        return None

    def _reply(self, asked):
        if asked.operation != ArpOperation.REQUEST or asked.target_ip not in self.addresses:
            return None
        said = Arp(ArpOperation.REPLY, MAC, asked.target_ip, asked.sender_mac, asked.sender_ip)
        header = EthernetHeader(asked.sender_mac, MAC, ethertypes.ARP)
        return build_header(header) + build_arp(said)

    def _advertise(self, asker, packet):
        asked = parse_neighbour(packet)
        if not isinstance(asked, NeighbourSolicitation) or asked.target not in self.addresses:
            return None
        said = NeighbourAdvertisement(asked.target, MAC, is_solicited=True, is_override=True)
        frame = ipv6_frame(MAC, build_neighbour(said, asked.target, packet.source))
        return asker + frame[6:]
