"""A bond in virtual time: who carries out what it asks, and wakes it when it wants to be woken?

The stand-in for the daemon: events go in one after the other, effects are carried out in list
order, what fails comes back as EffectFailed, and the rest of the list still runs.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from pybondd._pure import TO_BOND, Forwarder, is_arp
from pybondd.bond import Bond
from pybondd.effects import (
    AttachPort,
    DetachPort,
    Effect,
    HearPort,
    PublishTable,
    Refuse,
    Report,
    SendFrame,
    SetBondMac,
    SetBondMtu,
    SetBondSpeed,
    SetCarrier,
    SetPortMac,
    SetPortMtu,
    SetPortPromiscuous,
    SetPortUp,
)
from pybondd.events import (
    BondClosed,
    BondMacChanged,
    BondMtuChanged,
    BondOpened,
    EffectFailed,
    Event,
    HostFrame,
    HostFrames,
    LinkChanged,
    LoadMeasured,
    OptionWritten,
    PortFrame,
    PortOffered,
    PortOptionWritten,
    PortReady,
    PortReleased,
    PortRenamed,
    PortVanished,
    TargetRoute,
    TargetsRouted,
)
from pybondd.forwarding import Balances, ForwardingTable
from pybondd.port import Duplex
from pybondd.sim.interface import Interface
from pybondd.sim.listening import Listening
from pybondd.sim.world import World
from pybondd.units import Duration, Instant
from pybondd.wire.ethernet import take_tag
from pybondd.wire.slow import Malformed, is_slow_protocol, parse_slow

MAX_EVENTS_IN_A_ROW = 10_000
"""One event may cause others (a port set up changes its facts); more than this is a circle."""
CHANGES_NO_ROLE = (EffectFailed, HostFrames, PortFrame)
"""Events before which the bond need not know what the data plane knows. What failed belongs to the
event just before."""


class Upper(Protocol):
    """What stands on the bond interface."""

    def bond_received(self, frame: bytes) -> None:
        """The bond interface delivers a frame."""

    def bond_changed(self) -> None:
        """MAC, MTU or carrier of the bond interface is another now."""


class SimulatedBond:
    """A Bond, its forwarder, and the interface it shows to the host.

    `jiffy_ns` imitates a kernel's timer: it never fires on time but with the first tick after the
    deadline, so at HZ=100 a poll of 100 ms comes every 110 ms. 0 is a perfect timer. `turns` grows
    whenever something happens to the bond. `hand_over_ns`: so long a frame that the data plane
    leaves to the bond is on its way there; what follows it meanwhile comes in the same batch.
    `route` answers how the host reaches these targets of the ARP monitor.
    """

    def __init__(
        self,
        world: World,
        name: str = "bond0",
        *,
        mac: bytes = bytes.fromhex("02b000000001"),
        jiffy_ns: Duration = 0,
    ) -> None:
        self.world = world
        self.name = name
        self.jiffy_ns = jiffy_ns
        self.hand_over_ns: Duration = 0
        self.bond = Bond(name, mac=mac, seed=world.seed)
        self.bond.state.tick_ns = jiffy_ns or 1
        self.forwarder = Forwarder(world.seed)
        self.mac = mac
        self.mtu = 1500
        self.is_open = False
        self.has_carrier = False
        self.speed_mbps: int | None = None
        self.duplex: Duplex | None = None
        self.upper: Upper | None = None
        self.interfaces: dict[int, Interface] = {}
        self.attached: set[int] = set()
        self.tables: list[ForwardingTable] = []
        self.reports: list[tuple[Instant, Report]] = []
        self.effects: list[tuple[Instant, Effect]] = []
        self.sent_on_foreign_port = 0
        self.when_sending: list[Callable[[Interface, bytes], None]] = []
        self.times_opened = 0
        self.turns = 0
        self.route: Callable[[tuple[bytes, ...]], tuple[TargetRoute, ...]] = lambda _: ()
        self.released: dict[Interface, tuple[bytes, int]] = {}
        self._originals: dict[Interface, tuple[bytes, int]] = {}
        self._listening = Listening()
        self._inbox: deque[Event] = deque()
        self._left_to_bond: list[HostFrame] = []
        self._is_busy = False
        self._alarm: Instant | None = None

    # -- what a user does

    def enslave(self, interface: Interface) -> Refuse | None:
        """Offer an interface; once the bond has prepared it, its link is read and it joins.

        The answer is None or the refusal.
        """
        self.interfaces[interface.ifindex] = interface
        offer = PortOffered(
            interface.ifindex, interface.name, interface.mac, interface.mtu, interface.facts
        )
        if interface.owner is None:
            interface.owner = self
            self._originals[interface] = (interface.mac, interface.mtu)
            self.released.pop(interface, None)
        refusal = self._refusal(self.handle(offer))
        if refusal is None:
            ready = PortReady(interface.ifindex, interface.facts)
            return self._refusal(self.handle(ready))
        if interface.ifindex not in self.attached:
            self._forget(interface)
        return refusal

    def release(self, interface: Interface) -> Refuse | None:
        """Take a port out of the bond."""
        refusal = self._refusal(self.handle(PortReleased(interface.ifindex)))
        if refusal is None:
            self._forget(interface)
            self.released[interface] = self._originals[interface]
        return refusal

    def vanish(self, interface: Interface) -> None:
        """The interface is deleted under the bond's feet."""
        self.handle(PortVanished(interface.ifindex))
        self._forget(interface)

    def rename(self, interface: Interface, name: str) -> None:
        """The interface gets another name."""
        interface.name = name
        self.handle(PortRenamed(interface.ifindex, name))

    def open(self) -> None:
        """Set the bond interface up."""
        if not self.is_open:
            self.is_open = True
            self.times_opened += 1
            self.handle(BondOpened())

    def close(self) -> None:
        """Set the bond interface down."""
        if self.is_open:
            self.is_open = False
            self.handle(BondClosed())

    def write(self, option: str, text: str) -> Refuse | None:
        """Write to an option as into its sysfs file."""
        return self._refusal(self.handle(OptionWritten(option, text)))

    def write_port(self, interface: Interface, option: str, text: str) -> Refuse | None:
        """Write to a port's option."""
        return self._refusal(self.handle(PortOptionWritten(interface.ifindex, option, text)))

    def give_mac(self, mac: bytes) -> Refuse | None:
        """A user gave the bond interface another MAC address; on a refusal it has the old again."""
        before, self.mac = self.mac, mac
        refusal = self._refusal(self.handle(BondMacChanged(mac)))
        if refusal is not None:
            self.mac = before
        if self.upper is not None:
            self.upper.bond_changed()
        return refusal

    def give_mtu(self, mtu: int) -> Refuse | None:
        """A user gave the bond interface another MTU; on a refusal it has the old again."""
        before, self.mtu = self.mtu, mtu
        refusal = self._refusal(self.handle(BondMtuChanged(mtu)))
        if refusal is not None:
            self.mtu = before
        return refusal

    # -- frames

    def send_from_host(self, frame: bytes, queue: int = 0) -> tuple[int, ...]:
        """The host sends a frame into the bond interface; the answer is the ports it left by.

        TO_BOND if the bond is to send it, at once or a little later.
        """
        if not (self.is_open and self.has_carrier):
            return ()
        chosen = self.forwarder.from_host(frame, queue)
        if chosen == TO_BOND:
            self._leave_to_bond(frame)
            return chosen
        for ifindex in chosen:
            self._send(ifindex, self.forwarder.as_sent(ifindex, frame))
        return chosen

    def _leave_to_bond(self, frame: bytes) -> None:
        self._left_to_bond.append(HostFrame(frame))
        if len(self._left_to_bond) == 1:
            if self.hand_over_ns or self._is_busy:
                self.world.after(self.hand_over_ns, self._hand_over)
            else:
                self._hand_over()

    def _hand_over(self) -> None:
        waiting, self._left_to_bond = self._left_to_bond, []
        self.handle(HostFrames(tuple(waiting)))

    def frame_arrived(self, interface: Interface, frame: bytes) -> None:
        """A frame arrived on a port (Owner).

        What LACP understands is not for the host. ARP is for the host, and for balance-alb too.
        """
        if interface.ifindex not in self.attached or not self.is_open or not interface.hears(frame):
            return
        if self.bond.mode.lacp is not None and is_slow_protocol(frame):
            self.handle(PortFrame(interface.ifindex, frame))
            if not isinstance(parse_slow(frame), Malformed):
                return
        untagged, _ = take_tag(frame)
        has_monitor = self.bond.state.probing.listens_since_ns is not None
        if has_monitor and self._listening.note(interface.ifindex, untagged, now=self.world.now):
            self.handle(PortFrame(interface.ifindex, untagged))
        if self.bond.table.balances is Balances.IP and is_arp(untagged):
            self.handle(PortFrame(interface.ifindex, untagged))
        drop_reason = self.forwarder.from_port(interface.ifindex, frame)
        if drop_reason is None and self.upper is not None:
            self.upper.bond_received(self.forwarder.as_delivered(interface.ifindex, frame))

    def link_changed(self, interface: Interface) -> None:
        """A port's facts changed (Owner)."""
        if interface.ifindex in self.attached:
            self.handle(LinkChanged(interface.ifindex, interface.facts))

    # -- the loop

    def handle(self, event: Event) -> list[Effect]:
        """Let the bond know of one thing and carry out what it asks; the answer is what it asked.

        What follows from that (a failed effect, a port that was set up) is handled too. While
        effects are carried out new events wait their turn, and the answer is empty.
        """
        self._inbox.append(event)
        return [] if self._is_busy else self._work([])

    def _wake(self) -> None:
        if self._alarm == self.world.now:
            self._alarm = None
            self.tell_bond()
            if "arp" in self.bond.due(now=self.world.now):
                self._look_up_targets()
            self._work(self.bond.advance(now=self.world.now))

    def tell_bond(self) -> None:
        """Let the bond know what it would know in Linux, where the driver sends and counts."""
        heard = self._listening.take()
        if heard is not None:
            self.bond.handle(heard, now=self.world.now)
        if self.bond.table.balances is not Balances.EVERYTHING:
            self.bond.handle(LoadMeasured(*self.forwarder.take_load()), now=self.world.now)

    def _look_up_targets(self) -> None:
        options = self.bond.state.options
        targets = (*options.arp_ip_targets, *options.ns_ip6_targets)
        self.bond.handle(TargetsRouted(self.route(targets)), now=self.world.now)

    def _work(self, asked: list[Effect]) -> list[Effect]:
        self._is_busy = True
        self.turns += 1
        self._carry_out(asked)
        for _ in range(MAX_EVENTS_IN_A_ROW):
            if not self._inbox:
                break
            event = self._inbox.popleft()
            if not isinstance(event, CHANGES_NO_ROLE):
                self.tell_bond()
            effects = self.bond.handle(event, now=self.world.now)
            self._carry_out(effects)
            asked = asked + effects
        assert not self._inbox, "events cause each other in a circle"
        self._is_busy = False
        self._set_alarm()
        return asked

    def _set_alarm(self) -> None:
        upcoming = self.bond.next_deadline()
        if upcoming is None:
            self._alarm = None
            return
        instant = max(self._fires_at(upcoming[0]), self.world.now)
        if instant != self._alarm:
            self._alarm = instant
            self.world.at(instant, self._wake)

    def _fires_at(self, deadline: Instant) -> Instant:
        if not self.jiffy_ns or deadline <= self.world.now:
            return deadline
        return (deadline // self.jiffy_ns + 1) * self.jiffy_ns

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            self.effects.append((self.world.now, effect))
            errno = self._refused_by_port(effect)
            if errno:
                self._inbox.append(EffectFailed(effect, errno))
            else:
                self._execute(effect)

    def _refused_by_port(self, effect: Effect) -> int:
        interface = self.interfaces.get(getattr(effect, "ifindex", 0))
        return interface.refusals.get(type(effect).__name__, 0) if interface else 0

    def _execute(self, effect: Effect) -> None:
        match effect:
            case AttachPort(ifindex, hears):
                self.attached.add(ifindex)
                self._listening.hears[ifindex] = hears
            case HearPort(ifindex, hears):
                self._listening.hears[ifindex] = hears
            case DetachPort(ifindex):
                self.attached.discard(ifindex)
            case SetPortUp(ifindex, is_up):
                self.interfaces[ifindex].set_up(is_up)
            case SetPortMac(ifindex, mac):
                self.interfaces[ifindex].mac = mac
            case SetPortMtu(ifindex, mtu):
                self.interfaces[ifindex].mtu = mtu
            case SetPortPromiscuous(ifindex, is_promiscuous):
                self.interfaces[ifindex].is_promiscuous = is_promiscuous
            case SendFrame(ifindex, frame):
                self._send(ifindex, frame)
            case PublishTable(table):
                self.tables.append(table)
                self.forwarder.publish(table)
            case Report():
                self.reports.append((self.world.now, effect))
            case Refuse():
                pass
            case _:
                self._change_bond_interface(effect)

    def _change_bond_interface(self, effect: Effect) -> None:
        match effect:
            case SetBondMac(mac):
                self.mac = mac
            case SetBondMtu(mtu):
                self.mtu = mtu
            case SetCarrier(is_up):
                self.has_carrier = is_up
            case SetBondSpeed(speed_mbps, duplex):
                self.speed_mbps, self.duplex = speed_mbps, duplex
            case _:
                raise AssertionError(f"an effect that the simulator does not know: {effect!r}")
        if self.upper is not None:
            self.upper.bond_changed()

    def _send(self, ifindex: int, frame: bytes) -> None:
        if ifindex not in self.attached:
            self.sent_on_foreign_port += 1
            return
        for look_at in self.when_sending:
            look_at(self.interfaces[ifindex], frame)
        self.interfaces[ifindex].send(frame)

    def _forget(self, interface: Interface) -> None:
        self.interfaces.pop(interface.ifindex, None)
        interface.owner = None

    @staticmethod
    def _refusal(effects: list[Effect]) -> Refuse | None:
        return next((effect for effect in effects if isinstance(effect, Refuse)), None)
