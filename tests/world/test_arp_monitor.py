"""The ARP monitor in a whole network: a path that dies behind the first switch is left.

The carrier stays up all the time: only who asks notices. Linux's own weaknesses show as well.
"""

import pytest
from faults import Careless
from scenes import MIIMON_100, PEER_IP, one_switch, two_switches

from pybondd.port import Link
from pybondd.units import milliseconds

MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast")


def arp_options(interval_ms=100, **others):
    return [
        ("arp_interval", str(interval_ms)),
        ("arp_ip_target", "+192.0.2.1"),
        *((name, str(text)) for name, text in others.items()),
    ]


def first_text(scene, port, text):
    """How many ms after `scene.began` was this first reported of a port?"""
    told = (
        (at, report)
        for at, report in scene.bond.reports
        if report.port == port and text in report.text and at >= scene.began
    )
    return next((at - scene.began) / milliseconds(1) for at, _ in told)


def break_path(scene, place=0):
    """Between the edge switch of a port and the switch of the peer: carriers stay up."""
    scene.began = scene.world.now
    scene.world.cables[1 + place].is_mute = True


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("validate", ["none", "all"])
def test_a_quiet_network_keeps_all_ports(mode, validate):
    if mode == "active-backup" or validate == "none":
        scene = one_switch(mode, options=arp_options(arp_validate=validate), is_trunk=False)
        scene.run(5000)
        assert [port.link_failure_count for port in scene.bond.bond.state.ports] == [0, 0]


@pytest.mark.parametrize("interval_ms", [50, 100, 300])
@pytest.mark.parametrize("missed_max", [1, 2, 5])
def test_a_path_that_dies_behind_the_first_switch_is_left_in_time(interval_ms, missed_max):
    options = arp_options(interval_ms, arp_validate="all", arp_missed_max=missed_max)
    scene = two_switches(options=options)
    scene.run(10 * interval_ms)
    break_path(scene)
    scene.run(interval_ms * (missed_max + 3))
    assert scene.active == 1
    assert scene.ports[0].has_carrier
    left_ms = first_text(scene, "eth0", "definitely down")
    assert interval_ms * (missed_max - 1) < left_ms <= interval_ms * (missed_max + 1)


def test_the_carrier_monitor_never_leaves_such_a_path():
    scene = two_switches(options=[MIIMON_100])
    break_path(scene)
    scene.run(5000)
    assert scene.active == 0


def test_with_validation_a_repaired_path_stays_a_backup_and_takes_over_when_the_other_dies():
    scene = two_switches(options=arp_options(arp_validate="all"))
    break_path(scene)
    scene.run(1000)
    scene.world.cables[1].is_mute = False
    scene.run(1000)
    assert scene.active == 1
    assert [port.link for port in scene.bond.bond.state.ports] == [Link.UP, Link.UP]
    break_path(scene, 1)
    scene.run(1000)
    assert scene.active == 0
    scene.ping(10)
    assert scene.peer.stack.probes[-1].answers == 1


def kill_target(scene):
    """The target is gone, but the switch goes on."""
    scene.began = scene.world.now
    scene.world.cables[0].is_mute = True


def ups_after(scene, ms):
    scene.run(ms)
    return [
        report.port
        for at, report in scene.bond.reports
        if at >= scene.began and "definitely up" in report.text
    ]


@pytest.mark.parametrize("validate", ["none", "active", "filter"])
def test_when_the_target_is_gone_ports_call_each_other_up_again_as_in_linux(validate):
    scene = one_switch("active-backup", options=arp_options(arp_validate=validate))
    kill_target(scene)
    ups = ups_after(scene, 5000)
    assert len(ups) >= 5
    assert set(ups) == {"eth0", "eth1"}


def test_when_the_target_is_gone_validation_of_all_calls_nobody_up():
    scene = one_switch("active-backup", options=arp_options(arp_validate="all"))
    kill_target(scene)
    assert ups_after(scene, 5000) == []
    assert scene.active is None
    scene.world.cables[0].is_mute = False
    scene.run(500)
    assert scene.active is not None


