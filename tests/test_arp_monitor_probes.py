"""What the ARP monitor asks, from which address, with which tags."""

from arp_bonds import OURS, OURS6, TARGET, TARGET6, TARGET_MAC, arp_bond, passes, port_of, route
from bonds import BOND_MAC, frames, write

from pybondd.bond import Bond
from pybondd.events import BondOpened, TargetRoute
from pybondd.units import milliseconds
from pybondd.wire.neighbour import solicited_node

AB = "active-backup"


def test_an_arp_probe_is_octet_for_octet_linuxs():
    bond = arp_bond(AB, 1, is_open=False)
    bond.handle(BondOpened(), now=0)
    (ifindex, frame), *_ = frames(bond.advance(now=0))
    mac = port_of(bond, 1).mac
    said = bytes.fromhex("0001 0800 06 04 0001") + mac + OURS + bytes(6) + TARGET
    assert (ifindex, frame) == (1, bytes([255] * 6) + mac + bytes.fromhex("0806") + said)


def probes(*routes, validate="none", ns=()):
    bond = arp_bond(AB, 1, arp_validate=validate, ns=ns)
    route(bond, *routes)
    effects = bond.advance(now=milliseconds(100))
    return bond, [frame for _, frame in frames(effects)], effects


def test_a_target_without_a_route_is_asked_from_0_0_0_0():
    _, (frame,), _ = probes()
    assert frame[28:32] == bytes(4)


def test_a_target_behind_an_interface_without_a_fitting_address_is_asked_from_0_0_0_0():
    _, (frame,), _ = probes(TargetRoute(TARGET))
    assert frame[28:32] == bytes(4)


def test_a_target_that_is_reached_elsewhere_is_not_asked_and_nothing_counts_as_sent():
    bond, asked, _ = probes(TargetRoute(TARGET, is_via_bond=False))
    assert asked == []
    assert port_of(bond, 1).last_tx_ns == 0


def test_tags_of_the_way_are_put_on_outermost_first_and_vlan_0_and_priorities_are_not():
    tags = ((0x88A8, 0xE007), (0x8100, 0x6000), (0x8100, 100))
    _, (frame,), _ = probes(TargetRoute(TARGET, source=OURS, tags=tags))
    assert frame[12:22] == bytes.fromhex("88a80007 81000064 0806")
    assert len(frame) == 50


def test_a_missing_route_is_warned_of_once_ever_and_only_with_validation():
    bond, _, effects = probes(validate="all")
    texts = [e.text for e in effects if hasattr(e, "text")]
    assert texts == ["no route to arp_ip_target 10.0.0.2 and arp_validate is set"]
    assert not [e for e in bond.advance(now=milliseconds(200)) if hasattr(e, "text")]
    assert not [e for e in probes(validate="none")[2] if hasattr(e, "text")]


def test_ns_targets_are_asked_after_the_arp_targets_by_the_ports_own_address():
    _, (_, frame), _ = probes(TargetRoute(TARGET6, source=OURS6), ns=[TARGET6])
    group = solicited_node(TARGET6)
    assert frame[:14] == bytes.fromhex("3333") + group[12:] + frame[6:12] + bytes.fromhex("86dd")
    assert frame[14:22] == bytes.fromhex("60000000 0020 3a ff")
    assert frame[22:54] == OURS6 + group
    assert frame[54] == 135
    assert frame[62:78] == TARGET6
    assert frame[78:] == b"\x01\x01" + frame[6:12]


def test_a_solicitation_from_nowhere_does_not_say_who_asks():
    _, (_, frame), _ = probes(TargetRoute(TARGET6), ns=[TARGET6])
    assert frame[22:38] == bytes(16)
    assert len(frame) == 78


def test_every_target_is_asked_in_the_order_of_the_list():
    bond = arp_bond(AB, 1)
    for last in range(3, 18):
        write(bond, "arp_ip_target", f"+10.0.0.{last}")
    asked = [frame[41] for _, frame in frames(bond.advance(now=milliseconds(100)))]
    assert asked == list(range(2, 18))


def test_a_port_asks_with_its_own_address_where_ports_keep_theirs():
    bond = arp_bond(AB, 1, 2, fail_over_mac="active")
    bond.handle(BondOpened(), now=0)
    write(bond, "active_slave", "eth2", now=milliseconds(50))
    ((_, frame),) = frames(bond.advance(now=milliseconds(100)))
    assert frame[6:12] == frame[22:28] == port_of(bond, 2).mac != TARGET_MAC


def test_a_bond_without_ports_just_waits():
    bond = Bond("bond0", mac=BOND_MAC)
    for name, text in (("mode", AB), ("arp_interval", "100")):
        write(bond, name, text)
    bond.handle(BondOpened(), now=0)
    assert passes(bond, 1000) == []
    assert bond.next_deadline() == (milliseconds(1100), "arp")
