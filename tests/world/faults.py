"""A random schedule: what a careless user and bad cables do to a bond, by a seed."""

import dataclasses
import errno

from cable_faults import MAX_FLAP_MS, CableFaults

from pybondd.port import Duplex

WRITES = (
    ("miimon", "100"),
    ("miimon", "50"),
    ("miimon", "-1"),
    ("updelay", "0"),
    ("updelay", "200"),
    ("updelay", "250"),
    ("downdelay", "0"),
    ("downdelay", "300"),
    ("downdelay", "junk"),
    ("peer_notif_delay", "200"),
    ("num_grat_arp", "0"),
    ("num_grat_arp", "3"),
    ("num_grat_arp", "256"),
    ("use_carrier", "0"),
    ("use_carrier", "1"),
    ("primary", "eth1"),
    ("primary", "\n"),
    ("primary", "nosuch"),
    ("primary_reselect", "always"),
    ("primary_reselect", "better"),
    ("primary_reselect", "failure"),
    ("active_slave", "eth0"),
    ("active_slave", "eth2"),
    ("active_slave", "\n"),
    ("active_slave", "nosuch"),
    ("all_slaves_active", "1"),
    ("all_slaves_active", "0"),
    ("packets_per_slave", "0"),
    ("packets_per_slave", "3"),
    ("xmit_hash_policy", "layer3+4"),
    ("resend_igmp", "2"),
    ("min_links", "2"),
    ("queue_id", "eth1:3"),
    ("queue_id", "eth0:3"),
    ("mode", "broadcast"),
    ("fail_over_mac", "active"),
)
"""Options as a user writes them, good and bad; many are refused in some modes or states."""


class Careless(CableFaults):
    """Does one random thing after the other to a scene."""

    writes = WRITES
    most_turns = 11

    def __init__(self, scene):
        self.scene = scene
        self.world = scene.world
        self.random = scene.world.random
        self.log = []

    def act(self):
        """One random deed, and a random pause after it."""
        deed = self.random.choice(self.deeds())
        self.log.append(deed.__name__)
        deed()
        self.world.observe()
        self.scene.run(self.random.choice((0, 1, 30, 99, 100, 101, 450)))

    def deeds(self):
        """All that may be done; what stands twice is done twice as often."""
        return (
            self.cut,
            self.repair,
            self.flap,
            self.mute,
            self.set_port_down,
            self.set_port_up,
            self.change_speed,
            self.write,
            self.write,
            self.write_prio,
            self.release,
            self.enslave,
            self.close,
            self.open,
            self.enslave_unfit,
            self.vanish,
            self.rename,
            self.change_mac,
            self.change_mac_in_vain,
            self.change_mtu,
            self.change_mtu_in_vain,
            self.ping,
        )

    def cable(self):
        return self.random.choice(self.scene.cables)

    def port(self):
        return self.random.choice(self.scene.ports)

    def set_port_down(self):
        port = self.port()
        if port.ifindex in self.scene.bond.attached:
            port.set_up(False)

    def set_port_up(self):
        port = self.port()
        if port.ifindex in self.scene.bond.attached:
            port.set_up(True)

    def change_speed(self):
        speed = self.random.choice((10, 1000, 10_000, None))
        self.port().set_speed(speed, Duplex.FULL if speed else None)

    def write(self):
        option, text = self.random.choice(self.writes)
        if option in ("mode", "fail_over_mac") and not self.scene.bond.attached:
            # Without ports these would be granted, and this scene be another one.
            return
        self.unchanged_if_refused(lambda: self.scene.bond.write(option, text))

    def write_prio(self):
        port, prio = self.port(), str(self.random.choice((-5, 0, 7, "x")))
        self.unchanged_if_refused(lambda: self.scene.bond.write_port(port, "prio", prio))

    def unchanged_if_refused(self, deed):
        before = self.digest()
        refusal = deed()
        if refusal is not None:
            assert self.digest() == before, f"refused, yet changed: {refusal}"

    def release(self):
        port = self.port()
        if port.ifindex in self.scene.bond.attached:
            assert self.scene.bond.release(port) is None
            assert not port.is_up

    def enslave(self):
        self.unchanged_if_refused(lambda: self.scene.bond.enslave(self.port()))

    def enslave_unfit(self):
        """The interface refuses one thing that a port must do."""
        port = self.port()
        if port.ifindex in self.scene.bond.attached:
            return
        before = (port.mac, port.mtu, port.is_up)
        thing = self.random.choice(("AttachPort", "SetPortMac", "SetPortMtu", "SetPortUp"))
        if thing == "SetPortMac" and self.scene.option("fail_over_mac") == "follow 2":
            # The swap at an election may fail too, and then nobody has the bond's address.
            return
        port.refusals[thing] = errno.EOPNOTSUPP
        refusal = self.scene.bond.enslave(port)
        port.refusals.clear()
        if refusal is not None:
            assert (port.mac, port.mtu, port.is_up) == before
            assert port.ifindex not in self.scene.bond.attached

    def vanish(self):
        """The interface is deleted; the next one of its name is new."""
        port = self.port()
        if port.ifindex not in self.scene.bond.attached:
            return
        permanent_mac = self.scene.bond.bond.state.port_by_index(port.ifindex).permanent_mac
        self.scene.bond.vanish(port)
        port.set_up(False)
        port.mac, port.mtu = permanent_mac, 1500

    def rename(self):
        """A port gets another name, and its old one back later."""
        port = self.port()
        if port.ifindex in self.scene.bond.attached:
            old = port.name
            self.scene.bond.rename(port, self.random.choice(("lan9", "eth1x")))
            self.world.observe()
            self.scene.bond.rename(port, old)

    def close(self):
        self.scene.bond.close()

    def open(self):
        self.scene.bond.open()

    def change_mac(self):
        place = self.random.randrange(256)
        self.scene.bond.give_mac(bytes((0x02, 0xAA, 0, 0, 0, place)))

    def change_mac_in_vain(self):
        """One port refuses, so none may have the new address."""
        self.in_vain("SetPortMac", self.change_mac)

    def change_mtu_in_vain(self):
        """One port refuses, so none may have the new MTU."""
        self.in_vain("SetPortMtu", self.change_mtu)

    def in_vain(self, thing, deed):
        port = self.port()
        port.refusals[thing] = errno.EBUSY
        deed()
        port.refusals.clear()

    def change_mtu(self):
        self.scene.bond.give_mtu(self.random.choice((1400, 1500, 9000)))

    def ping(self):
        self.scene.peer.stack.ping(self.scene.host.stack.ip)

    def digest(self):
        """All that a bond is, except how to take back the event before."""
        values = dataclasses.asdict(self.scene.bond.bond.state)
        return repr({k: v for k, v in values.items() if not k.endswith("_before")})

    def calm_down(self):
        """All cables in, all ports in and up, the bond open; then time for every delay."""
        self.scene.run(MAX_FLAP_MS)
        for cable in self.scene.cables:
            cable.repair()
            cable.is_mute = False
        for port in self.scene.ports:
            if port.ifindex not in self.scene.bond.attached:
                assert self.scene.bond.enslave(port) is None
            port.set_up(True)
        self.scene.bond.write("miimon", "100")
        self.scene.bond.open()
        self.scene.run(3000)
