"""What a host does with frames: answer ARP and ping, resolve addresses, send pings and count.

As little of Linux as a failover needs: an ARP entry, once made, is kept and corrected by whatever
ARP the host hears of that address (Linux: arp_accept=0 corrects known entries only). The last echo
for an unknown neighbour waits until the neighbour answers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from pybondd.sim.echo import Echo, EchoKind, build_echo, parse_echo
from pybondd.units import SECOND_NS, Duration, Instant
from pybondd.wire import ethertypes
from pybondd.wire.arp import Arp, ArpOperation, build_arp, parse_arp
from pybondd.wire.error import WireError
from pybondd.wire.ethernet import BROADCAST, NO_ADDRESS, EthernetHeader, build_header, parse_header

Send = Callable[[bytes], None]
Clock = Callable[[], Instant]

RESOLVE_AGAIN_NS: Duration = SECOND_NS
"""Linux asks once per second for an address that nobody answers for (neigh: retrans_time)."""
MAX_SEQUENCE = 0xFFFF
"""Width of the echo's sequence number."""


@dataclass(slots=True)
class Probe:
    """One ping. `answers` above one means that somebody duplicated it."""

    sent_ns: Instant
    answers: int = 0
    first_answer_ns: Instant | None = None


@dataclass(slots=True)
class Stack:
    """The upper half of a host. `mac` may change; `send` puts a frame on the interface."""

    mac: bytes
    ip: bytes
    send: Send
    clock: Clock
    neighbours: dict[bytes, bytes] = field(default_factory=dict)
    probes: list[Probe] = field(default_factory=list)
    requests_heard: int = 0
    _waiting: dict[bytes, Echo] = field(default_factory=dict)
    _asked_ns: dict[bytes, Instant] = field(default_factory=dict)

    def ping(self, ip: bytes) -> None:
        """Send one echo request; without the neighbour's address, ask for that instead."""
        assert len(self.probes) < MAX_SEQUENCE, "sequence numbers are used up"
        self.probes.append(Probe(self.clock()))
        self._send_echo(Echo(EchoKind.REQUEST, self.ip, ip, 1, len(self.probes)))

    @property
    def lost(self) -> int:
        """Pings without an answer so far."""
        return sum(probe.answers == 0 for probe in self.probes)

    @property
    def duplicates(self) -> int:
        """Answers beyond the first."""
        return sum(max(0, probe.answers - 1) for probe in self.probes)

    def received(self, frame: bytes) -> None:
        """A frame for the host; what is not for it, or not understood, is ignored."""
        try:
            header, packet = parse_header(frame)
            if header.destination not in (self.mac, BROADCAST):
                return
            if header.ethertype == ethertypes.ARP:
                self._arp_received(parse_arp(packet))
            elif header.ethertype == ethertypes.IPV4:
                self._echo_received(parse_echo(packet))
        except WireError:
            return

    def _arp_received(self, arp: Arp) -> None:
        if arp.sender_ip == self.ip:
            return
        is_for_us = arp.target_ip == self.ip
        if is_for_us or arp.sender_ip in self.neighbours:
            self.neighbours[arp.sender_ip] = arp.sender_mac
            waiting = self._waiting.pop(arp.sender_ip, None)
            if waiting is not None:
                self._send_echo(waiting)
        if is_for_us and arp.operation is ArpOperation.REQUEST:
            reply = Arp(ArpOperation.REPLY, self.mac, self.ip, arp.sender_mac, arp.sender_ip)
            self._send_arp(reply, arp.sender_mac)

    def _echo_received(self, echo: Echo) -> None:
        if echo.destination != self.ip:
            return
        if echo.kind is EchoKind.REQUEST:
            self.requests_heard += 1
            answer = Echo(EchoKind.REPLY, self.ip, echo.source, echo.identifier, echo.sequence)
            self._send_echo(answer)
        elif 0 < echo.sequence <= len(self.probes):
            probe = self.probes[echo.sequence - 1]
            probe.answers += 1
            if probe.first_answer_ns is None:
                probe.first_answer_ns = self.clock()

    def _send_echo(self, echo: Echo) -> None:
        neighbour = self.neighbours.get(echo.destination)
        if neighbour is None:
            self._waiting[echo.destination] = echo
            self._ask_for(echo.destination)
            return
        self.send(build_echo(echo, source_mac=self.mac, destination_mac=neighbour))

    def _ask_for(self, ip: bytes) -> None:
        asked_ns = self._asked_ns.get(ip)
        if asked_ns is not None and self.clock() - asked_ns < RESOLVE_AGAIN_NS:
            return
        self._asked_ns[ip] = self.clock()
        self._send_arp(Arp(ArpOperation.REQUEST, self.mac, self.ip, NO_ADDRESS, ip), BROADCAST)

    def _send_arp(self, arp: Arp, destination: bytes) -> None:
        header = EthernetHeader(destination, self.mac, ethertypes.ARP)
        self.send(build_header(header) + build_arp(arp))
