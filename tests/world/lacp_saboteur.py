"""A random schedule for LACP: what cables, users and strangers do to two or three systems, by a
seed. Every deed may come at every moment; `calm_down` mends it all.
"""

import errno

from cable_faults import MAX_FLAP_MS, CableFaults
from lacp_agreement import is_mended

from pybondd.port import Duplex
from pybondd.sim.scripted import Character, ScriptedPartner
from pybondd.units import SECOND_NS, milliseconds

LIVE_WRITES = (
    ("min_links", "0"),
    ("min_links", "2"),
    ("ad_actor_sys_prio", "100"),
    ("ad_actor_sys_prio", "65535"),
    ("ad_actor_sys_prio", "0"),
    ("ad_actor_system", "02:ad:00:00:00:01"),
    ("ad_actor_system", "00:00:00:00:00:00"),
    ("ad_actor_system", "01:00:00:00:00:01"),
    ("all_slaves_active", "1"),
    ("all_slaves_active", "0"),
    ("lacp_strict", "1"),
    ("lacp_strict", "0"),
    ("miimon", "50"),
    ("miimon", "100"),
    ("updelay", "200"),
    ("updelay", "0"),
    ("downdelay", "200"),
    ("downdelay", "0"),
    ("xmit_hash_policy", "layer3+4"),
    ("lacp_rate", "nonsense"),
)
CLOSED_WRITES = (
    ("ad_select", "stable"),
    ("ad_select", "bandwidth"),
    ("ad_select", "count"),
    ("ad_select", "actor_port_prio"),
    ("lacp_active", "off"),
    ("lacp_active", "on"),
    ("ad_user_port_key", "0"),
    ("ad_user_port_key", "1023"),
    ("coupled_control", "0"),
    ("coupled_control", "1"),
)
"""These are refused while the bond is up, and written while it is down for a moment."""

PAUSES_MS = (0, 0, 1, 30, 100, 100, 200, 300, 900, 1700)
DELAYS_NS = (10_000, 10_000, milliseconds(3), milliseconds(90), milliseconds(400))
REPLUG_BOUND_MS = 1000
"""The monitor's period (100 ms at most, and a late timer) and the longest downdelay, 200 ms."""


