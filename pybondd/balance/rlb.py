"""By which port does each client send to us? Receive balancing of balance-alb.

A client sends to the MAC address that ARP told it. So the bond tells each client the address of
another port, by changing the ARP that its host sends, and tells it anew, unasked, when that port
is no longer the right one. Source: Linux 6.12 bond_alb.c, section rlb; bonding.rst: balance-alb.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Final

from pybondd.balance.capacity import speed_of
from pybondd.balance.clients import Client, ClientTable
from pybondd.effects import SendFrame
from pybondd.port import Port
from pybondd.state import BalanceFollows, BondState
from pybondd.units import Instant
from pybondd.wire import ethertypes
from pybondd.wire.arp import Arp, ArpOperation, build_arp
from pybondd.wire.ethernet import (
    BROADCAST,
    EthernetHeader,
    build_header,
    is_valid_unicast,
    with_tags,
)

UPDATE_DELAY_TICKS: Final = 20
"""Linux 6.12 bond_alb.h RLB_UPDATE_DELAY: two seconds between rounds, and after a request of ours,
so that what it taught the clients is over when they are told again."""
UPDATE_RETRIES: Final = 3
"""Linux 6.12 bond_alb.h RLB_UPDATE_RETRY: more rounds after a failure or a new address."""
UPDATE_BURST: Final = 2
"""Linux 6.12 bond_alb.h RLB_ARP_BURST_SIZE: equal frames per client and round."""


@dataclass(slots=True)
class ArpTally:
    """What was done with ARP, in packets; `purged` and `replaced` are clients.

    `lost` came in and was never read, since there was too much of it.
    """

    replies: int = 0
    requests: int = 0
    untouched: int = 0
    received: int = 0
    lost: int = 0
    malformed_from_host: int = 0
    malformed_from_port: int = 0
    updates: int = 0
    purged: int = 0
    replaced: int = 0


class ReceiveBalance:
    """The clients, and who of them is to be told.

    `is_update_due`: some client is. `delay` counts ticks to the next round, only while an update is
    due; so it stands still in between, as in Linux. `retries` are rounds that follow the next one.
    `last_port` was handed out last. `must_deal`: the clients are to be dealt out anew.
    """

    def __init__(self) -> None:
        self.clients = ClientTable()
        self.tally = ArpTally()
        self.is_update_due = False
        self.delay = 0
        self.retries = 0
        self.last_port: Port | None = None
        self.must_deal = False

    # -- ARP

    def from_host(
        self, state: BondState, arp: Arp, tci: int, *, now: Instant
    ) -> tuple[Port | None, Arp]:
        """The port for an ARP of our host and the ARP to send; no port: by the active one.

        What is not the bond's own ARP stays as it is: it comes from a bridged host, or from a
        bridge, which answers for others too.
        """
        is_ours = any(port.mac == arp.sender_mac for port in state.ports)
        if not is_ours or is_on_bridge(state, arp.sender_ip):
            self.tally.untouched += 1
            return None, arp
        if arp.operation == ArpOperation.REPLY:
            self.tally.replies += 1
            port = self._port_for(state, arp, tci, now=now)
            return port, replace(arp, sender_mac=port.mac) if port else arp
        if arp.operation == ArpOperation.REQUEST:
            self.tally.requests += 1
            port = self._port_for(state, arp, tci, now=now)
            self.delay = UPDATE_DELAY_TICKS
            self._undo_request(state, arp.sender_ip)
            return port, arp
        self.tally.untouched += 1
        return None, arp

    def from_port(self, state: BondState, arp: Arp, *, now: Instant) -> None:
        """An ARP came in, by whatever port.

        A sender that has one of our addresses and another MAC owns that address now: we must not
        go on telling clients that it is here. A reply tells a client's MAC.
        """
        self.tally.received += 1
        if not _is_echo(state, arp):
            self._purge(arp)
        if arp.operation == ArpOperation.REPLY:
            self._hear_reply(arp, now=now)

    def _purge(self, arp: Arp) -> None:
        for client in list(self.clients.walk()):
            if client.our_ip == arp.sender_ip and client.our_mac != arp.sender_mac:
                self.clients.remove(client)
                self.tally.purged += 1

    def _hear_reply(self, arp: Arp, *, now: Instant) -> None:
        client = self.clients.at(arp.sender_ip)
        if client is None or not client.is_between(arp.target_ip, arp.sender_ip):
            return
        client.last_arp_at = now
        if client.mac != arp.sender_mac:
            client.mac = arp.sender_mac
            self._must_tell(client)

    def _port_for(self, state: BondState, arp: Arp, tci: int, *, now: Instant) -> Port | None:
        """The port of this pair of addresses, a new one if it has none; None: no port can send."""
        client = self.clients.at(arp.target_ip)
        if client and client.is_between(arp.sender_ip, arp.target_ip):
            client.last_arp_at = now
            if _tells_target(state, arp):
                client.mac = arp.target_mac
            client.our_mac = arp.sender_mac
            if client.port:
                return client.port
        elif client:
            self._make_room(state, client)
        port = self.next_port(state)
        if port:
            newcomer = Client(
                our_ip=arp.sender_ip,
                ip=arp.target_ip,
                our_mac=arp.sender_mac,
                mac=arp.target_mac,
                port=port,
                tci=tci,
                met_at=now,
                last_arp_at=now,
            )
            self.clients.put(newcomer)
            if newcomer.can_be_told:
                self._must_tell(newcomer)
        return port

    def _make_room(self, state: BondState, client: Client) -> None:
        """Another client needs this one's place: leave it with the address that is always right."""
        self.tally.replaced += 1
        if state.active and client.port is not state.active:
            client.port = state.active
            self._tell(state, client)

    def _undo_request(self, state: BondState, our_ip: bytes) -> None:
        """Whoever hears our request believes the active port's address; correct that later."""
        for client in self.clients.walk():
            is_elsewhere = client.port is not None and client.port.mac != state.mac
            if client.our_ip == our_ip and is_elsewhere and client.can_be_told:
                self._must_tell(client)

    # -- ports

    def next_port(self, state: BondState) -> Port | None:
        """Take turns among the fastest ports that can transmit; None if no port can."""
        port = self.whose_turn(state)
        self.last_port = port or self.last_port
        return port

    def whose_turn(self, state: BondState) -> Port | None:
        """The port that a new client would get, without giving it out."""
        return next(iter(self._in_turn(state)), None)

    def _in_turn(self, state: BondState) -> list[Port]:
        """The fastest ports that can transmit, the next one first."""
        usable = [port for port in state.ports if port.can_transmit]
        turn = usable.index(self.last_port) + 1 if self.last_port in usable else 0
        best_mbps = max(map(speed_of, usable), default=0)
        return [port for port in usable[turn:] + usable[:turn] if speed_of(port) == best_mbps]

    def _with_ports(
        self, state: BondState, clients: Iterable[Client]
    ) -> Iterator[tuple[Client, Port | None]]:
        """Each client with the port whose turn it is then; None: no port can transmit."""
        for client, port in zip(clients, cycle(self._in_turn(state) or [None]), strict=False):
            self.last_port = port or self.last_port
            yield client, port

    def port_lost(self, state: BondState, port: Port) -> None:
        """Give the clients of a port to others."""
        losers = [client for client in self.clients.walk() if client.port is port]
        for client, other in self._with_ports(state, losers):
            client.port = other
            if client.port and client.can_be_told:
                self._must_tell(client)
                self.retries = UPDATE_RETRIES

    def port_has_new_mac(self, port: Port) -> None:
        """Let the clients of this port know of its new address."""
        for client in self.clients.walk():
            if client.port is port and client.can_be_told:
                self._must_tell(client)
                self.retries = UPDATE_RETRIES

    def vlan_gone(self, tci: int) -> None:
        """Forget the clients that we met in this VLAN; a priority in the tag hides them, as in
        Linux."""
        for client in list(self.clients.walk()):
            if client.tci == tci:
                self.clients.remove(client)

    def forget(self) -> None:
        """Begin with an empty table, as Linux does when the bond is set up; counters go on."""
        self.clients.clear()

    # -- ticks

    def tick(self, state: BondState) -> None:
        """A tenth of a second has passed."""
        if self.must_deal:
            self.must_deal = False
            self._deal(state)
        if not self.is_update_due:
            return
        if self.delay:
            self.delay -= 1
            return
        self._tell_all(state)
        self.delay = UPDATE_DELAY_TICKS
        if self.retries:
            self.retries -= 1
        else:
            self.is_update_due = False

    def _deal(self, state: BondState) -> None:
        for client, port in self._with_ports(state, self.clients.walk()):
            if port and port is not client.port:
                client.port = port
                if any(client.mac):
                    self._must_tell(client)

    def _must_tell(self, client: Client) -> None:
        client.needs_update = self.is_update_due = True

    def _tell_all(self, state: BondState) -> None:
        for client in self.clients.walk():
            if client.needs_update:
                self._tell(state, client)
                client.needs_update = self.retries > 0

    def _tell(self, state: BondState, client: Client) -> None:
        if client.port and client.can_be_told:
            for _ in range(UPDATE_BURST):
                state.ask(SendFrame(client.port.ifindex, update_frame(client, client.port)))
            self.tally.updates += 1


