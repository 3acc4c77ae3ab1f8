"""What the data plane of balance-tlb and balance-alb is told, in every state of the bond."""

import pytest
from alb_bonds import MS, alb, client_mac, cut, hear, host_sends, repair, reply_to, request_for, tlb
from bonds import bond_with, mac_of, of_kind, run, write

from pybondd.effects import PublishTable
from pybondd.events import (
    BondMacChanged,
    BondOpened,
    HostFrame,
    HostFrames,
    LoadMeasured,
    PortReleased,
)
from pybondd.forwarding import NOBODY, Balances, Receive, Spread

FIRST, SECOND = 10 ^ 11, 10 ^ 12
"""Buckets of the first two clients in balance-alb."""
BOTH = pytest.mark.parametrize("make", [alb, tlb])


def to_client(number):
    ip = bytes.fromhex("4500 0014 0000 0000 4011 0000 0a000001 0a0000") + bytes([10 + number])
    return client_mac(number) + mac_of(1) + b"\x08\x00" + ip


def published(effects):
    return of_kind(effects, PublishTable)


def receive_rules(bond):
    return [entry.receive for entry in bond.table.ports]


def owned(bond):
    """Owners by bucket, without buckets that have none."""
    return {n: owner for n, owner in enumerate(bond.table.buckets) if owner != NOBODY}


# -- which table


@BOTH
def test_without_traffic_all_buckets_are_left_to_the_bond(make):
    table = make(1, 2).table
    assert (table.spread, set(table.buckets), table.tx_ports) == (Spread.BUCKETS, {NOBODY}, ())


def test_the_table_of_balance_alb_says_which_frames_and_which_addresses():
    table = alb(1, 2).table
    assert (table.balances, table.bond_mac, table.covers_dead_ports) == (
        Balances.IP,
        mac_of(1),
        True,
    )
    assert [entry.mac for entry in table.ports] == [mac_of(1), mac_of(2)]


def test_the_table_of_balance_tlb_changes_no_destination():
    table = tlb(1, 2).table
    assert (table.balances, table.bond_mac, table.covers_dead_ports) == (
        Balances.UNICAST_IP,
        b"",
        False,
    )
    assert [entry.mac for entry in table.ports] == [mac_of(1), mac_of(2)]


def test_linux_lets_nobody_take_what_is_for_a_dead_port():
    bond = alb(1, 2)
    (effect,) = published(write(bond, "alb_follows", "linux"))
    assert not effect.table.covers_dead_ports


@BOTH
def test_without_a_port_there_is_nothing_to_choose(make):
    bond = make()
    assert (bond.table.spread, bond.table.ports, bond.table.active_port) == (Spread.NONE, (), None)


@BOTH
def test_when_no_port_can_transmit_frames_are_dropped_and_not_left_to_the_bond(make):
    bond = make(1, 2)
    host_sends(bond, to_client(1))
    cut(bond, 2, now_ms=10)
    cut(bond, 1, now_ms=10)
    assert (bond.table.spread, bond.table.buckets) == (Spread.NONE, ())


@BOTH
def test_the_table_names_the_active_port_or_none(make):
    bond = make(1, 2)
    assert bond.table.active_port == 1
    cut(bond, 1, now_ms=10)
    assert bond.table.active_port == 2
    cut(bond, 2, now_ms=20)
    assert bond.table.active_port is None


# -- owners


def test_the_first_frame_of_a_bucket_gives_it_an_owner_and_the_second_changes_nothing():
    bond = alb(1, 2)
    frame = HostFrames((HostFrame(to_client(1)),))
    assert len(published(bond.handle(frame, now=0))) == 1
    assert owned(bond) == {FIRST: 1}
    assert not published(bond.handle(frame, now=0))


def test_frames_that_wait_together_make_one_table():
    bond = alb(1, 2)
    frames = tuple(HostFrame(to_client(number)) for number in range(1, 60))
    assert len(published(bond.handle(HostFrames(frames), now=0))) == 1
    assert len(owned(bond)) == 59


@BOTH
def test_an_owner_whose_carrier_is_gone_but_not_believed_yet_is_nobody(make):
    bond = make(1, 2, downdelay=1000)
    host_sends(bond, to_client(1))
    assert set(owned(bond).values()) == {1}
    (effect,) = published(cut(bond, 1, now_ms=10))
    assert set(effect.table.buckets) == {NOBODY}
    assert not effect.table.ports[0].can_transmit
    repair(bond, 1, now_ms=20)
    assert set(owned(bond).values()) == {1}


