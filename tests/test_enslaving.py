"""Joining and leaving: what is asked of the world, in which order, and how it is undone."""

import errno

import pytest
from bonds import (
    BOND_MAC,
    CUT,
    SET_DOWN,
    UP,
    active,
    bond_with,
    enslave,
    link,
    links,
    mac_of,
    of_kind,
    offer,
    silent,
    write,
)

from pybondd.effects import (
    AttachPort,
    DetachPort,
    PublishTable,
    Refuse,
    Report,
    SetBondMac,
    SetBondMtu,
    SetCarrier,
    SetPortMac,
    SetPortMtu,
    SetPortUp,
    Severity,
)
from pybondd.events import (
    BondMacChanged,
    BondMtuChanged,
    EffectFailed,
    PortOffered,
    PortReady,
    PortReleased,
    PortVanished,
)
from pybondd.forwarding import MAX_PORTS
from pybondd.port import LinkFacts

X = bytes.fromhex("02ffffffff01")


# -- joining


def test_the_first_port_donates_its_address_and_is_prepared_before_it_is_up():
    bond = bond_with("active-backup")
    assert offer(bond, 1, mtu=9000) == [
        SetBondMac(mac_of(1)),
        AttachPort(1),
        SetPortMtu(1, 1500),
        SetPortUp(1, is_up=True),
    ]


def test_a_later_port_takes_the_bonds_address():
    bond = bond_with("balance-rr", 1)
    assert offer(bond, 2) == [AttachPort(2), SetPortMac(2, mac_of(1)), SetPortUp(2, is_up=True)]


def test_an_address_set_by_the_user_is_given_to_the_first_port():
    bond = bond_with("balance-rr")
    bond.handle(BondMacChanged(X), now=0)
    assert SetPortMac(1, X) in offer(bond, 1)


def test_a_port_does_not_forward_before_its_link_was_judged():
    bond = bond_with("active-backup")
    offer(bond, 1)
    assert bond.table.ports == ()
    effects = bond.handle(PortReady(1, UP), now=0)
    assert SetCarrier(is_up=True) in effects
    assert of_kind(effects, PublishTable)[-1].table.tx_ports == (1,)


@pytest.mark.parametrize(
    ("options", "facts", "state"),
    [
        ({"miimon": 100}, UP, "up"),
        ({"miimon": 100}, CUT, "down"),
        ({"miimon": 100, "updelay": 500}, UP, "going back"),
        ({"miimon": 0}, CUT, "up"),
    ],
    ids=["carrier", "no carrier", "updelay", "no monitor"],
)
def test_the_first_link_state_follows_the_monitor(options, facts, state):
    bond = bond_with("balance-rr", is_open=False, **options)
    enslave(bond, 1, facts)
    assert links(bond) == [state]


def test_with_fail_over_mac_a_port_keeps_its_own_address():
    bond = bond_with("active-backup", 1, fail_over_mac="active")
    assert of_kind(offer(bond, 2), SetPortMac) == []


def test_with_follow_a_port_with_the_bonds_address_gets_a_random_one():
    bond = bond_with("active-backup", 1, fail_over_mac="follow")
    (set_mac,) = of_kind(offer(bond, 2, mac=mac_of(1)), SetPortMac)
    assert set_mac.mac != mac_of(1)


# -- refusals change nothing


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (PortOffered(1, "eth1", mac_of(1), 1500, SET_DOWN), errno.EBUSY),
        (PortOffered(2, "eth2", mac_of(2), 1500, UP), errno.EPERM),
    ],
    ids=["already a port", "up"],
)
def test_an_unfit_port_is_refused_with_linuxs_errno(event, code):
    bond = bond_with("active-backup", 1)
    before = (bond.table, len(bond.state.ports), bond.state.mac)
    (refusal,) = bond.handle(event, now=0)
    assert isinstance(refusal, Refuse)
    assert refusal.errno == code
    assert (bond.table, len(bond.state.ports), bond.state.mac) == before


def test_more_ports_than_the_table_holds_are_refused():
    bond = bond_with("balance-rr", miimon=0)
    for ifindex in range(1, MAX_PORTS + 1):
        event = PortOffered(ifindex, f"p{ifindex}", X, 1500, LinkFacts(is_up=False))
        bond.handle(event, now=0)
        bond.handle(PortReady(ifindex, UP), now=0)
    (refusal,) = offer(bond, 200 + MAX_PORTS, mac=X)
    assert isinstance(refusal, Refuse)


def test_releasing_what_is_no_port_is_refused():
    (refusal,) = bond_with("active-backup", 1).handle(PortReleased(7), now=0)
    assert refusal.errno == errno.EINVAL


# -- failures are undone


def test_a_port_that_cannot_be_prepared_gets_everything_back():
    bond = bond_with("active-backup", 1)
    offer(bond, 2, mtu=9000)
    effects = bond.handle(EffectFailed(SetPortMac(2, mac_of(1)), errno.EOPNOTSUPP), now=0)
    assert effects[:-1] == [
        DetachPort(2),
        SetPortUp(2, is_up=False),
        SetPortMac(2, mac_of(2)),
        SetPortMtu(2, 9000),
    ]
    assert (type(effects[-1]), effects[-1].errno) == (Refuse, errno.EOPNOTSUPP)
    assert [port.name for port in bond.state.ports] == ["eth1"]


