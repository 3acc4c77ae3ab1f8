"""Carry out what the bond asks of Linux, writing down first what it changes."""

import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pybondd import effects
from pybondd.effects import Effect, Hears
from pybondd.forwarding import ForwardingTable
from pybondd.linux.claim import claim
from pybondd.linux.errors import LinuxError, asking
from pybondd.linux.ethtool import Ethtool
from pybondd.linux.interface import Interface
from pybondd.linux.isolation import Isolation, Kind, isolate
from pybondd.linux.journal import Journal
from pybondd.linux.netlink import Route
from pybondd.linux.own_socket import OwnSocket
from pybondd.linux.packet_socket import PortSocket
from pybondd.linux.recovery import Restored, restore
from pybondd.linux.rtnetlink import is_gone
from pybondd.linux.socket_filter import ALL_BUT_LACP
from pybondd.linux.tap import Tap
from pybondd.port import Duplex
from pybondd.wire.ethernet import LOCAL_BIT

_NO_GENERATION = 1
"""IN6_ADDR_GEN_MODE_NONE."""


class Pump(Protocol):
    """The data plane, as far as the executor needs it."""

    def add_port(self, ifindex: int, fd: int) -> None:
        """Read from and write to this packet socket."""

    def remove_port(self, ifindex: int) -> None:
        """Never touch its socket again."""

    def publish(self, table: ForwardingTable) -> None:
        """Forward by this table from now on."""


class Ears(Protocol):
    """Whoever wants to know what comes in for the bond itself."""

    def listen(self, to: OwnSocket) -> None:
        """Read from this socket."""

    def ignore(self, ifindex: int) -> None:
        """Never touch the socket of this interface again. Unknown: nothing."""


@dataclass(slots=True)
class _Held:
    """What this process holds of one port; all of it goes away with the process."""

    mark: socket.socket
    isolation: Isolation | None = None
    port_socket: PortSocket | None = None
    own_socket: OwnSocket | None = None