@BOTH
def test_a_frame_for_a_dead_owner_costs_it_its_buckets(make):
    bond = make(1, 2, downdelay=1000)
    host_sends(bond, to_client(1))
    cut(bond, 1, now_ms=10)
    assert host_sends(bond, to_client(1)) == []
    host_sends(bond, to_client(1))
    assert set(owned(bond).values()) == {2}


@BOTH
def test_a_rebalancing_leaves_every_bucket_to_the_bond_again(make):
    bond = make(1, 2)
    run(bond, 100)
    host_sends(bond, to_client(1))
    assert owned(bond)
    run(bond, 11_000)
    assert not owned(bond)


# -- a hash


@BOTH
def test_without_dynamic_load_the_table_names_all_usable_ports(make):
    bond = make(1, 2, 3, is_open=False)
    write(bond, "tlb_dynamic_lb", "0")
    bond.handle(BondOpened(), now=0)
    assert (bond.table.spread, bond.table.tx_ports, bond.table.buckets) == (
        Spread.HASH,
        (1, 2, 3),
        (),
    )
    cut(bond, 2, now_ms=10)
    assert bond.table.tx_ports == (1, 3)
    cut(bond, 1, now_ms=20)
    cut(bond, 3, now_ms=30)
    assert (bond.table.spread, bond.table.tx_ports) == (Spread.NONE, ())


def test_the_hash_is_the_one_that_was_chosen():
    bond = bond_with("balance-tlb", 1, 2, tlb_dynamic_lb=0, xmit_hash_policy="layer3+4")
    assert bond.table.hash_policy.name == "LAYER34"


# -- who hears what


@pytest.mark.parametrize(
    ("make", "others"),
    [
        pytest.param(alb, Receive.UNICAST, id="balance-alb"),
        pytest.param(tlb, Receive.SUPPRESS, id="balance-tlb"),
    ],
)
def test_the_active_port_hears_all_and_the_others_less(make, others):
    bond = make(1, 2, 3)
    assert receive_rules(bond) == [Receive.DELIVER, others, others]
    (effect,) = published(cut(bond, 1, now_ms=10))
    assert [entry.receive for entry in effect.table.ports] == [others, Receive.DELIVER, others]


@BOTH
def test_with_all_slaves_active_every_port_hears_all(make):
    assert receive_rules(make(1, 2, all_slaves_active=1)) == [Receive.DELIVER] * 2


# -- when a table is published


def test_a_failover_publishes_one_table_with_the_addresses_exchanged():
    bond = alb(1, 2)
    (effect,) = published(cut(bond, 1, now_ms=10))
    assert [entry.mac for entry in effect.table.ports] == [mac_of(2), mac_of(1)]
    assert effect.table.active_port == 2


def test_a_new_address_of_the_bond_is_published():
    bond = alb(1, 2)
    (effect,) = published(bond.handle(BondMacChanged(mac_of(0x77)), now=0))
    assert effect.table.bond_mac == effect.table.ports[0].mac == mac_of(0x77)


def test_a_port_that_leaves_is_published():
    bond = alb(1, 2)
    host_sends(bond, to_client(1))
    effects = bond.handle(PortReleased(1), now=0)
    assert [entry.ifindex for entry in published(effects)[-1].table.ports] == [2]


def test_a_thousand_arps_publish_nothing():
    bond = alb(1, 2, 3)
    host_sends(bond, reply_to(bond, 1))
    effects = []
    for number in range(1000):
        ask = request_for(bond, bytes([10, 0, number >> 8, number & 0xFF]))
        for frame in (reply_to(bond, number % 200), ask):
            effects += bond.handle(HostFrames((HostFrame(frame),)), now=0)
        effects += hear(bond, 2, ask)
    assert not published(effects)
    assert bond.mode.receive.tally.received == 1000


@BOTH
def test_ten_quiet_minutes_publish_nothing_and_neither_does_a_load(make):
    bond = make(1, 2)
    run(bond, 100)
    assert not published([effect for _, effect in run(bond, 600_000)])
    assert not published(bond.handle(LoadMeasured((5,) * 256, 7), now=600_000 * MS))