def test_a_failed_first_port_takes_its_address_with_it():
    bond = bond_with("active-backup")
    offer(bond, 1)
    effects = bond.handle(EffectFailed(SetPortUp(1, is_up=True), errno.EIO), now=0)
    (set_mac,) = of_kind(effects, SetBondMac)
    assert set_mac.mac not in (BOND_MAC, mac_of(1))


def test_one_port_refusing_the_bonds_new_address_brings_all_back():
    bond = bond_with("balance-rr", 1, 2, 3)
    asked = silent(bond.handle(BondMacChanged(X), now=0))
    assert asked == [SetPortMac(1, X), SetPortMac(2, X), SetPortMac(3, X)]
    effects = silent(bond.handle(EffectFailed(SetPortMac(2, X), errno.EBUSY), now=0))
    old = mac_of(1)
    assert effects == [SetPortMac(1, old), SetPortMac(3, old), SetBondMac(old)]
    assert [port.mac for port in bond.state.ports] == [old] * 3


def test_a_swap_is_taken_back_when_the_new_active_port_refuses_its_address():
    bond = bond_with("active-backup", 1, 2, fail_over_mac="follow")
    link(bond, 1, CUT, now=5)
    effects = silent(bond.handle(EffectFailed(SetPortMac(2, mac_of(1)), errno.EBUSY), now=5))
    assert effects == [SetPortMac(1, mac_of(1))]
    assert [port.mac for port in bond.state.ports] == [mac_of(1), mac_of(2)]


def test_a_swap_stands_when_only_the_dead_port_refuses_its_address():
    bond = bond_with("active-backup", 1, 2, fail_over_mac="follow")
    link(bond, 1, CUT, now=5)
    assert silent(bond.handle(EffectFailed(SetPortMac(1, mac_of(2)), errno.EBUSY), now=5)) == []
    assert [port.mac for port in bond.state.ports] == [mac_of(1), mac_of(1)]


def test_one_port_refusing_the_bonds_new_mtu_brings_all_back():
    bond = bond_with("balance-rr", 1, 2)
    assert bond.handle(BondMtuChanged(9000), now=0) == [SetPortMtu(1, 9000), SetPortMtu(2, 9000)]
    effects = silent(bond.handle(EffectFailed(SetPortMtu(2, 9000), errno.EINVAL), now=0))
    assert effects == [SetPortMtu(1, 1500), SetBondMtu(1500)]


def test_with_fail_over_mac_a_new_bond_address_is_taken_back():
    bond = bond_with("active-backup", 1, fail_over_mac="active")
    assert bond.handle(BondMacChanged(X), now=0) == [SetBondMac(mac_of(1))]


def test_a_failed_effect_is_reported_and_nothing_else():
    bond = bond_with("active-backup", 1, 2)
    (report,) = bond.handle(EffectFailed(SetCarrier(is_up=True), errno.EBADFD), now=0)
    assert (type(report), report.severity) == (Report, Severity.ERROR)


# -- leaving


def test_traffic_moves_before_the_leaving_port_is_touched():
    bond = bond_with("active-backup", 1, 2)
    effects = bond.handle(PortReleased(1), now=0)
    kinds = [type(e) for e in effects]
    assert kinds.index(PublishTable) < kinds.index(DetachPort)
    assert active(bond) == "eth2"
    assert bond.table.tx_ports == (2,)


def test_nothing_is_restored_on_an_interface_that_vanished():
    bond = bond_with("active-backup", 1, 2)
    effects = silent(bond.handle(PortVanished(1), now=0))
    assert [e for e in effects if getattr(e, "ifindex", None) == 1] == [DetachPort(1)]
    assert active(bond) == "eth2"


def test_a_primary_that_left_is_primary_again_when_it_returns():
    bond = bond_with("active-backup", 1, 2, primary="eth2")
    bond.handle(PortReleased(2), now=0)
    assert active(bond) == "eth1"
    enslave(bond, 2)
    assert active(bond) == "eth2"


def test_a_port_that_left_goes_to_the_end():
    bond = bond_with("balance-xor", 1, 2, 3)
    bond.handle(PortReleased(1), now=0)
    enslave(bond, 1)
    assert bond.table.tx_ports == (2, 3, 1)


def test_a_link_event_of_a_stranger_is_ignored():
    assert link(bond_with("active-backup", 1), 9, CUT, now=0) == []


def test_the_next_first_port_donates_its_address_after_all_have_left():
    bond = bond_with("balance-rr", 1)
    bond.handle(PortReleased(1), now=0)
    enslave(bond, 2)
    assert bond.state.mac == mac_of(2)


def test_the_bonds_mtu_is_given_to_ports_that_join_later():
    bond = bond_with("balance-rr")
    bond.handle(BondMtuChanged(9000), now=0)
    assert SetPortMtu(1, 9000) in offer(bond, 1)
    assert write(bond, "lp_interval", "3") == []
