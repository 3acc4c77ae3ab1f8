"""Random schedules for balance-tlb and balance-alb, with clients that ask by ARP and remember.

The rules of sim/checks.py and sim/checks_balance.py hold after every step. Once the faults stop,
every client that the bond knows is told an address that a working port has, traffic flows both ways
again, and no frame is sent twice. The clients here never doubt what ARP told them, as real ones do
after half a minute.
"""

import pytest
from balance_scenes import BalanceScene, client_ip
from faults import Careless
from scenes import BOND_IP, MIIMON_100

from pybondd.port import Duplex, Link
from pybondd.wire import ethertypes
from pybondd.wire.arp import Arp, build_arp
from pybondd.wire.ethernet import BROADCAST, EthernetHeader, build_header

SEEDS = 30
STEPS = 40
BATCH = 5
CLIENTS = 5
ALL_TOLD_S = 12
"""Four rounds of updates two seconds apart, and the wait before the first."""

WRITES = (
    ("miimon", "50"),
    ("miimon", "-1"),
    ("updelay", "0"),
    ("updelay", "200"),
    ("downdelay", "0"),
    ("downdelay", "300"),
    ("use_carrier", "0"),
    ("use_carrier", "1"),
    ("primary", "eth1"),
    ("primary", "\n"),
    ("primary_reselect", "better"),
    ("primary_reselect", "failure"),
    ("active_slave", "eth0"),
    ("active_slave", "eth2"),
    ("active_slave", "\n"),
    ("lp_interval", "1"),
    ("lp_interval", "3"),
    ("lp_interval", "0"),
    ("tlb_dynamic_lb", "0"),
    ("tlb_dynamic_lb", "1"),
    ("xmit_hash_policy", "layer2+3"),
    ("all_slaves_active", "junk"),
    ("arp_interval", "100"),
    ("fail_over_mac", "active"),
    ("resend_igmp", "2"),
)


class CarelessWithClients(Careless):
    """The same user, and clients that move, forget and lie."""

    writes = WRITES

    def deeds(self):
        impossible = {self.change_mac_in_vain, self.enslave_unfit}
        mine = (self.take_a_ports_mac, self.ask_a_client, self.move_a_client, self.forget, self.lie)
        theirs = tuple(each for each in super().deeds() if each not in impossible)
        return theirs + mine + (self.ping,) * 3

    def calm_down(self):
        """Equal speeds as well: by them the clients are dealt out."""
        for port in self.scene.ports:
            port.set_speed(10_000, Duplex.FULL)
        self.open()
        super().calm_down()
        self.scene.run(ALL_TOLD_S * 1000)

    def open(self):
        """A bond that is set up has no clients in its table, and its host announces nothing."""
        if not self.scene.bond.is_open:
            for client in self.scene.clients:
                client.stack.neighbours.clear()
        super().open()

    def client(self):
        return self.random.choice(self.scene.clients)

    def ping(self):
        self.client().stack.ping(BOND_IP)

    def ask_a_client(self):
        """The bond's host resolves a client: everybody hears the request."""
        number = self.random.randrange(len(self.scene.clients))
        self.scene.host.stack.neighbours.pop(client_ip(number), None)
        self.scene.host.stack.ping(client_ip(number))

    def move_a_client(self):
        """Its cable goes into another port of the switch."""
        client = self.client()
        self.scene.world.disconnect(client.interface.cable)
        self.scene.world.connect(client.interface, self.scene.switch.add_port())

    def forget(self):
        self.client().stack.neighbours.clear()

    def take_a_ports_mac(self):
        self.scene.bond.give_mac(self.port().mac)

    def lie(self):
        """Junk, and answers for others; not for the bond, which would be believed."""
        liar = self.client()
        packet = self.random.randbytes(self.random.randrange(40))
        if self.random.random() < 0.5:
            number = self.random.randrange(len(self.scene.clients))
            ips = (client_ip(number), bytes([10, 9, 9, 9]), client_ip(77))
            lie = Arp(
                self.random.choice((1, 2, 9)),
                liar.stack.mac,
                self.random.choice(ips[1:]),
                self.random.choice((BROADCAST, bytes(6), self.scene.bond.mac)),
                self.random.choice(ips),
            )
            packet = build_arp(lie)
        to = self.random.choice((BROADCAST, self.port().mac, self.scene.bond.mac))
        head = build_header(EthernetHeader(to, liar.stack.mac, ethertypes.ARP))
        liar.interface.send(head + packet)


def run_schedule(mode, seed, *, follows="mended"):
    options = (MIIMON_100, ("alb_follows", follows))
    scene = BalanceScene(mode, CLIENTS, seed=seed, options=options)
    scene.bond.hand_over_ns = scene.world.random.choice((0, 0, 50_000))
    user = CarelessWithClients(scene)
    scene.ping_all()
    for _ in range(STEPS):
        user.act()
    return scene, user


def deal_anew(scene):
    """A port goes and comes back, so that the clients are dealt out over all ports."""
    scene.cables[2].cut()
    scene.run(500)
    scene.cables[2].repair()
    scene.run(ALL_TOLD_S * 1000)


def assert_known_clients_were_told(scene):
    """What a client believes is the address of its port, and nobody asked again."""
    believed = scene.believed()
    ports = {client.ip: client.port.name for client in scene.bond.bond.mode.receive.clients.walk()}
    for client in scene.known_clients():
        assert believed[scene.clients.index(client)] == ports[client.stack.ip]


def assert_everything_works(scene):
    """Traffic flows both ways; strangers have asked by now, as a client does in the end."""
    assert [port.link for port in scene.state.ports] == [Link.UP] * 3
    assert scene.bond.has_carrier
    for number in range(CLIENTS):
        scene.host.stack.ping(client_ip(number))
    scene.ping_all(2)
    scene.forget_probes()
    scene.ping_all(5)
    assert scene.lost_and_doubled() == (0, 0)
    assert None not in scene.believed()


@pytest.mark.parametrize("first_seed", range(0, SEEDS, BATCH))
@pytest.mark.parametrize("mode", ["balance-tlb", "balance-alb"])
def test_no_rule_breaks_and_all_clients_are_served_again_when_the_faults_stop(mode, first_seed):
    for seed in range(first_seed, first_seed + BATCH):
        scene, user = run_schedule(mode, seed)
        user.calm_down()
        served = scene.known_clients() if mode == "balance-alb" else []
        if served:
            assert_known_clients_were_told(scene)
        for client in scene.clients:
            if client not in served:
                client.stack.neighbours.clear()
        scene.ping_all(2)
        deal_anew(scene)
        assert_everything_works(scene)
        if mode == "balance-alb":
            assert_known_clients_were_told(scene)
            fewest, *_, most = scene.spread()
            assert most - fewest <= 1, scene.believed()


@pytest.mark.parametrize("first_seed", range(0, SEEDS // 2, BATCH))
@pytest.mark.parametrize("mode", ["balance-tlb", "balance-alb"])
def test_no_rule_breaks_with_linuxs_own_ways(mode, first_seed):
    for seed in range(first_seed, first_seed + BATCH):
        scene, user = run_schedule(mode, seed, follows="linux")
        user.calm_down()
        assert [port.link for port in scene.state.ports] == [Link.UP] * 3


@pytest.mark.parametrize("mode", ["balance-tlb", "balance-alb"])
def test_the_same_seed_gives_the_same_history(mode):
    histories = []
    for _ in range(2):
        scene, user = run_schedule(mode, seed=7)
        histories.append((user.log, repr(scene.bond.effects)))
    assert histories[0] == histories[1]