class Saboteur(CableFaults):
    """Does one random thing after the other to a scene."""

    def __init__(self, scene):
        self.scene = scene
        self.world = scene.world
        self.random = scene.world.random
        self.log = []
        self.was_half_duplex = set()
        self.deeds = (
            *(self.cut, self.cut, self.repair, self.flap),
            *(self.mute, self.mute, self.silence_one_way, self.make_lossy, self.make_slow),
            *(self.duplicate, self.reorder),
            *(self.miswire, self.miswire, self.swap_silently, self.loop),
            *(self.close_or_open, self.reopen, self.restart, self.kill_for_a_while),
            *(self.release, self.release, self.enslave, self.enslave, self.vanish),
            *(self.write, self.write, self.write_refused, self.write_while_closed),
            *(self.change_speed, self.change_duplex, self.set_port_down, self.set_port_up),
            *(self.change_mac, self.refuse_to_send, self.set_port_priority),
            *(self.meet_a_stranger, self.meet_a_stranger, self.inject, self.storm),
        )

    def act(self):
        """One random deed, and a random pause after it."""
        deed = self.random.choice(self.deeds)
        self.log.append(deed.__name__)
        deed()
        self.world.observe()
        self.scene.run(self.random.choice(PAUSES_MS))

    # -- whom it concerns

    def site(self):
        return self.random.choice(self.scene.sites)

    def interface(self):
        return self.random.choice(self.site().interfaces)

    def cable(self):
        return self.random.choice(self.world.cables)

    # -- cables

    def silence_one_way(self):
        cable = self.cable()
        cable.loss_from[self.random.choice((cable.a, cable.b))] = 1.0

    def make_lossy(self):
        cable = self.cable()
        cable.loss_from[self.random.choice((cable.a, cable.b))] = self.random.random()

    def make_slow(self):
        self.cable().delay_ns = self.random.choice(DELAYS_NS)

    def duplicate(self):
        self.cable().duplication = self.random.choice((0.0, 0.5, 1.0))

    def reorder(self):
        self.cable().reordering = self.random.choice((0.0, 0.5))

    def miswire(self):
        """Two cables are pulled out, and two of the four ends change places."""
        one, other = self.cable(), self.cable()
        if one is other:
            return
        ends = [one.a, one.b, other.a, other.b]
        self.random.shuffle(ends)
        self.world.disconnect(one)
        self.world.disconnect(other)
        self.world.connect(ends[0], ends[1])
        self.world.connect(ends[2], ends[3])

    def swap_silently(self):
        """As behind media converters that keep the light on: no carrier is lost."""
        one, other = self.cable(), self.cable()
        if one is not other and one.is_plugged and other.is_plugged:
            one.b, other.b = other.b, one.b
            one.b.cable, other.b.cable = one, other

    def loop(self):
        """Two ports of one bond face each other."""
        site = self.site()
        if len(site.interfaces) < 2:
            return
        near, far = self.random.sample(site.interfaces, 2)
        for end in (near, far):
            if end.cable is not None:
                self.world.disconnect(end.cable)
        self.world.connect(near, far)

    # -- bonds

    def close_or_open(self):
        bond = self.site().bond
        if bond.is_open:
            bond.close()
        else:
            bond.open()

    def reopen(self):
        bond = self.site().bond
        bond.close()
        self.world.observe()
        bond.open()

    def restart(self):
        site = self.site()
        site.kill()
        site.start()

    def kill_for_a_while(self):
        site = self.site()
        site.kill()
        self.scene.run(self.random.choice((50, 500, 4000)))
        site.start()

    def release(self):
        site, interface = self.ports_site()
        if interface:
            assert site.bond.release(interface) is None

    def vanish(self):
        site, interface = self.ports_site()
        if interface:
            port = site.bond.bond.state.port_by_index(interface.ifindex)
            site.bond.vanish(interface)
            interface.set_up(False)
            interface.mac, interface.mtu = port.permanent_mac, 1500

    def ports_site(self):
        site = self.site()
        own = [each for each in site.interfaces if site.has(each)]
        return site, self.random.choice(own) if own else None

    def enslave(self):
        site = self.site()
        free = [each for each in site.interfaces if not site.has(each)]
        if free:
            assert site.bond.enslave(self.random.choice(free)) is None

    def change_mac(self):
        self.site().bond.give_mac(bytes((0x02, 0xAA, 0, 0, 0, self.random.randrange(256))))

    # -- options

    def write(self):
        self.write_to(self.site(), *self.random.choice(LIVE_WRITES))

    def write_refused(self):
        site = self.site()
        if site.bond.is_open:
            assert site.bond.write(*self.random.choice(CLOSED_WRITES[4:])) is not None

    def write_while_closed(self):
        site = self.site()
        was_open = site.bond.is_open
        site.bond.close()
        self.write_to(site, *self.random.choice(CLOSED_WRITES))
        self.world.observe()
        if was_open:
            site.bond.open()

    def write_to(self, site, option, text):
        if site.bond.write(option, text) is None:
            site.options[option] = text

    def set_port_priority(self):
        site, interface = self.ports_site()
        if interface:
            site.bond.write_port(interface, "actor_port_prio", str(self.random.randrange(65536)))

    # -- interfaces

    def change_speed(self):
        interface = self.interface()
        interface.set_speed(self.random.choice((1000, 10_000, 1234, None)), interface.duplex)

    def change_duplex(self):
        interface = self.interface()
        interface.set_speed(interface.speed_mbps, self.random.choice((Duplex.HALF, None)))
        self.was_half_duplex.add(interface)

    def replug(self, site, interface):
        """In Linux a port that was half duplex recovers with its link only.

        And the monitor must have seen the link go: a bond that is closed has none.
        """
        interface.set_up(False)
        for _ in range(REPLUG_BOUND_MS // 100):
            self.scene.run(100)
            if not site.port(interface).member.is_link_up:
                return
        raise AssertionError(f"{interface.name}: the link that went is still trusted")

    def set_port_down(self):
        _, interface = self.ports_site()
        if interface:
            interface.set_up(False)

    def set_port_up(self):
        _, interface = self.ports_site()
        if interface:
            interface.set_up(True)

    def refuse_to_send(self):
        """The queue of an interface is full for a while."""
        interface = self.interface()
        interface.refusals["SendFrame"] = errno.ENOBUFS
        self.world.after(milliseconds(700), lambda: interface.refusals.pop("SendFrame", None))

    # -- strangers

    def meet_a_stranger(self):
        """A cable goes to somebody else, who speaks LACP in his own way."""
        interface = self.interface()
        if interface.cable is not None:
            self.world.disconnect(interface.cable)
        character = self.random.choice(tuple(Character))
        far = self.world.interface(f"x{len(self.scene.strangers)}")
        system = bytes((0x02, 0xBA, 0, 0, 0, len(self.scene.strangers)))
        stranger = ScriptedPartner(self.world, far, system=system, character=character)
        stranger.period_ns = self.random.choice((SECOND_NS // 4, SECOND_NS, 30 * SECOND_NS))
        self.scene.strangers.append(stranger)
        self.world.connect(interface, far)

    def inject(self):
        """One frame from nowhere."""
        _, interface = self.ports_site()
        if interface:
            interface.receive(self.slow_frame())

    def storm(self):
        _, interface = self.ports_site()
        for _ in range(50 if interface else 0):
            interface.receive(self.slow_frame())

    def slow_frame(self):
        head = bytes.fromhex("0180c2000002 02ba000000ff 8809")
        subtype = bytes((self.random.choice((1, 1, 1, 2, 3)), 1, self.random.choice((1, 2, 3))))
        return head + subtype + self.random.randbytes(self.random.choice((20, 106, 107, 107, 200)))

    # -- the end of all faults

    def calm_down(self):
        """Everything is plugged in, up, open and speaks; the wiring stays, if chance wills it."""
        self.scene.run(MAX_FLAP_MS)
        for stranger in self.scene.strangers:
            if stranger.interface.cable is not None:
                self.world.disconnect(stranger.interface.cable)
        if self.random.random() < 0.5:
            self.scene.wire_straight()
        for cable in self.world.cables:
            cable.repair()
            cable.is_mute, cable.loss, cable.delay_ns = False, 0.0, DELAYS_NS[0]
            cable.duplication = cable.reordering = 0.0
            cable.loss_from.clear()
        for site in self.scene.sites:
            self.calm_site(site)
        self.make_addresses_differ()
        self.world.observe()

    def make_addresses_differ(self):
        """Systems of the same address take each other's word for their own, and never agree."""
        taken = set()
        for place, site in enumerate(self.scene.sites):
            if site.lacp.address in taken:
                self.write_to(site, "ad_actor_system", f"02:ad:00:00:01:{place:02x}")
            taken.add(site.lacp.address)

    def calm_site(self, site):
        self.write_to(site, "updelay", "0")
        self.write_to(site, "downdelay", "0")
        if site.options.get("lacp_active") == "off":
            site.bond.close()
            self.write_to(site, "lacp_active", "on")
        site.bond.open()
        for interface in site.interfaces:
            interface.refusals.clear()
            if interface in self.was_half_duplex and site.has(interface) and not is_mended(site):
                self.replug(site, interface)
            interface.set_speed(10_000, Duplex.FULL)
            if not site.has(interface):
                assert site.bond.enslave(interface) is None
            interface.set_up(True)
