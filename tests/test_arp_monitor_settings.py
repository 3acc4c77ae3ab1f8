"""The options of the ARP monitor, written while it runs."""

import pytest
from arp_bonds import OTHER, TARGET, TARGET6, arp_bond, asked_by, next_pass, port_of
from bonds import CUT, enslave, of_kind, write

from pybondd.effects import AttachPort, HearPort, Hears, Report, Severity
from pybondd.events import BondClosed, BondOpened, PortReleased
from pybondd.units import NEVER, milliseconds

AB = "active-backup"


def planned(bond):
    at, name = bond.next_deadline()
    return at // milliseconds(1), name


# -- starting and stopping


@pytest.mark.parametrize("mode", ["balance-rr", AB, "balance-xor", "broadcast"])
def test_the_first_pass_comes_at_once_when_the_bond_is_opened_and_then_one_per_interval(mode):
    bond = arp_bond(mode, 1, is_open=False)
    assert bond.next_deadline() is None
    bond.handle(BondOpened(), now=milliseconds(7))
    assert planned(bond) == (7, "arp")
    bond.advance(now=milliseconds(7))
    assert planned(bond) == (107, "arp")


def test_a_late_pass_moves_the_next_one():
    bond = arp_bond(AB, 1)
    bond.advance(now=milliseconds(130))
    assert planned(bond) == (230, "arp")


def test_a_closed_bond_asks_nobody():
    bond = arp_bond(AB, 1)
    bond.handle(BondClosed(), now=milliseconds(50))
    assert bond.next_deadline() is None


def test_the_arp_monitor_takes_over_from_the_mii_monitor_at_once():
    bond = arp_bond(AB, 1, arp_interval=0, miimon=100)
    assert planned(bond) == (100, "mii")
    write(bond, "arp_interval", "500", now=milliseconds(30))
    assert planned(bond) == (30, "arp")
    assert bond.read_option("miimon") == "0"


def test_the_mii_monitor_takes_over_from_the_arp_monitor_at_once_and_ends_validation():
    bond = arp_bond(AB, 1, arp_validate="all")
    write(bond, "miimon", "100", now=milliseconds(30))
    assert planned(bond) == (30, "mii")
    assert bond.read_option("arp_interval") == "0"
    assert bond.read_option("arp_validate") == "none 0"
    bond.advance(now=milliseconds(30))
    assert bond.due(now=milliseconds(1000)) == ["mii"]


def test_arp_interval_0_ends_the_passes_and_keeps_arp_validate():
    bond = arp_bond(AB, 1, arp_validate="all")
    write(bond, "arp_interval", "0", now=milliseconds(30))
    assert bond.next_deadline() is None
    assert bond.read_option("arp_validate") == "all 3"


def test_another_interval_holds_from_the_pass_that_is_planned_already():
    bond = arp_bond(AB, 1)
    write(bond, "arp_interval", "1000", now=milliseconds(30))
    assert planned(bond) == (100, "arp")
    next_pass(bond)
    assert planned(bond) == (1100, "arp")


def heard(effects):
    return [(effect.ifindex, effect.hears) for effect in of_kind(effects, AttachPort, HearPort)]


def test_a_port_that_joins_is_heard_if_there_is_an_interval():
    bond = arp_bond(AB, 1)
    assert heard(enslave(bond, 2)) == [(2, Hears.PROBES)]
    write(bond, "arp_interval", "0")
    assert heard(enslave(bond, 3)) == [(3, Hears.NOTHING)]


@pytest.mark.parametrize("is_open", [True, False])
def test_ports_are_heard_exactly_while_there_is_an_interval(is_open):
    bond = arp_bond(AB, 1, 2, is_open=is_open, arp_interval=0)
    on = [(1, Hears.PROBES), (2, Hears.PROBES)]
    off = [(1, Hears.NOTHING), (2, Hears.NOTHING)]
    assert heard(write(bond, "arp_interval", "100")) == on
    assert heard(write(bond, "arp_interval", "50")) == []
    assert heard(write(bond, "arp_interval", "0")) == off
    assert heard(write(bond, "arp_interval", "70")) == on
    assert heard(write(bond, "miimon", "100")) == off


def test_an_interval_written_to_a_closed_bond_waits_for_it_to_be_opened():
    bond = arp_bond(AB, 1, is_open=False, arp_interval=0)
    write(bond, "arp_interval", "100")
    assert bond.next_deadline() is None


