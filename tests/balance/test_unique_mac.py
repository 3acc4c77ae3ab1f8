"""balance-tlb and balance-alb: each port its own MAC address, the active one the bond's."""

import errno

import pytest
from alb_bonds import MS, alb, client_ip, cut, meet, repair, told
from bonds import SET_DOWN, UP, active, bond_with, enslave, frames, mac_of, of_kind, run, write

from pybondd.bond import Bond
from pybondd.effects import Refuse, Report, SendFrame, SetBondMac, SetPortMac, SetPortPromiscuous
from pybondd.events import (
    BondMacChanged,
    BondOpened,
    BondReceiveModeChanged,
    EffectFailed,
    PortOffered,
    PortReady,
    PortReleased,
    PortVanished,
)
from pybondd.wire.learning import is_learning_frame, learning_frame

BOTH = pytest.mark.parametrize("mode", ["balance-tlb", "balance-alb"])
GIVEN = bytes.fromhex("020000000077")


def macs(bond):
    return [port.mac for port in bond.state.ports]


def taught(effects):
    """(port, address) of each learning frame."""
    return [(port, each[:6]) for port, each in frames(effects) if is_learning_frame(each)]


def offer(bond, ifindex, mac):
    return bond.handle(PortOffered(ifindex, f"eth{ifindex}", mac, 1500, SET_DOWN), now=0)


def swapped(mode="balance-alb", *ifindices):
    """The first port has failed: the second is active and has the bond's address."""
    bond = bond_with(mode, *(ifindices or (1, 2, 3)))
    cut(bond, 1, now_ms=10)
    return bond


# -- joining


@BOTH
def test_ports_keep_their_own_addresses(mode):
    bond = bond_with(mode, 1, 2, 3)
    assert macs(bond) == [mac_of(1), mac_of(2), mac_of(3)]
    assert bond.state.mac == mac_of(1)


@BOTH
def test_joining_changes_no_address(mode):
    bond = bond_with(mode, 1)
    assert not of_kind(enslave(bond, 2), SetPortMac, SetBondMac)


@BOTH
@pytest.mark.parametrize(
    "number", [pytest.param(1, id="the bond's"), pytest.param(2, id="another")]
)
def test_an_address_that_is_in_use_is_refused_with_efault(mode, number):
    bond = bond_with(mode, 1, 2)
    (refusal,) = of_kind(offer(bond, 9, mac_of(number)), Refuse)
    assert refusal.errno == errno.EFAULT
    assert macs(bond) == [mac_of(1), mac_of(2)]


@BOTH
def test_a_port_whose_address_is_in_use_gets_a_spare_one(mode):
    bond = swapped(mode)
    bond.handle(PortReleased(1), now=20 * MS)
    assert SetPortMac(1, mac_of(2)) in offer(bond, 1, mac_of(1))


def test_a_port_that_comes_first_gets_the_address_that_a_user_gave_the_bond():
    bond = Bond("bond0", mac=mac_of(0xB0))
    write(bond, "mode", "balance-alb")
    bond.handle(BondMacChanged(GIVEN), now=0)
    assert not of_kind(offer(bond, 1, mac_of(1)), SetPortMac)
    effects = bond.handle(PortReady(1, UP), now=0)
    assert SetPortMac(1, GIVEN) in effects
    assert taught(effects) == [(1, GIVEN)]


def test_the_first_port_teaches_its_address_twice_as_in_linux():
    bond = Bond("bond0", mac=mac_of(0xB0))
    write(bond, "mode", "balance-alb")
    assert taught(enslave(bond, 1)) == [(1, mac_of(1))] * 2


# -- another port becomes active


@BOTH
def test_a_failover_exchanges_addresses(mode):
    bond = swapped(mode)
    assert active(bond) == "eth2"
    assert macs(bond) == [mac_of(2), mac_of(1), mac_of(3)]


@BOTH
def test_a_former_active_port_keeps_what_it_got_when_it_recovers(mode):
    bond = swapped(mode)
    repair(bond, 1, now_ms=500)
    run(bond, 2000)
    assert macs(bond) == [mac_of(2), mac_of(1), mac_of(3)]


def test_in_balance_alb_the_new_port_teaches_both_addresses_and_hears_all():
    bond = alb(1, 2)
    effects = cut(bond, 1, now_ms=10)
    assert taught(effects) == [(2, mac_of(1)), (2, mac_of(2))]
    assert SetPortPromiscuous(2, is_promiscuous=True) in effects


def test_in_balance_tlb_the_new_port_teaches_the_bonds_address_only():
    effects = cut(bond_with("balance-tlb", 1, 2), 1, now_ms=10)
    assert taught(effects) == [(2, mac_of(1))]
    assert not of_kind(effects, SetPortPromiscuous)


