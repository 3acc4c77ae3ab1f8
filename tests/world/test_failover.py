"""active-backup in a whole network: what does a peer notice of a failover?"""

import pytest
from scenes import BOND_IP, MIIMON_100, one_switch, two_switches

from pybondd.effects import SendFrame


def announcements(scene):
    return [effect for _, effect in scene.bond.effects if isinstance(effect, SendFrame)]


def test_a_quiet_network_loses_and_duplicates_nothing():
    scene = one_switch("active-backup")
    scene.ping(200)
    assert (scene.peer.stack.lost, scene.peer.stack.duplicates) == (0, 0)


def test_a_cut_cable_moves_the_active_port_and_a_repair_moves_it_back_never():
    scene = one_switch("active-backup")
    scene.cables[0].cut()
    scene.run(500)
    assert scene.active == 1
    scene.cables[0].repair()
    scene.run(500)
    assert scene.active == 1


def test_with_a_link_event_only_what_is_under_way_is_lost_at_a_cut():
    scene = two_switches()
    scene.ping(10)
    scene.peer.stack.ping(BOND_IP)
    scene.cables[0].cut()
    scene.run(1)
    scene.ping(50)
    assert scene.peer.stack.lost == 1


def test_a_repair_loses_nothing():
    scene = two_switches()
    scene.cables[0].cut()
    scene.ping(10)
    scene.cables[0].repair()
    scene.ping(50)
    assert scene.peer.stack.lost == 0


def test_the_gratuitous_arp_teaches_the_switches_the_new_way():
    scene = two_switches()
    scene.ping(5)
    core = scene.switches[0]
    assert core.trunk_behind_which(scene.bond.mac) == 1
    scene.cables[0].cut()
    scene.run(5)
    assert core.trunk_behind_which(scene.bond.mac) == 2
    assert core.moves == 1


def test_without_announcements_the_far_switch_sends_into_the_dead_end():
    scene = two_switches(options=[MIIMON_100, ("num_grat_arp", "0")])
    scene.ping(5)
    scene.cables[0].cut()
    scene.ping(50)
    # Nobody tells the switch in the middle, and the host itself has nothing to say.
    assert scene.peer.stack.lost == 50
    scene.host.stack.ping(scene.peer.stack.ip)
    scene.run(10)
    scene.ping(20)
    assert scene.peer.stack.lost == 50


def test_a_mute_cable_keeps_its_carrier_so_the_carrier_monitor_stays():
    scene = one_switch("active-backup")
    scene.cables[0].is_mute = True
    scene.run(2000)
    assert scene.active == 0


@pytest.mark.parametrize(("wanted", "sent"), [(0, 0), (1, 1), (2, 1), (5, 4)])
def test_a_failover_by_the_monitor_announces_as_often_as_linux(wanted, sent):
    scene = one_switch("active-backup", options=[MIIMON_100, ("num_grat_arp", str(wanted))])
    scene.run(2000)
    before = len(announcements(scene))
    scene.cables[0].cut()
    scene.run(3000)
    assert len(announcements(scene)) - before == sent


def test_a_failover_by_hand_announces_as_often_as_asked():
    scene = one_switch("active-backup", options=[MIIMON_100, ("num_grat_arp", "3")])
    scene.run(2000)
    before = len(announcements(scene))
    assert scene.bond.write("active_slave", "eth1") is None
    scene.run(2000)
    assert len(announcements(scene)) - before == 3


def test_a_closed_bond_forgets_the_announcements_it_still_owes():
    scene = one_switch("active-backup", options=[MIIMON_100, ("num_grat_arp", "9")])
    scene.run(2000)
    scene.cables[0].cut()
    scene.run(150)
    before = len(announcements(scene))
    scene.bond.close()
    scene.bond.open()
    scene.run(2000)
    assert len(announcements(scene)) == before


def test_the_host_with_the_bond_can_ping_too_and_after_losing_all_cables_again():
    scene = one_switch("active-backup", 3)
    for cable in scene.cables:
        cable.cut()
    scene.run(300)
    assert not scene.bond.has_carrier
    scene.cables[2].repair()
    scene.run(300)
    assert scene.active == 2
    scene.host.stack.ping(scene.peer.stack.ip)
    scene.run(100)
    assert (scene.host.stack.lost, scene.host.stack.duplicates) == (0, 0)


def test_fail_over_mac_active_changes_the_address_that_peers_use():
    scene = two_switches(options=[MIIMON_100, ("fail_over_mac", "active")])
    scene.ping(5)
    assert scene.peer.stack.neighbours[BOND_IP] == scene.ports[0].mac
    scene.cables[0].cut()
    scene.run(10)
    assert scene.peer.stack.neighbours[BOND_IP] == scene.ports[1].mac
    scene.ping(20)
    assert scene.peer.stack.lost == 0


def test_fail_over_mac_follow_swaps_the_ports_addresses():
    scene = one_switch("active-backup", options=[MIIMON_100, ("fail_over_mac", "follow")])
    macs = [port.mac for port in scene.ports]
    scene.cables[0].cut()
    scene.run(10)
    assert [port.mac for port in scene.ports] == macs[::-1]
    assert scene.bond.mac == macs[0]


def test_broadcasts_that_reach_a_backup_are_not_delivered_twice():
    scene = one_switch("active-backup", 3)
    scene.ping(1)
    # The echo request is flooded to all three ports as long as the switch has not learned.
    scene.switches[0].addresses.clear()
    scene.ping(3)
    assert scene.peer.stack.duplicates == 0
