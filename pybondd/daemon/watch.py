"""What does the bond have to be told of what the kernel shows?

A sighting only says where to look. The interface is read again before it is compared with the
bond's own state, because between the kernel's message and its reading the bond may have changed
that interface itself.
"""

import asyncio
from collections.abc import Callable, Iterator

from pybondd.bond import Bond
from pybondd.events import (
    BondClosed,
    BondMacChanged,
    BondMtuChanged,
    BondOpened,
    BondReceiveModeChanged,
    Event,
    HostAddressed,
    LinkChanged,
    PortMacChanged,
    PortRenamed,
    PortVanished,
)
from pybondd.linux.addresses import host_addresses, wants_promiscuous
from pybondd.linux.errors import LinuxError
from pybondd.linux.ethtool import Ethtool
from pybondd.linux.interface import Interface
from pybondd.linux.link_watch import AddressesChanged, LinkGone, LinkSeen, LinkWatch, Sighting
from pybondd.linux.netlink import Route
from pybondd.linux.rtnetlink import is_gone
from pybondd.port import LinkFacts, Port

SETTLE_S = 0.02
"""Addresses come in bursts (a DHCP client, a script): they are read once after this time, well
before a failover would announce them."""


class Watcher:
    """Compares interfaces with the bond and feeds the differences as events."""

    def __init__(
        self,
        bond: Bond,
        bond_ifindex: int,
        route: Route,
        ethtool: Ethtool,
        *,
        feed: Callable[[Event], object],
        bond_gone: Callable[[], None],
    ) -> None:
        """`bond_gone` is called when somebody deletes the bond interface."""
        self._bond = bond
        self._bond_ifindex = bond_ifindex
        self._route = route
        self._ethtool = ethtool
        self._feed = feed
        self._bond_gone = bond_gone
        self._watch = LinkWatch(self._seen)
        self._settling: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin; everything is looked at once."""
        self._watch.start(asyncio.get_running_loop())

    def close(self) -> None:
        """Look no more."""
        self._watch.close()
        if self._settling is not None:
            self._settling.cancel()

    def facts(self, interface: Interface) -> LinkFacts:
        """The link of an interface as the bond's use_carrier wants it read."""
        uses_carrier = bool(self._bond.state.options.use_carrier)
        return self._ethtool.link_facts(interface, uses_carrier=uses_carrier)

    def poll(self) -> None:
        """The backstop of the link events: look at every port whose link is not as we believe."""
        for port in list(self._bond.state.ports):
            if self._ethtool.link(port.name) is not port.facts.is_running:
                self._look_at_port(port)

    def read_addresses(self) -> None:
        """Tell the bond its addresses and groups, if they are not what it knows."""
        self._settling = None
        try:
            interfaces = host_addresses(self._route, self._bond_ifindex)
        except LinuxError:
            return  # The next sighting or the slow tick asks again.
        if interfaces != self._bond.state.interfaces:
            self._feed(HostAddressed(interfaces))
            self.look_at_bond()

    def look_at_bond(self) -> None:
        """Tell the bond what was done to its own interface."""
        interface = self._interface(self._bond_ifindex)
        if interface is None:
            self._bond_gone()
            return
        for event in _bond_differences(self._bond, interface):
            self._feed(event)

    def _seen(self, sighting: Sighting) -> None:
        match sighting:
            case LinkSeen(interface):
                self._look_at(interface.ifindex)
            case LinkGone(ifindex):
                self._gone(ifindex)
            case AddressesChanged():
                self._settle()

    def _look_at(self, ifindex: int) -> None:
        port = self._bond.state.port_by_index(ifindex)
        if port is not None:
            self._look_at_port(port)
        elif ifindex == self._bond_ifindex:
            self.look_at_bond()
            self._settle()
        else:
            self._settle()

    def _gone(self, ifindex: int) -> None:
        if ifindex == self._bond_ifindex:
            self._bond_gone()
        elif self._bond.state.port_by_index(ifindex) is not None:
            self._feed(PortVanished(ifindex))
        else:
            self._settle()

    def _look_at_port(self, port: Port) -> None:
        interface = self._interface(port.ifindex)
        if interface is None:
            self._feed(PortVanished(port.ifindex))
            return
        if interface.name != port.name:
            self._feed(PortRenamed(port.ifindex, interface.name))
        if interface.mac != port.mac:
            self._feed(PortMacChanged(port.ifindex, interface.mac))
        facts = self.facts(interface)
        if facts != port.facts:
            self._feed(LinkChanged(port.ifindex, facts))

    def _interface(self, ifindex: int) -> Interface | None:
        try:
            return self._route.interface(ifindex)
        except LinuxError as error:
            if is_gone(error):
                return None
            raise

    def _settle(self) -> None:
        if self._settling is None:
            loop = asyncio.get_running_loop()
            self._settling = loop.call_later(SETTLE_S, self.read_addresses)


def _bond_differences(bond: Bond, interface: Interface) -> Iterator[Event]:
    """What somebody else did to the bond interface, as the kernel's driver would be told."""
    state = bond.state
    if interface.mac != state.mac:
        yield BondMacChanged(interface.mac)
    if interface.mtu != state.mtu:
        yield BondMtuChanged(interface.mtu)
    if wants_promiscuous(interface, state.interfaces) != state.is_promiscuous:
        yield BondReceiveModeChanged(not state.is_promiscuous)
    if interface.is_up != state.is_open:
        yield BondOpened() if interface.is_up else BondClosed()