def test_a_mode_without_arp_monitor_ends_it():
    bond = arp_bond(AB, is_open=False, arp_validate="all")
    write(bond, "mode", "802.3ad")
    assert bond.read_option("arp_interval") == "0"
    bond.handle(BondOpened(), now=0)
    assert "arp" not in bond.due(now=milliseconds(100_000))


def test_another_mode_with_arp_monitor_keeps_it_and_ends_validation():
    bond = arp_bond(AB, is_open=False, arp_validate="all")
    write(bond, "mode", "balance-rr")
    assert bond.read_option("arp_validate") == "none 0"
    enslave(bond, 1)
    enslave(bond, 2)
    bond.handle(BondOpened(), now=0)
    assert asked_by(bond.advance(now=0)) == [1, 2]


def test_mode_active_backup_is_followed_by_its_own_variant():
    bond = arp_bond("balance-rr", is_open=False)
    write(bond, "mode", AB)
    enslave(bond, 1)
    enslave(bond, 2)
    bond.handle(BondOpened(), now=0)
    assert asked_by(bond.advance(now=0)) == [1]


def test_a_port_may_leave_between_two_passes():
    bond = arp_bond("balance-rr", 1, 2, resend_igmp=0)
    bond.handle(PortReleased(1), now=milliseconds(50))
    assert asked_by(next_pass(bond)) == [2]


# -- targets


def times(bond, count=3):
    return port_of(bond, 1).target_rx_ns[:count]


def test_a_new_target_counts_as_heard_now():
    bond = arp_bond(AB, 1)
    write(bond, "arp_ip_target", "+10.0.0.3", now=milliseconds(40))
    assert bond.state.options.arp_ip_targets == [TARGET, OTHER]
    assert times(bond)[1] == milliseconds(40)


def test_the_times_of_later_targets_move_down_with_them():
    bond = arp_bond(AB, 1)
    write(bond, "arp_ip_target", "+10.0.0.3", now=milliseconds(40))
    write(bond, "arp_ip_target", "+10.0.0.4", now=milliseconds(50))
    past = times(bond, 5)[3:]
    write(bond, "arp_ip_target", "-10.0.0.2", now=milliseconds(60))
    assert times(bond, 5) == [milliseconds(40), milliseconds(50), NEVER, *past]


def test_ns_targets_count_as_heard_now_and_what_arp_targets_said_is_forgotten():
    bond = arp_bond(AB, 1)
    write(bond, "arp_ip_target", "+10.0.0.3", now=milliseconds(40))
    write(bond, "ns_ip6_target", "fd00::2", now=milliseconds(50))
    assert bond.state.options.ns_ip6_targets == [TARGET6]
    assert times(bond) == [milliseconds(50), NEVER, NEVER]


def test_removing_the_last_target_is_warned_of_while_the_monitor_runs():
    bond = arp_bond(AB, 1)
    (warning,) = of_kind(write(bond, "arp_ip_target", "-10.0.0.2"), Report)
    assert warning.severity is Severity.WARNING
    assert asked_by(next_pass(bond)) == []


def test_sixteen_targets_have_sixteen_times():
    bond = arp_bond(AB, 1)
    for last in range(3, 18):
        write(bond, "arp_ip_target", f"+10.0.0.{last}", now=milliseconds(last))
    write(bond, "arp_ip_target", "-10.0.0.17", now=milliseconds(30))
    assert len(port_of(bond, 1).target_rx_ns) == 16
    assert times(bond, 16)[14:] == [milliseconds(16), NEVER]


# -- joining


@pytest.mark.parametrize("mode", ["balance-rr", AB])
def test_a_port_joins_up_if_it_has_a_carrier(mode):
    bond = arp_bond(mode, 1)
    enslave(bond, 2, CUT, now=milliseconds(50))
    assert [port.link.text for port in bond.state.ports] == ["up", "down"]


def test_a_port_that_joins_has_until_its_past_is_out_of_the_window():
    bond = arp_bond("balance-rr", 1)
    enslave(bond, 2, now=milliseconds(20))
    port = port_of(bond, 2)
    assert port.last_rx_ns == milliseconds(20 - 100) - 1
    assert port.last_tx_ns == port.last_rx_ns
