"""A bond in balance-tlb or balance-alb on a plain switch, and clients that know nothing of it."""

from scenes import BOND_IP, MIIMON_100, one_switch

from pybondd.sim.host import Host
from pybondd.units import milliseconds


def client_ip(number):
    return bytes([192, 0, 2, 100 + number])


class BalanceScene:
    """The scene's bond, its ports and cables, and the clients behind the same switch."""

    def __init__(self, mode, client_count, *, port_count=3, seed=0, options=(MIIMON_100,)):
        self.scene = one_switch(mode, port_count, seed=seed, options=options, is_trunk=False)
        self.world = self.scene.world
        self.switch = self.scene.switches[0]
        self.clients = [self._client(number) for number in range(client_count)]
        self.frames_by_port = {}
        self.bond.when_sending.append(self._count)

    def _client(self, number):
        client = Host(self.world, f"client{number}", client_ip(number))
        self.world.connect(client.interface, self.switch.add_port())
        return client

    def _count(self, interface, frame):
        self.frames_by_port.setdefault(interface.name, []).append(frame)

    def __getattr__(self, name):
        return getattr(self.scene, name)

    @property
    def state(self):
        return self.bond.bond.state

    def ping_all(self, count=1, interval_ms=10):
        """Every client pings the bond, `count` times, and the last answers arrive."""
        for client in self.clients:
            self.world.every(
                milliseconds(interval_ms), count, lambda stack=client.stack: stack.ping(BOND_IP)
            )
        self.run(count * interval_ms + 100)

    def lost_and_doubled(self):
        """Of all clients' pings until now."""
        stacks = [client.stack for client in self.clients]
        return sum(each.lost for each in stacks), sum(each.duplicates for each in stacks)

    def known_clients(self):
        """Those whose MAC the bond knows, so that it can tell them."""
        table = self.bond.bond.mode.receive.clients
        known = {client.ip for client in table.walk() if client.can_be_told}
        return [client for client in self.clients if client.stack.ip in known]

    def forget_probes(self):
        for client in self.clients:
            client.stack.probes.clear()

    def believed(self):
        """Which port's address does each client send to? None: that of no port that works."""
        owners = {port.mac: port.name for port in self.state.ports if port.can_transmit}
        return [owners.get(client.stack.neighbours.get(BOND_IP)) for client in self.clients]

    def spread(self):
        """How many clients send to each port, fewest first."""
        believed = self.believed()
        return sorted(believed.count(port.name) for port in self.state.ports)