def test_a_change_by_hand_teaches_on_both_ports_and_nobody_stands_in():
    bond = alb(1, 2)
    effects = write(bond, "active_slave", "eth2")
    assert taught(effects) == [(1, mac_of(2)), (2, mac_of(1))]
    assert not of_kind(effects, SetPortPromiscuous)


def test_all_ports_dead_and_one_back_is_a_swap_with_who_has_the_bonds_address():
    bond = alb(1, 2)
    cut(bond, 2, now_ms=10)
    cut(bond, 1, now_ms=20)
    assert active(bond) is None
    repair(bond, 2, now_ms=500)
    run(bond, 700)
    assert (active(bond), macs(bond)) == ("eth2", [mac_of(2), mac_of(1)])


# -- standing in for a dead port


def test_a_dead_port_is_stood_in_for_during_ten_seconds():
    bond = alb(1, 2)
    assert taught(cut(bond, 2, now_ms=10)) == [(1, mac_of(2))]
    assert bond.state.active.is_promiscuous
    quiet = [
        at for at, each in run(bond, 20_000) if each == SetPortPromiscuous(1, is_promiscuous=False)
    ]
    assert quiet == [10_000]


def test_another_failure_begins_the_ten_seconds_anew():
    bond = alb(1, 2, 3)
    cut(bond, 2, now_ms=10)
    run(bond, 5000)
    cut(bond, 3, now_ms=5010)
    quiet = [at for at, each in run(bond, 30_000) if isinstance(each, SetPortPromiscuous)]
    assert quiet == [15_000]


def test_who_stood_in_stops_when_another_port_becomes_active():
    bond = alb(1, 2, 3)
    cut(bond, 2, now_ms=10)
    effects = write(bond, "active_slave", "eth3")
    assert SetPortPromiscuous(1, is_promiscuous=False) in effects


def test_a_bridge_above_keeps_the_port_promiscuous_when_standing_in_is_over():
    bond = alb(1, 2)
    bond.handle(BondReceiveModeChanged(is_promiscuous=True), now=0)
    cut(bond, 2, now_ms=10)
    assert not of_kind([each for _, each in run(bond, 20_000)], SetPortPromiscuous)
    assert bond.state.active.is_promiscuous


def test_a_bridge_that_goes_does_not_end_standing_in():
    bond = alb(1, 2)
    bond.handle(BondReceiveModeChanged(is_promiscuous=True), now=0)
    cut(bond, 2, now_ms=10)
    bond.handle(BondReceiveModeChanged(is_promiscuous=False), now=20 * MS)
    assert bond.state.active.is_promiscuous
    run(bond, 20_000)
    assert not bond.state.active.is_promiscuous


# -- leaving


@BOTH
def test_a_leaver_that_has_anothers_address_gives_it_back(mode):
    bond = swapped(mode)
    repair(bond, 1, now_ms=500)
    run(bond, 1000)
    effects = bond.handle(PortReleased(2), now=1000 * MS)
    assert (active(bond), macs(bond)) == ("eth1", [mac_of(1), mac_of(3)])
    # Twice, as the exchange makes it the owner of the bond's address, and then it becomes active.
    assert taught(effects)[:3] == [(2, mac_of(2)), (1, mac_of(1)), (1, mac_of(1))]


@BOTH
def test_a_leaver_goes_with_its_permanent_address(mode):
    bond = swapped(mode)
    assert SetPortMac(1, mac_of(1)) in bond.handle(PortReleased(1), now=20 * MS)


def test_the_active_port_leaves_and_the_next_gets_the_bonds_address():
    bond = alb(1, 2)
    effects = bond.handle(PortReleased(1), now=0)
    assert (active(bond), macs(bond)) == ("eth2", [mac_of(1)])
    assert (2, mac_of(1)) in taught(effects)


def test_a_port_that_vanishes_leaves_no_trace():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    bond.handle(PortVanished(2), now=0)
    run(bond, 5000)
    assert all(client.port is bond.state.active for client in bond.mode.receive.clients.walk())
    assert all(bucket.port is None for bucket in bond.mode.transmit.buckets)


def test_the_last_port_leaves_and_the_bond_gets_a_new_address():
    bond = alb(1)
    effects = bond.handle(PortReleased(1), now=0)
    assert of_kind(effects, SetBondMac)
    assert not bond.state.ports


# -- a user changes the bond's address


def test_the_active_port_gets_the_new_address_and_its_clients_are_told():
    bond = alb(1, 2)
    meet(bond, 1, 2)
    run(bond, 10_000)
    effects = bond.handle(BondMacChanged(GIVEN), now=10_000 * MS)
    assert of_kind(effects, SetPortMac) == [SetPortMac(1, GIVEN)]
    assert taught(effects) == [(1, GIVEN)]
    assert {each[2:] for each in told(run(bond, 12_100))} == {(client_ip(1), GIVEN)}


