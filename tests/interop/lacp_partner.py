"""An LACP partner and nothing else: it negotiates, and what else comes in is the kernel's affair.

It leaves the machine's time to the bond under test, where a second bond would take half of it.
"""

import select
import threading
import time

from pybondd.bond import Bond
from pybondd.effects import SendFrame
from pybondd.events import BondOpened, OptionWritten, PortFrame, PortOffered, PortReady
from pybondd.linux.errors import LinuxError
from pybondd.linux.netlink import Route
from pybondd.linux.own_socket import OwnSocket
from pybondd.port import Duplex, LinkFacts
from pybondd.units import SECOND_NS

UP = LinkFacts(is_up=True, has_carrier=True, speed_mbps=10_000, duplex=Duplex.FULL)
DOWN = LinkFacts(is_up=False)
MAX_WAIT_S = 0.1


class LacpPartner:
    """A system with fast LACPDUs on these interfaces of the namespace we are in, until closed.

    `heard` are the moments at which LACPDUs came in, per interface name.
    """

    def __init__(self, *names):
        self._bond = Bond("partner", mac=bytes.fromhex("02000000dd00"))
        self._sockets, self._names = {}, {}
        self.heard = {name: [] for name in names}
        self._handle(OptionWritten("mode", "802.3ad"))
        self._handle(OptionWritten("lacp_rate", "fast"))
        with Route() as route:
            for name in names:
                self._join(route.interface(name))
        self._handle(BondOpened())
        self._is_wanted = True
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self):
        self._is_wanted = False
        self._thread.join()
        for each in self._sockets.values():
            each.close()

    @property
    def counters(self):
        """LACP counters per interface name."""
        return {port.name: port.counters for port in self._bond.mode.lacp.ports}

    def _join(self, interface):
        self._sockets[interface.ifindex] = OwnSocket(interface.ifindex)
        self._names[interface.ifindex] = interface.name
        offer = PortOffered(interface.ifindex, interface.name, interface.mac, 1500, DOWN)
        for event in (offer, PortReady(interface.ifindex, UP)):
            self._handle(event)

    def _run(self):
        while self._is_wanted:
            wait_ns = self._bond.next_deadline()[0] - time.monotonic_ns()
            wait_s = min(MAX_WAIT_S, max(0, wait_ns / SECOND_NS))
            for ready in select.select(list(self._sockets.values()), (), (), wait_s)[0]:
                self._hear(ready)
            self._do(self._bond.advance(now=time.monotonic_ns()))

    def _hear(self, ready):
        while frame := ready.receive():
            self.heard[self._names[ready.ifindex]].append(time.monotonic())
            self._handle(PortFrame(ready.ifindex, frame))

    def _handle(self, event):
        self._do(self._bond.handle(event, now=time.monotonic_ns()))

    def _do(self, effects):
        for effect in effects:
            if isinstance(effect, SendFrame):
                try:
                    self._sockets[effect.ifindex].send(effect.frame)
                except LinuxError:
                    continue  # The cable is cut, or the other end is not up yet.
