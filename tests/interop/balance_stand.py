"""A bond of modes 5 and 6 with a Linux bridge as its switch, and clients behind that.

host          switch (peer)          clients
eth0 ─────── p0 ┐        ┌ c1 ─────── eth0
eth1 ─────── p1 ┴── br0 ─┼ c2 ─────── eth0
                         └ c3 ─────── eth0
"""

import json

from bonded import HOST, BondedHost

CLIENTS = ("10.9.0.11", "10.9.0.12", "10.9.0.13")


class BalanceStand(BondedHost):
    """Three clients that know nothing of bonds; `clients` are their namespaces by address."""

    def __init__(self, yard, run_directory):
        super().__init__(yard, run_directory)
        self.clients = {address: yard.namespace() for address in CLIENTS}
        self.switch = self.peer
        self.switch.ip("link add br0 type bridge")
        for number, (address, client) in enumerate(self.clients.items(), 1):
            yard.cable(self.switch, f"c{number}", client, "eth0")
            client.ip(f"addr add {address}/24 dev eth0")
        for name in ("p0", "p1", "c1", "c2", "c3"):
            self.switch.ip(f"link set {name} master br0")
        self.switch.ip("link set br0 up")

    def cut(self, port):
        """Pull the plug at the switch."""
        self.switch.ip(f"link set {port.replace('eth', 'p')} down")

    def repair(self, port):
        """Put it in again."""
        self.switch.ip(f"link set {port.replace('eth', 'p')} up")

    def macs(self):
        """The MAC address of each port, by name."""
        links = json.loads(self.host.run("ip", "-j", "link"))
        return {link["ifname"]: link["address"] for link in links if link["ifname"][:3] == "eth"}

    def mac_known_to(self, address):
        """Where this client sends to: what its neighbour table says of the bond, or None."""
        words = ("ip", "-j", "neigh", "show", HOST, "dev", "eth0")
        entries = json.loads(self.clients[address].run(*words))
        return next((entry.get("lladdr") for entry in entries), None)

    def port_known_to(self, address):
        """The name of the port that has this MAC address now; None if none has."""
        known = self.mac_known_to(address)
        return next((name for name, mac in self.macs().items() if mac == known), None)

    def ports_known(self):
        """By client, the port that it sends to."""
        return {address: self.port_known_to(address) for address in CLIENTS}

    def active(self):
        """The active port's name."""
        return self.status()["linkinfo"]["info_data"]["active_slave"]