def test_an_address_that_another_port_has_is_exchanged():
    bond = alb(1, 2, 3)
    effects = bond.handle(BondMacChanged(mac_of(3)), now=0)
    assert macs(bond) == [mac_of(3), mac_of(2), mac_of(1)]
    assert taught(effects) == [(3, mac_of(1)), (1, mac_of(3))]


@pytest.mark.parametrize(
    "mac", [pytest.param(bytes(6), id="zero"), pytest.param(b"\1" + bytes(5), id="multicast")]
)
def test_an_address_that_no_station_can_have_is_refused(mac):
    bond = alb(1, 2)
    (refusal,) = bond.handle(BondMacChanged(mac), now=0)
    assert refusal.errno == errno.EADDRNOTAVAIL
    assert bond.state.mac == mac_of(1)


def test_without_an_active_port_only_the_bond_has_the_new_address():
    bond = alb(1, 2)
    cut(bond, 2, now_ms=10)
    cut(bond, 1, now_ms=20)
    assert not of_kind(bond.handle(BondMacChanged(GIVEN), now=30 * MS), SetPortMac)
    assert bond.state.mac == GIVEN


@pytest.mark.parametrize(
    ("follows", "expected"), [("mended", [GIVEN, mac_of(2)]), ("linux", [GIVEN, GIVEN])]
)
def test_in_balance_tlb_ports_stay_distinct_if_mended(follows, expected):
    bond = bond_with("balance-tlb", 1, 2)
    write(bond, "alb_follows", follows)
    bond.handle(BondMacChanged(GIVEN), now=0)
    assert macs(bond) == expected


# -- a driver refuses


@BOTH
def test_a_port_whose_driver_refuses_keeps_its_address_and_people_are_told(mode):
    bond = bond_with(mode, 1, 2)
    refused = next(e for e in of_kind(cut(bond, 1, now_ms=10), SetPortMac) if e.ifindex == 2)
    (report,) = of_kind(bond.handle(EffectFailed(refused, errno.EBUSY), now=10 * MS), Report)
    assert bond.state.port_by_index(2).mac == mac_of(2)
    assert report.port == "eth2"


def test_a_driver_that_refuses_a_spare_address_keeps_its_port_out():
    bond = swapped()
    bond.handle(PortReleased(1), now=20 * MS)
    (wish,) = of_kind(offer(bond, 1, mac_of(1)), SetPortMac)
    effects = bond.handle(EffectFailed(wish, errno.EOPNOTSUPP), now=20 * MS)
    assert of_kind(effects, Refuse)[0].errno == errno.EOPNOTSUPP
    assert len(bond.state.ports) == 2


def test_a_frame_of_ours_that_cannot_leave_is_lost_without_a_word():
    bond = alb(1, 2)
    lost = EffectFailed(SendFrame(2, learning_frame(mac_of(2))), errno.ENETDOWN)
    assert bond.handle(lost, now=0) == []
    assert bond.mode.lost == 0


def test_a_frame_of_the_host_that_the_port_does_not_take_is_lost_and_counted():
    bond = alb(1, 2)
    lost = EffectFailed(SendFrame(2, bytes(60), offload=bytes(10)), errno.ENOBUFS)
    assert bond.handle(lost, now=0) == []
    assert bond.mode.lost == 1


def test_ports_joined_before_the_bond_is_set_up_swap_as_well():
    bond = bond_with("balance-alb", 1, 2, is_open=False)
    write(bond, "active_slave", "eth2")
    assert macs(bond) == [mac_of(2), mac_of(1)]
    bond.handle(BondOpened(), now=0)
    assert active(bond) == "eth2"


def test_an_address_that_only_the_bond_has_may_come_with_a_new_port():
    bond = alb(1)
    cut(bond, 1, now_ms=10)
    bond.handle(BondMacChanged(GIVEN), now=20 * MS)
    assert not of_kind(offer(bond, 2, GIVEN), SetPortMac, Refuse)


def test_in_linux_the_bonds_address_goes_to_all_ports_of_balance_tlb_or_to_none():
    bond = bond_with("balance-tlb", 1, 2)
    write(bond, "alb_follows", "linux")
    effects = bond.handle(BondMacChanged(GIVEN), now=0)
    refused = of_kind(effects, SetPortMac)[1]
    after = bond.handle(EffectFailed(refused, errno.EBUSY), now=0)
    assert macs(bond) == [mac_of(1), mac_of(2)]
    assert SetBondMac(mac_of(1)) in after
