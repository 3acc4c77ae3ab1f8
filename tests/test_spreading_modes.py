"""balance-rr, balance-xor, broadcast: the tables they publish."""

import pytest
from bonds import CUT, UP, active, bond_with, link, mac_of, of_kind, run, write

from pybondd.effects import PublishTable, SendFrame, SetBondSpeed
from pybondd.events import HostAddress, HostAddressed, PortReleased
from pybondd.forwarding import HashPolicy, Receive, Spread
from pybondd.units import milliseconds

MS = milliseconds(1)


def test_round_robin_keeps_dead_ports_in_their_places():
    bond = bond_with("balance-rr", 1, 2, 3)
    link(bond, 2, CUT, now=5 * MS)
    assert bond.table.tx_ports == (1, 2, 3)
    assert [entry.can_transmit for entry in bond.table.ports] == [True, False, True]


def test_round_robin_hands_packets_per_slave_to_the_dispatcher():
    bond = bond_with("balance-rr", 1, packets_per_slave=7)
    assert bond.table.packets_per_port == 7


def test_round_robin_sends_igmp_by_the_first_port_that_came_up():
    bond = bond_with("balance-rr", 1, 2)
    assert (active(bond), bond.table.active_port) == ("eth1", 1)
    link(bond, 1, CUT, now=5 * MS)
    assert bond.table.active_port == 2


def test_xor_closes_the_gap_of_a_dead_port():
    bond = bond_with("balance-xor", 4, 2, 1, 3)
    assert bond.table.tx_ports == (4, 2, 1, 3)
    link(bond, 2, CUT, now=5 * MS)
    assert bond.table.tx_ports == (4, 1, 3)


def test_xor_drops_a_dead_carrier_even_without_a_monitor():
    bond = bond_with("balance-xor", 1, 2, miimon=0)
    link(bond, 1, CUT, now=5 * MS)
    assert bond.table.tx_ports == (2,)


def test_a_new_policy_is_published_at_once():
    bond = bond_with("balance-xor", 1)
    (publish,) = write(bond, "xmit_hash_policy", "layer3+4")
    assert publish.table.hash_policy is HashPolicy.LAYER34


def test_broadcast_marks_ports_without_a_link():
    bond = bond_with("broadcast", 1, 2)
    link(bond, 1, CUT, now=5 * MS)
    assert bond.table.spread is Spread.EVERY
    assert [entry.is_live for entry in bond.table.ports] == [False, True]


@pytest.mark.parametrize("mode", ["balance-rr", "balance-xor", "broadcast"])
def test_nothing_that_arrives_is_suppressed(mode):
    bond = bond_with(mode, 1, 2)
    link(bond, 1, CUT, now=5 * MS)
    assert [entry.receive for entry in bond.table.ports] == [Receive.DELIVER] * 2


@pytest.mark.parametrize("mode", ["balance-rr", "balance-xor", "broadcast"])
def test_ports_share_the_first_ones_address_until_they_leave(mode):
    bond = bond_with(mode, 1, 2)
    assert [port.mac for port in bond.state.ports] == [mac_of(1)] * 2
    bond.handle(PortReleased(1), now=5 * MS)
    assert bond.state.mac == mac_of(1)


@pytest.mark.parametrize(
    ("mode", "speed"), [("balance-rr", 20000), ("balance-xor", 20000), ("broadcast", 10000)]
)
def test_the_bonds_speed_is_the_sum_except_for_broadcast(mode, speed):
    bond = bond_with(mode, 1, 2)
    assert bond.state.shown_speed[0] == speed


def test_an_equal_table_is_not_published_twice():
    bond = bond_with("balance-xor", 1, 2)
    generation = bond.table.generation
    assert write(bond, "lp_interval", "5") == []
    assert bond.table.generation == generation


def test_each_published_table_has_the_next_generation():
    bond = bond_with("balance-xor", 1, 2)
    before = bond.table.generation
    tables = [e.table for e in of_kind(link(bond, 1, CUT, now=MS), PublishTable)]
    tables += [e.table for e in of_kind(link(bond, 1, UP, now=2 * MS), PublishTable)]
    assert [table.generation for table in tables] == list(
        range(before + 1, before + 1 + len(tables))
    )


def test_round_robin_reports_groups_after_its_igmp_port_changed_and_xor_does_not():
    group = HostAddress("bond0", mac_of(1), igmp_groups=(bytes([239, 1, 1, 1]),))
    sent = {}
    for mode in ("balance-rr", "balance-xor"):
        bond = bond_with(mode, 1, 2)
        bond.handle(HostAddressed((group,)), now=0)
        link(bond, 1, CUT, now=10 * MS)
        sent[mode] = [e.ifindex for _, e in run(bond, 2000) if isinstance(e, SendFrame)]
    assert sent == {"balance-rr": [2], "balance-xor": []}


def test_losing_the_last_link_shows_an_unknown_speed():
    bond = bond_with("balance-rr", 1)
    assert SetBondSpeed(None, None) in link(bond, 1, CUT, now=5 * MS)