class Executor:
    """The hands of one bond. Blocking, but nothing here waits for anything but the kernel.

    A port is in the journal from its first change until `settle` gives it back. After a command or
    an event: execute the effects, then call `settle`, which restores each port that is not attached
    any more (or never came to be).
    """

    def __init__(
        self,
        *,
        route: Route,
        tap: Tap,
        pump: Pump,
        journal: Journal,
        ethtool: Ethtool,
        ears: Ears | None = None,
        isolation: Kind | None = None,
    ) -> None:
        """`isolation` asks for one way of making the host deaf; None takes the best there is."""
        self._ears = ears
        self._route = route
        self._tap = tap
        self._pump = pump
        self._journal = journal
        self._ethtool = ethtool
        self._kind = isolation
        self._held: dict[int, _Held] = {}
        self._given_up: set[int] = set()
        self.last_error: LinuxError | None = None
        """Why the last effect that failed did, in words."""
        journal.open()

    def prepare(self, ifindex: int) -> Interface:
        """Claim an interface and bring it down, as the bond wants it offered; returns it then.

        Raises LinuxError, EBUSY when another pybondd has it. `settle` undoes this unless the port
        gets attached.
        """
        self._hold(ifindex)
        before = self._route.interface(ifindex)
        if before.is_up:
            self._route.set_up(ifindex, False)
        return self._route.interface(ifindex)

    def changes_mac_while_up(self, ifindex: int) -> bool:
        """Whether the driver of a port that is up gives it another address: tried, and undone.

        Linux tells nobody which drivers do (IFF_LIVE_ADDR_CHANGE). `last_error` says why not.
        """
        try:
            mac = self._route.interface(ifindex).mac
            self._set_port_mac(ifindex, bytes((mac[0] ^ LOCAL_BIT, *mac[1:])))
            self._set_port_mac(ifindex, mac)
        except LinuxError as error:
            self.last_error = error
            return False
        return True

    def execute(self, effect: Effect) -> int:
        """Do it: 0, or the errno of the refusal. Report and Refuse are not for Linux."""
        try:
            self._deed(effect)()
        except LinuxError as error:
            self.last_error = error
            return error.errno or errno.EIO
        return 0

    def settle(self) -> tuple[Restored, ...]:
        """Give back every port that is not attached; says what was done."""
        idle = [before for before in self._journal if not self._is_attached(before.ifindex)]
        return tuple(
            self._give_back(each.ifindex) for each in idle if not self._has_failed(each.ifindex)
        )

    def close(self) -> tuple[Restored, ...]:
        """Give everything back and remove the journal (it stays if something failed)."""
        for ifindex in list(self._held):
            self._detach(ifindex)
        self._given_up.clear()
        restored = self.settle()
        if not any(each.failed for each in restored):
            self._journal.remove()
        return restored

    def isolation_of(self, ifindex: int) -> str:
        """How the host is made deaf to this port: "tcx", "clsact", or "" if it is not."""
        held = self._held.get(ifindex)
        return held.isolation.kind if held and held.isolation else ""

    def _deed(self, effect: Effect) -> Callable[[], None]:
        match effect:
            case effects.SendFrame(ifindex, frame, offload):
                return lambda: self._send(ifindex, frame, offload)
            case effects.PublishTable(table):
                return lambda: self._pump.publish(table)
            case effects.SetCarrier(is_up):
                return lambda: self._tap.set_carrier(is_up)
            case effects.SetBondMac(mac):
                return lambda: self._route.set_mac(self._tap.ifindex, mac)
            case effects.SetBondMtu(mtu):
                return lambda: self._route.set_mtu(self._tap.ifindex, mtu)
            case effects.SetBondSpeed(speed_mbps, duplex):
                return lambda: self._set_bond_speed(speed_mbps, duplex)
            case effects.Report() | effects.Refuse():
                raise AssertionError("words are not for Linux")
            case _:
                return self._port_deed(effect)

    def _port_deed(self, effect: Effect) -> Callable[[], None]:
        match effect:
            case effects.AttachPort(ifindex, hears):
                return lambda: self._attach(ifindex, hears)
            case effects.HearPort(ifindex, hears):
                return lambda: self._hear(ifindex, hears)
            case effects.DetachPort(ifindex):
                return lambda: self._detach(ifindex)
            case effects.SetPortUp(ifindex, is_up):
                return lambda: self._change(ifindex, lambda: self._route.set_up(ifindex, is_up))
            case effects.SetPortMac(ifindex, mac):
                return lambda: self._set_port_mac(ifindex, mac)
            case effects.SetPortMtu(ifindex, mtu):
                return lambda: self._change(ifindex, lambda: self._route.set_mtu(ifindex, mtu))
            case effects.SetPortPromiscuous(ifindex, is_promiscuous):
                return lambda: self._socket(ifindex).set_promiscuous(is_promiscuous)
        raise AssertionError(f"unknown effect {effect}")

    def _attach(self, ifindex: int, hears: Hears) -> None:
        held = self._hold(ifindex)
        assert held.port_socket is None, "the port is attached already"
        if self._route.interface(ifindex).ipv6_generation not in (None, _NO_GENERATION):
            self._route.set_ipv6_generation(ifindex, _NO_GENERATION)
        if held.isolation is None:
            held.isolation = isolate(
                self._route,
                ifindex,
                note=lambda had_qdisc: self._journal.note_filter(ifindex, had_qdisc=had_qdisc),
                kind=self._kind,
            )
        self._hear(ifindex, hears)
        held.port_socket = PortSocket(ifindex, ALL_BUT_LACP if hears is Hears.LACP else None)
        self._pump.add_port(ifindex, held.port_socket.fileno())

    def _hear(self, ifindex: int, hears: Hears) -> None:
        held = self._held[ifindex]
        self._stop_hearing(ifindex, held)
        if hears is not Hears.NOTHING:
            held.own_socket = OwnSocket(ifindex, hears)
            if self._ears is not None:
                self._ears.listen(held.own_socket)

    def _stop_hearing(self, ifindex: int, held: _Held) -> None:
        if held.own_socket is not None:
            if self._ears is not None:
                self._ears.ignore(ifindex)
            held.own_socket.close()
            held.own_socket = None

    def _detach(self, ifindex: int) -> None:
        """Stop hearing and sending. The host stays deaf to the port until it is given back."""
        held = self._held.get(ifindex)
        if held is None:
            return
        self._stop_hearing(ifindex, held)
        if held.port_socket is not None:
            self._pump.remove_port(ifindex)
            held.port_socket.close()
            held.port_socket = None

    def _send(self, ifindex: int, frame: bytes, offload: bytes) -> None:
        """Our own by the socket that waits for no data, where the port has one."""
        held = self._held.get(ifindex)
        if offload:
            self._socket(ifindex).send(frame, offload)
        elif held and held.own_socket:
            held.own_socket.send(frame)
        else:
            self._socket(ifindex).send(frame)

    def _set_port_mac(self, ifindex: int, mac: bytes) -> None:
        self._hold(ifindex)
        self._journal.note_mac(ifindex, mac)
        self._route.set_mac(ifindex, mac)

    def _change(self, ifindex: int, deed: Callable[[], None]) -> None:
        self._hold(ifindex)
        deed()

    def _set_bond_speed(self, speed_mbps: int | None, duplex: Duplex | None) -> None:
        with asking("find the name of the bond interface"):
            name = socket.if_indextoname(self._tap.ifindex)
        self._ethtool.set_speed(name, speed_mbps, duplex)

    def _hold(self, ifindex: int) -> _Held:
        """Claim a port and write down how it is, unless that is done."""
        if ifindex not in self._held:
            interface = self._route.interface(ifindex)
            mark = claim(ifindex)
            try:
                self._journal.note(interface)
            except LinuxError:
                mark.close()
                raise
            self._held[ifindex] = _Held(mark)
        return self._held[ifindex]

    def _give_back(self, ifindex: int) -> Restored:
        held = self._held.pop(ifindex, None)
        before = next(each for each in self._journal if each.ifindex == ifindex)
        if held and held.isolation and held.isolation.kind == "tcx":
            self._quieten(ifindex)
            held.isolation.undo()
        restored = restore(self._route, before)
        if held:
            held.mark.close()
        if restored.failed:
            self._given_up.add(ifindex)
        else:
            self._journal.drop(ifindex)
        return restored

    def _quieten(self, ifindex: int) -> None:
        """Down first, or the host would hear the bond's frames for a moment."""
        try:
            self._route.set_up(ifindex, False)
        except LinuxError as error:
            if not is_gone(error):
                self.last_error = error

    def _is_attached(self, ifindex: int) -> bool:
        held = self._held.get(ifindex)
        return held is not None and held.port_socket is not None

    def _has_failed(self, ifindex: int) -> bool:
        return ifindex in self._given_up

    def _socket(self, ifindex: int) -> PortSocket:
        held = self._held.get(ifindex)
        if held is None or held.port_socket is None:
            raise LinuxError(errno.ENODEV, f"use the packet socket of interface {ifindex}")
        return held.port_socket