def update_frame(client: Client, port: Port) -> bytes:
    """The reply that nobody asked for: our address is at this port's MAC. 42 octets, or 46."""
    arp = Arp(ArpOperation.REPLY, port.mac, client.our_ip, client.mac, client.ip)
    frame = build_header(EthernetHeader(client.mac, port.mac, ethertypes.ARP)) + build_arp(arp)
    return with_tags(frame, ((ethertypes.VLAN, client.tci),) if client.tci else ())


def _is_echo(state: BondState, arp: Arp) -> bool:
    """Did a switch give us back what we sent?

    Linux differs: it compares with the address that the host had when it met a client. After a new
    address of the bond its own broadcast, coming back by another port, makes it forget everybody.
    """
    if state.options.alb_follows == BalanceFollows.LINUX:
        return False
    return arp.sender_mac == state.mac or any(port.mac == arp.sender_mac for port in state.ports)


def _tells_target(state: BondState, arp: Arp) -> bool:
    """Does an ARP of ours say which MAC the client has? A request carries none.

    Linux differs: it notes that there is none, and tells the client nothing until it answers; if
    the answer is lost and the client's port as well, the client is not told of that.
    """
    if state.options.alb_follows == BalanceFollows.LINUX:
        return arp.target_mac != BROADCAST
    return is_valid_unicast(arp.target_mac)


def is_on_bridge(state: BondState, ip: bytes) -> bool:
    """Whether a bridge above the bond has this address, and so answers for others too."""
    return any(above.is_bridge and ip in above.ipv4 for above in state.interfaces)
