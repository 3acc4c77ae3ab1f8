"""balance-tlb and balance-alb through long random histories: what must hold after each step.

The last one is what the default, alb_follows=mended, promises over Linux: when all is quiet, no
client is left with an address that its port does not have.
"""

from random import Random

import pytest
from alb_bonds import MS, client_ip, client_mac, hear, reply_to, request_for, shown
from bonds import CUT, SET_DOWN, UP, bond_with, frames, mac_of, write

from pybondd.effects import Refuse, SetPortMac
from pybondd.events import (
    BondClosed,
    BondMacChanged,
    BondOpened,
    HostFrame,
    HostFrames,
    LinkChanged,
    PortOffered,
    PortReady,
    PortReleased,
)
from pybondd.units import SECOND_NS
from pybondd.wire.arp import Arp, ArpOperation, build_arp
from pybondd.wire.ethernet import BROADCAST

STEPS = 120
PORTS = range(1, 6)
CLIENTS = range(1, 30)
QUIET_S = 30


class History:
    """A bond, what it asked of its ports, and what its clients believe."""

    def __init__(self, mode, seed):
        self.random = Random(seed)
        self.now = 0
        self.bond = bond_with(mode, 1, 2, 3)
        self.wired = {port.ifindex: port.mac for port in self.bond.state.ports}
        self.believed = {}

    def handle(self, event):
        return self._look(self.bond.handle(event, now=self.now))

    def pass_time(self, duration_ns):
        until = self.now + duration_ns
        while (upcoming := self.bond.next_deadline()) and upcoming[0] <= until:
            self.now = max(self.now, upcoming[0])
            self._look(self.bond.advance(now=self.now))
        self.now = until

    def _look(self, effects):
        for effect in effects:
            if isinstance(effect, SetPortMac):
                self.wired[effect.ifindex] = effect.mac
        for _, frame in frames(effects):
            if frame[12:14] == b"\x08\x06":
                arp = shown(frame)
                if frame[0:6] == BROADCAST:
                    self.believed = dict.fromkeys(self.believed, arp.sender_mac)
                self.believed[arp.target_ip] = arp.sender_mac
        return effects

    def step(self):
        for_clients = [self._answer, self._answer, self._answer, self._ask, self._heard]
        for_ports = [self._cut, self._repair, self._release, self._join, self._choose]
        self.random.choice([*for_clients, *for_ports, self._give_mac, self._reopen])()
        self.pass_time(self.random.choice((0, 10, 150, 1000, 5000)) * MS)

    def _some_port(self):
        return self.random.choice(PORTS)

    def _cut(self):
        self.handle(LinkChanged(self._some_port(), CUT))

    def _repair(self):
        self.handle(LinkChanged(self._some_port(), UP))

    def _release(self):
        self.handle(PortReleased(self._some_port()))

    def _join(self):
        ifindex = self._some_port()
        mac = mac_of(self.random.choice((ifindex, ifindex, self._some_port())))
        effects = self.handle(PortOffered(ifindex, f"eth{ifindex}", mac, 1500, SET_DOWN))
        if not any(isinstance(effect, Refuse) for effect in effects):
            self.wired[ifindex] = next(
                (e.mac for e in effects if isinstance(e, SetPortMac) and e.ifindex == ifindex), mac
            )
            self.handle(PortReady(ifindex, self.random.choice((UP, UP, CUT))))

    def _answer(self):
        self.handle(HostFrames((HostFrame(reply_to(self.bond, self.random.choice(CLIENTS))),)))

    def _ask(self):
        number = self.random.choice(CLIENTS)
        self.handle(HostFrames((HostFrame(request_for(self.bond, client_ip(number))),)))
        ours = bytes([10, 0, 0, 1])
        answer = Arp(
            ArpOperation.REPLY, client_mac(number), client_ip(number), self.bond.state.mac, ours
        )
        head = self.bond.state.mac + client_mac(number) + b"\x08\x06"
        hear(self.bond, self._some_port(), head + build_arp(answer), now_ms=self.now // MS)

    def _heard(self):
        junk = self.random.randbytes(self.random.randrange(40))
        hear(self.bond, self._some_port(), BROADCAST + mac_of(9) + b"\x08\x06" + junk)

    def _give_mac(self):
        mac = self.random.choice((mac_of(0x77), mac_of(self._some_port()), bytes(6)))
        self.handle(BondMacChanged(mac))

    def _choose(self):
        write(self.bond, "lp_interval", str(self.random.choice((1, 3))), now=self.now)
        self._look(write(self.bond, "active_slave", f"eth{self._some_port()}", now=self.now))

    def _reopen(self):
        if self.random.random() < 0.2:
            self.handle(BondClosed())
            self.handle(BondOpened())
            self.believed.clear()


def check(history):
    bond = history.bond
    state = bond.state
    macs = [port.mac for port in state.ports]
    assert len(set(macs)) == len(macs), "two ports have one address"
    assert state.active is None or state.active.mac == state.mac, "the active port's address"
    assert all(history.wired[port.ifindex] == port.mac for port in state.ports), "not as asked"
    members = set(map(id, state.ports))
    owners = {id(bucket.port) for bucket in bond.mode.transmit.buckets if bucket.port}
    assert owners <= members, "a bucket of a port that left"
    if hasattr(bond.mode, "receive"):
        clients = list(bond.mode.receive.clients.walk())
        assert {id(client.port) for client in clients if client.port} <= members
        assert bond.mode.stand_in.port in (None, state.active), "who stands in is not active"
        stands_in = [port for port in state.ports if port.stands_in]
        assert stands_in == ([bond.mode.stand_in.port] if bond.mode.stand_in.port else [])


@pytest.mark.parametrize("mode", ["balance-tlb", "balance-alb"])
@pytest.mark.parametrize("seed", range(30))
def test_addresses_stay_distinct_and_the_active_port_has_the_bonds(mode, seed):
    history = History(mode, seed)
    for _ in range(STEPS):
        history.step()
        check(history)


@pytest.mark.parametrize("seed", range(30))
def test_when_all_is_quiet_every_client_believes_the_address_of_its_port(seed):
    history = History("balance-alb", seed)
    for _ in range(STEPS):
        history.step()
    # In Linux the clients of the next active port would be lost now.
    if history.bond.state.active:
        history.handle(PortReleased(history.bond.state.active.ifindex))
    history.pass_time(QUIET_S * SECOND_NS)
    for client in history.bond.mode.receive.clients.walk():
        if client.port and client.can_be_told:
            assert history.believed[client.ip] == client.port.mac
