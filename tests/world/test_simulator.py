"""The simulator itself: time, cables, switches, and a kernel's late timer."""

import itertools

import pytest
from scenes import BOND_IP, PEER_IP, one_switch

from pybondd.sim.cable import DEFAULT_DELAY_NS
from pybondd.sim.echo import Echo, EchoKind, build_echo, parse_echo
from pybondd.sim.host import Host
from pybondd.sim.switch import AGEING_NS, Switch
from pybondd.sim.world import World
from pybondd.units import SECOND_NS, milliseconds
from pybondd.wire.error import WireError


class Listener:
    def __init__(self):
        self.heard = []
        self.link_changes = 0

    def frame_arrived(self, interface, frame):
        self.heard.append(frame)

    def link_changed(self, interface):
        self.link_changes += 1


def two_ends(seed=0):
    world = World(seed)
    a, b = world.interface("a", is_up=True), world.interface("b", is_up=True)
    b.owner = Listener()
    return world, a, b, world.connect(a, b)


FRAME = bytes(60)


def test_what_is_planned_for_one_instant_happens_in_the_order_of_planning():
    world, told = World(), []
    for word in "first", "second", "third":
        world.after(5, lambda word=word: told.append(word))
    world.after(4, lambda: told.append("earlier"))
    world.run_for(5)
    assert told == ["earlier", "first", "second", "third"]


def test_time_stands_where_it_was_told_to_run_to():
    world = World()
    start = world.now
    world.run_for(SECOND_NS)
    assert world.now == start + SECOND_NS


def test_a_frame_arrives_after_the_delay_and_not_before():
    world, a, b, _ = two_ends()
    a.send(FRAME)
    world.run_for(DEFAULT_DELAY_NS - 1)
    assert b.owner.heard == []
    world.run_for(1)
    assert b.owner.heard == [FRAME]


def test_a_cut_loses_what_is_under_way_even_if_repaired_at_once():
    world, a, b, cable = two_ends()
    a.send(FRAME)
    cable.cut()
    cable.repair()
    world.run_for(SECOND_NS)
    assert b.owner.heard == []


def test_cut_and_repair_are_told_to_both_ends_once_each():
    _, _, b, cable = two_ends()
    before = b.owner.link_changes
    cable.cut()
    cable.cut()
    cable.repair()
    assert b.owner.link_changes - before == 2


def test_a_carrier_needs_both_ends_up_and_a_plugged_cable():
    _, a, b, cable = two_ends()
    assert a.facts.has_carrier
    b.set_up(False)
    assert not a.facts.has_carrier
    b.set_up(True)
    cable.cut()
    assert not a.facts.has_carrier


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [("loss", 400, 600), ("duplication", 1400, 1600), ("reordering", 1000, 1000)],
)
def test_a_faulty_cable_hits_about_the_share_it_should(fault, least, most):
    world, a, b, cable = two_ends(seed=1)
    setattr(cable, fault, 0.5)
    world.every(milliseconds(1), 1000, lambda: a.send(FRAME))
    world.run_for(2 * SECOND_NS)
    assert least <= len(b.owner.heard) <= most


def test_a_reordering_cable_changes_the_order():
    world, a, b, cable = two_ends(seed=1)
    cable.reordering = 0.5
    frames = [bytes([number]) * 60 for number in range(100)]
    for frame in frames:
        a.send(frame)
    world.run_for(SECOND_NS)
    assert b.owner.heard != frames
    assert sorted(b.owner.heard) == frames


def test_a_mute_cable_keeps_its_carrier_and_carries_nothing():
    world, a, b, cable = two_ends()
    cable.is_mute = True
    a.send(FRAME)
    world.run_for(SECOND_NS)
    assert a.facts.has_carrier
    assert b.owner.heard == []


def three_hosts():
    world = World()
    switch = Switch(world, "sw")
    hosts = [Host(world, f"h{n}", bytes((10, 0, 0, n))) for n in range(3)]
    for host in hosts:
        world.connect(host.interface, switch.add_port())
    return world, switch, hosts


def test_a_switch_learns_and_stops_flooding():
    world, switch, hosts = three_hosts()
    hosts[0].stack.ping(hosts[1].stack.ip)
    world.run_for(SECOND_NS)
    assert hosts[0].stack.lost == 0
    assert switch.flooded == 1, "the ARP request only"
    assert hosts[2].interface.received == 1


def test_a_switch_forgets_an_address_that_is_silent_too_long():
    world, switch, hosts = three_hosts()
    hosts[0].stack.ping(hosts[1].stack.ip)
    world.run_for(AGEING_NS // 2)
    assert switch.trunk_behind_which(hosts[1].interface.mac) == 1
    world.run_for(AGEING_NS)
    assert switch.trunk_behind_which(hosts[1].interface.mac) is None


def test_a_switch_forgets_addresses_behind_a_dead_port():
    world, switch, hosts = three_hosts()
    hosts[0].stack.ping(hosts[1].stack.ip)
    world.run_for(SECOND_NS)
    hosts[1].interface.cable.cut()
    assert switch.trunk_behind_which(hosts[1].interface.mac) is None
    assert switch.trunk_behind_which(hosts[0].interface.mac) == 0


def test_a_trunk_never_sends_back_what_came_from_it():
    scene = one_switch("broadcast", 2)
    scene.host.stack.ping(PEER_IP)
    scene.run(50)
    # Two copies of the ARP request came in on the trunk; only the two unicast replies and
    # the two echo replies may have gone back.
    assert sum(port.received for port in scene.ports) == scene.peer.interface.sent


def test_a_late_timer_makes_a_poll_of_100_ms_come_every_110_ms_at_100_hz():
    scene = one_switch("active-backup")
    scene.bond.jiffy_ns = milliseconds(10)
    scene.run(1000)
    polls = []
    for _ in range(5):
        scene.bond.world.run_until(scene.bond.bond.next_deadline()[0])
        scene.run(11)
        polls.append(scene.bond.bond.next_deadline()[0])
    gaps = [after - before for before, after in itertools.pairwise(polls)]
    assert gaps == [milliseconds(110)] * 4


def test_an_echo_is_read_back_as_it_was_built():
    echo = Echo(EchoKind.REQUEST, PEER_IP, BOND_IP, 7, 0xFFFF)
    frame = build_echo(echo, source_mac=bytes(6), destination_mac=bytes(6))
    assert parse_echo(frame[14:]) == echo


@pytest.mark.parametrize("place", [23, 34, 36, 40])
def test_an_echo_with_a_damaged_octet_is_no_echo(place):
    echo = Echo(EchoKind.REPLY, PEER_IP, BOND_IP, 7, 1)
    frame = bytearray(build_echo(echo, source_mac=bytes(6), destination_mac=bytes(6)))
    frame[place] ^= 0x10
    with pytest.raises(WireError):
        parse_echo(bytes(frame[14:]))


def test_ten_minutes_of_a_pinging_network_take_no_ten_minutes():
    scene = one_switch("active-backup")
    scene.ping(100, interval_ms=6000)
    assert scene.peer.stack.lost == 0
