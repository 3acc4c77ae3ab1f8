"""A bond of modes 5 and 6 with a Linux bridge as its switch, and clients behind that.

host          switch (peer)          clients
eth0 ─────── p0 ┐        ┌ c1 ─────── eth0
eth1 ─────── p1 ┴── br0 ─┼ c2 ─────── eth0
                         └ c3 ─────── eth0
"""

import json
from contextlib import contextmanager

from bonded import HOST, BondedHost
from netns import Yard, eventually

CLIENTS = ("10.9.0.11", "10.9.0.12", "10.9.0.13")
PORTS = ("eth0", "eth1")


@contextmanager
def running(run_directory, *options, is_pure=False):
    """A stand of its own whose clients have met the bond, for all tests of a file."""
    with Yard() as yard:
        stand = BalanceStand(yard, run_directory, is_pure=is_pure)
        stand.up(*options)
        stand.meet()
        yield stand
        stand.call("down", "bond0")


class BalanceStand(BondedHost):
    """Three clients that know nothing of bonds; `clients` are their namespaces by address.

    The last octets of the MAC addresses are 0 and 1 for the ports, 1 to 3 for the clients.
    """

    def __init__(self, yard, run_directory, *, is_pure=False):
        super().__init__(yard, run_directory)
        self._is_pure = is_pure
        for number, name in enumerate(PORTS):
            self.host.ip(f"link set {name} address 02:00:00:00:0e:0{number}")
        self.clients = {address: yard.namespace() for address in CLIENTS}
        self.switch = self.peer
        self.switch.ip("link add br0 type bridge")
        for number, (address, client) in enumerate(self.clients.items(), 1):
            yard.cable(self.switch, f"c{number}", client, "eth0")
            client.ip(f"link set eth0 address 02:00:00:00:0c:0{number}")
            client.ip(f"addr add {address}/24 dev eth0")
        for name in ("p0", "p1", "c1", "c2", "c3"):
            self.switch.ip(f"link set {name} master br0")
        self.switch.ip("link set br0 up")

    def environment(self, **more):
        return super().environment(PYBONDD_PURE="1" if self._is_pure else "", **more)

    def meet(self):
        """Let every client ask for the bond, so that it is dealt a port."""
        for client in self.clients.values():
            client.run("ping", "-q", "-c", "1", "-W", "2", HOST)

    def cut(self, port):
        """Pull the plug at the switch."""
        self.switch.ip(f"link set {self.far_end(port)} down")

    def wait_for_the_switch(self):
        """Let the bond use a port only when the switch does, a moment after its carrier is back.

        That is what updelay is for, and on a machine with much to do the moment can be long.
        """
        self.done("set", "bond0", "updelay=300")

    def repair(self, port):
        """Put it in again."""
        self.switch.ip(f"link set {self.far_end(port)} up")

    def far_end(self, port):
        return port.replace("eth", "p")

    def heal(self):
        """Both plugs in, and both ports in use."""
        for port in PORTS:
            self.repair(port)
        assert eventually(lambda: all(self.is_up(port) for port in PORTS))

    # -- what one can see

    def is_up(self, name):
        """Whether the bond's monitor trusts the link of this port."""
        ports = {port["ifname"]: port["pybondd"]["link"] for port in self.status()["ports"]}
        return ports[name] == "up"

    def links(self):
        """What `ip -s link` says of each port, by name."""
        links = json.loads(self.host.run("ip", "-j", "-s", "link"))
        return {link["ifname"]: link for link in links if link["ifname"] in PORTS}

    def macs(self):
        """The MAC address of each port, by name."""
        return {name: link["address"] for name, link in self.links().items()}

    def moved(self, direction, work):
        """Packets that went through each port, `rx` or `tx`, while this work was done."""
        before = self.links()
        work()
        after = self.links()
        count = lambda links, name: links[name]["stats64"][direction]["packets"]  # noqa: E731
        return {name: count(after, name) - count(before, name) for name in PORTS}

    def active(self):
        """The active port's name."""
        return self.status()["linkinfo"]["info_data"]["active_slave"]

    def other(self):
        """The name of the port that is not the active one."""
        return next(name for name in PORTS if name != self.active())

    def ports_known(self):
        """By client, the name of the port that it sends to; None if no port has that address."""
        names = {mac: name for name, mac in self.macs().items()}
        return {address: names.get(self._mac_known_to(address)) for address in CLIENTS}

    def _mac_known_to(self, address):
        """What the client's neighbour table says of the bond, or None."""
        words = ("ip", "-j", "neigh", "show", HOST, "dev", "eth0")
        entries = json.loads(self.clients[address].run(*words))
        return next((entry.get("lladdr") for entry in entries), None)

    def learned(self):
        """At which of its ends does the switch believe each address of our ports to be?"""
        entries = json.loads(self.switch.run("bridge", "-j", "fdb", "show", "br", "br0"))
        ours = self.macs().values()
        return {
            entry["mac"]: entry["ifname"]
            for entry in entries
            if entry["mac"] in ours and entry.get("state") != "permanent"
        }

    # -- TCP

    def transfer(self, address, *words):
        """Octets that one TCP stream moved from this client to the bond; `-R` the other way."""
        server = self.host.start("iperf3", "-s", "-1", "-B", HOST, stdout=-3)
        assert eventually(lambda: ":5201" in self.host.run("ss", "-ltn"))
        words = ("iperf3", "-c", HOST, "-n", "8M", "-w", "256K", "-J", *words)
        report = json.loads(self.clients[address].run(*words))
        server.wait(10)
        return report["end"]["sum_received"]["bytes"]
