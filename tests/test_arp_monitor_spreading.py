"""The ARP monitor where all ports work: balance-rr, balance-xor, broadcast."""

import pytest
from arp_bonds import arp_bond, asked_by, next_pass, passes, traffic
from bonds import CUT, active, link, links, write

from pybondd.effects import SetCarrier
from pybondd.events import BondOpened
from pybondd.units import milliseconds

SPREADING = ("balance-rr", "balance-xor", "broadcast")
each_mode = pytest.mark.parametrize("mode", SPREADING)


@each_mode
def test_every_port_asks_in_every_pass_with_its_own_address(mode):
    bond = arp_bond(mode, 1, 2, 3)
    assert asked_by(next_pass(bond)) == [1, 2, 3]
    assert asked_by(next_pass(bond)) == [1, 2, 3]


@each_mode
def test_ports_that_hear_anything_stay(mode):
    bond = arp_bond(mode, 1, 2)
    assert passes(bond, 5000, alive=(1, 2)) == []
    assert links(bond) == ["up", "up"]


@each_mode
def test_a_silent_port_goes_down_in_the_first_pass_more_than_two_and_a_half_intervals_later(mode):
    bond = arp_bond(mode, 1, 2)
    passes(bond, 1000, alive=(1, 2))
    # Last heard at 1001: 1251 is the last instant that is not too late.
    assert passes(bond, 2000, alive=(1,)) == [(1300, "eth2", "interface is now down")]
    assert links(bond) == ["up", "down"]


@pytest.mark.parametrize(("missed_max", "down_ms"), [(1, 1200), (2, 1300), (3, 1400), (9, 2000)])
def test_arp_missed_max_says_how_many_intervals_a_port_may_be_silent(missed_max, down_ms):
    bond = arp_bond("balance-xor", 1, 2, arp_missed_max=missed_max)
    passes(bond, 1000, alive=(1, 2))
    assert passes(bond, 3000, alive=(1,)) == [(down_ms, "eth2", "interface is now down")]


def test_a_port_that_is_down_and_silent_stays_down_and_keeps_asking():
    bond = arp_bond("balance-rr", 1, 2)
    passes(bond, 1000, alive=(1,))
    assert links(bond) == ["up", "down"]
    assert asked_by(next_pass(bond)) == [1, 2]


def test_a_port_that_is_heard_again_is_taken_back_in_the_next_pass():
    bond = arp_bond("balance-rr", 1, 2)
    passes(bond, 1000, alive=(1,))
    traffic(bond, 2, at_ms=1060)
    assert passes(bond, 1100, alive=(1, 2)) == [(1100, "eth2", "interface is now up")]


def test_the_failure_is_counted_when_the_port_goes_down_and_not_after():
    bond = arp_bond("balance-rr", 1, 2)
    passes(bond, 3000, alive=(1,))
    assert [port.link_failure_count for port in bond.state.ports] == [0, 1]


@each_mode
def test_roles_follow_the_links(mode):
    bond = arp_bond(mode, 1, 2)
    passes(bond, 1000, alive=(1,))
    assert [port.is_backup for port in bond.state.ports] == [False, True]
    assert not any(port.is_inactive for port in bond.state.ports)
    passes(bond, 2000, alive=(1, 2))
    assert [port.is_backup for port in bond.state.ports] == [False, False]


def test_balance_xor_spreads_over_the_ports_that_are_heard():
    bond = arp_bond("balance-xor", 1, 2)
    assert bond.table.tx_ports == (1, 2)
    passes(bond, 1000, alive=(2,))
    assert bond.table.tx_ports == (2,)
    passes(bond, 2000, alive=(1, 2))
    assert bond.table.tx_ports == (1, 2)


def test_when_the_port_used_for_igmp_goes_down_the_next_one_is():
    bond = arp_bond("balance-rr", 1, 2)
    passes(bond, 1000, alive=(1, 2))
    assert active(bond) == "eth1"
    passes(bond, 2000, alive=(2,))
    assert active(bond) == "eth2"


def test_the_port_used_for_igmp_stays_when_another_one_comes_back():
    bond = arp_bond("balance-rr", 1, 2)
    passes(bond, 1000, alive=(1, 2))
    passes(bond, 2000, alive=(2,))
    passes(bond, 3000, alive=(1, 2))
    assert (active(bond), links(bond)) == ("eth2", ["up", "up"])


def test_without_any_target_all_ports_fail_as_nothing_is_ever_asked():
    bond = arp_bond("balance-rr", 1, 2)
    write(bond, "arp_ip_target", "-10.0.0.2")
    told = passes(bond, 1000, alive=(1, 2))
    assert (300, "eth1", "interface is now down") in told
    assert links(bond) == ["down", "down"]


def test_the_carrier_goes_with_the_last_port_and_comes_with_the_first():
    bond = arp_bond("balance-rr", 1, 2)
    assert bond.state.has_carrier
    told = passes(bond, 1000)
    assert told[-1][2] == "now running without any active interface"
    assert not bond.state.has_carrier
    traffic(bond, 2, at_ms=1050)
    effects = next_pass(bond)
    assert SetCarrier(True) in effects
    assert [e.text for e in effects if hasattr(e, "text")] == [
        "link status definitely up",
        "active interface up",
    ]


def test_a_port_without_a_carrier_does_not_ask_and_is_given_up_only_when_silent_for_long():
    bond = arp_bond("balance-rr", 1, 2)
    passes(bond, 1000, alive=(1, 2))
    link(bond, 2, CUT, now=milliseconds(1050))
    assert asked_by(next_pass(bond)) == [1]
    assert links(bond) == ["up", "up"]
    assert not bond.table.ports[1].is_live
    assert passes(bond, 1400, alive=(1,)) == [(1300, "eth2", "interface is now down")]


def test_arp_all_targets_is_ignored():
    bond = arp_bond("balance-rr", 1, 2, arp_all_targets="all")
    assert passes(bond, 2000, alive=(1, 2)) == []


def test_a_port_that_joined_long_before_the_bond_is_opened_goes_down_in_the_first_pass():
    bond = arp_bond("balance-rr", 1, 2, is_open=False)
    bond.handle(BondOpened(), now=milliseconds(400))
    assert passes(bond, 400)[:2] == [
        (400, "eth1", "interface is now down"),
        (400, "eth2", "interface is now down"),
    ]