def test_in_a_search_every_candidate_asks_in_its_turn():
    scene = one_switch("active-backup", 3, options=arp_options(arp_validate="all"))
    kill_target(scene)
    scene.run(1000)
    turns = []
    for _ in range(6):
        turns.append(scene.bond.bond.state.probing.candidate.name)
        scene.run(100)
    start = turns.index("eth0")
    assert turns[start : start + 3] == ["eth0", "eth1", "eth2"]


def test_broadcasts_of_others_keep_an_unvalidated_port_up():
    scene = two_switches(options=arp_options(arp_validate="backup"))
    noisy = scene.switches[1].add_port()
    chatter = scene.world.interface("noisy", is_up=True)
    scene.world.connect(chatter, noisy)
    frame = bytes.fromhex("ffffffffffff 02000000ee01 0800") + bytes(46)
    scene.world.every(milliseconds(50), 100, lambda: chatter.send(frame))
    break_path(scene)
    scene.run(4000)
    assert scene.active == 0


def test_arp_validate_all_tells_the_targets_answers_from_the_traffic_of_others():
    scene = two_switches(options=arp_options(arp_validate="all"))
    noisy = scene.switches[1].add_port()
    chatter = scene.world.interface("noisy", is_up=True)
    scene.world.connect(chatter, noisy)
    frame = bytes.fromhex("ffffffffffff 02000000ee01 0800") + bytes(46)
    scene.world.every(milliseconds(50), 100, lambda: chatter.send(frame))
    break_path(scene)
    scene.run(400)
    assert scene.active == 1


def test_with_a_switch_that_answers_on_one_link_only_the_others_of_a_trunk_fail():
    scene = one_switch("balance-xor", 3, options=arp_options())
    scene.run(2000)
    assert [port.link for port in scene.bond.bond.state.ports].count(Link.UP) < 3


@pytest.mark.parametrize("mode", MODES)
def test_a_kernels_timer_makes_the_intervals_a_tick_longer_and_nothing_fails(mode):
    scene = one_switch(mode, options=arp_options(), is_trunk=False)
    scene.bond.jiffy_ns = milliseconds(4)
    scene.bond.bond.state.tick_ns = milliseconds(4)
    scene.run(3000)
    assert [port.link for port in scene.bond.bond.state.ports] == [Link.UP, Link.UP]


class CarelessWithArp(Careless):
    """Does to a bond with an ARP monitor what the others do, and writes its options."""

    writes = (
        ("arp_interval", "100"),
        ("arp_interval", "70"),
        ("arp_validate", "all"),
        ("arp_validate", "none"),
        ("arp_validate", "filter_backup"),
        ("arp_all_targets", "all"),
        ("arp_all_targets", "any"),
        ("arp_missed_max", "1"),
        ("arp_missed_max", "3"),
        ("arp_ip_target", "+192.0.2.7"),
        ("arp_ip_target", "-192.0.2.7"),
        ("arp_ip_target", "junk"),
        ("ns_ip6_target", "fd00::9"),
        ("ns_ip6_target", ""),
        ("num_grat_arp", "3"),
        ("primary", "eth1"),
        ("primary", "\n"),
        ("active_slave", "eth2"),
        ("active_slave", "\n"),
    )

    def digest(self):
        """What the data plane knows is told before each request, and is no part of it."""
        self.scene.bond.tell_bond()
        return super().digest()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("first_seed", [0, 8])
def test_no_rule_breaks_whatever_happens_to_a_bond_with_an_arp_monitor(mode, first_seed):
    for seed in range(first_seed, first_seed + 8):
        scene = one_switch(mode, 3, seed=seed, options=arp_options(), is_trunk=False)
        user = CarelessWithArp(scene)
        for _ in range(40):
            user.act()


def test_the_peer_that_is_asked_answers_to_the_bond():
    scene = one_switch("active-backup", options=arp_options())
    assert scene.peer.stack.ip == PEER_IP
    assert scene.peer.stack.neighbours[scene.host.stack.ip] == scene.bond.mac
