"""balance-tlb and balance-alb: what happens every tenth of a second, and to a frame of the host."""

import pytest
from alb_bonds import MS, alb, client_mac, cut, hear, host_sends, repair, reply_to, tlb
from bonds import bond_with, enslave, frames, mac_of, run, write

from pybondd.balance.hashing import transmit_hash
from pybondd.events import (
    BondClosed,
    BondOpened,
    HostAddress,
    HostAddressed,
    HostFrame,
    HostFrames,
    LoadMeasured,
    PortReleased,
)
from pybondd.forwarding import NOBODY, HashPolicy
from pybondd.wire.ethernet import with_tags
from pybondd.wire.learning import is_learning_frame, learning_frame

LLDP = bytes.fromhex("0180c200000e") + mac_of(1) + b"\x88\xcc" + bytes(46)


def to_client(number, *, source=None, size_octets=1000):
    """An IPv4 packet of our host."""
    ip = bytes.fromhex("4500 0014 0000 0000 4011 0000 0a000001 0a0000") + bytes([10 + number])
    frame = client_mac(number) + (source or mac_of(1)) + b"\x08\x00" + ip
    return frame.ljust(size_octets, b"\0")


def learning_times(bond, until_ms):
    """When which port taught."""
    return [
        (at, port)
        for at, effect in run(bond, until_ms)
        for port, frame in frames([effect])
        if is_learning_frame(frame)
    ]


def ports_taken(bond, *numbers, now_ms=0):
    return [host_sends(bond, to_client(number), now_ms=now_ms)[0][0] for number in numbers]


def open_again(bond, *, now_ms):
    bond.handle(BondClosed(), now=now_ms * MS)
    bond.handle(BondOpened(), now=now_ms * MS)
    return bond


# -- learning frames


@pytest.mark.parametrize("make", [alb, tlb])
def test_each_port_teaches_its_address_every_second(make):
    bond = make(1, 2)
    assert learning_times(bond, 2500) == [(900, 1), (900, 2), (1900, 1), (1900, 2)]


def test_lp_interval_takes_effect_at_once():
    bond = alb(1)
    write(bond, "lp_interval", "3")
    assert learning_times(bond, 3000) == [(2900, 1)]
    write(bond, "lp_interval", "1", now=3000 * MS)
    assert learning_times(bond, 4000) == [(3900, 1)]


def test_the_count_goes_on_where_it_stood_when_the_bond_was_down():
    bond = alb(1)
    run(bond, 500)
    open_again(bond, now_ms=600)
    run(bond, 600)
    assert learning_times(bond, 1500) == [(900, 1)]


def test_without_ports_nothing_counts():
    bond = alb(1)
    run(bond, 500)
    bond.handle(PortReleased(1), now=500 * MS)
    run(bond, 5000)
    enslave(bond, 2, now=5000 * MS)
    assert learning_times(bond, 6500)[0] == (6000, 2)


def test_nothing_is_due_while_the_bond_is_down():
    bond = alb(1, 2)
    bond.handle(BondClosed(), now=0)
    assert bond.next_deadline() is None


def test_balance_tlb_without_dynamic_load_does_not_even_teach():
    assert not learning_times(tlb(1, 2, tlb_dynamic_lb=0), 5000)


def test_balance_alb_without_dynamic_load_goes_on_teaching():
    bond = alb(1, 2, is_open=False)
    write(bond, "tlb_dynamic_lb", "0")
    bond.handle(BondOpened(), now=0)
    assert learning_times(bond, 1000)


def vlans():
    bond_mac, own = mac_of(1), bytes.fromhex("020000002020")
    return (
        HostAddress("bond0", bond_mac),
        HostAddress("bond0.10", bond_mac, ((0x8100, 0xE00A),), depth=1),
        HostAddress("bond0.20", own, ((0x8100, 20),), depth=1),
        HostAddress("br0", bond_mac, depth=1, is_bridge=True),
        HostAddress("br0.30", bond_mac, ((0x8100, 30),), depth=2),
        HostAddress("mac0", bytes.fromhex("020000003030"), depth=1, is_macvlan=True),
    )


def taught_by(bond, ifindex, until_ms):
    sent = frames([effect for _, effect in run(bond, until_ms)])
    return [frame for port, frame in sent if port == ifindex]


def test_vlans_on_the_bond_are_taught_with_their_tag_and_without_its_priority():
    bond = alb(1, 2)
    bond.handle(HostAddressed(vlans()), now=0)
    assert taught_by(bond, 2, 1000) == [
        learning_frame(mac_of(2)),
        learning_frame(mac_of(2), ((0x8100, 10),)),
        learning_frame(bytes.fromhex("020000002020"), ((0x8100, 20),)),
    ]


def test_macvlans_are_taught_by_the_active_port_of_balance_tlb_only():
    macvlan = learning_frame(bytes.fromhex("020000003030"))
    bond = tlb(1, 2)
    bond.handle(HostAddressed(vlans()), now=0)
    sent = frames([effect for _, effect in run(bond, 1000)])
    assert [port for port, frame in sent if frame == macvlan] == [1]


# -- frames of the host


def test_what_the_active_port_sends_is_not_changed():
    frame = to_client(1, source=bytes.fromhex("0200000000dd"))
    assert host_sends(alb(1, 2), frame) == [(1, frame)]


def test_what_another_port_sends_gets_its_address_whoever_sent_it():
    bond = alb(1, 2)
    bond.state.port_by_index(2).speed_mbps = 40_000
    stranger = bytes.fromhex("0200000000dd")
    ((port, frame),) = host_sends(bond, to_client(1, source=stranger))
    assert port == 2
    assert frame == to_client(1, source=mac_of(2))


def test_a_tag_is_put_back_and_not_counted():
    bond = alb(1, 2)
    tagged = with_tags(to_client(1), ((0x8100, 10),))
    assert host_sends(bond, tagged) == [(1, tagged)]
    assert sum(bucket.octets for bucket in bond.mode.transmit.buckets) == 1000


def test_what_is_not_balanced_counts_as_load_of_the_active_port():
    bond = alb(1, 2)
    assert host_sends(bond, LLDP) == [(1, LLDP)]
    assert bond.mode.transmit.unbalanced_octets == len(LLDP)


def test_a_frame_that_is_no_frame_is_lost_and_counted():
    bond = alb(1, 2)
    assert host_sends(bond, b"\0" * 13) == []
    assert bond.mode.lost == 1


def test_without_a_port_a_frame_is_lost_and_counted():
    bond = alb()
    assert host_sends(bond, to_client(1)) == []
    assert bond.mode.lost == 1


def test_the_first_frame_for_a_dead_port_is_lost_and_the_next_finds_another():
    bond = alb(1, 2)
    ports_taken(bond, 1)
    write(bond, "downdelay", "1000")
    cut(bond, 1, now_ms=10)
    assert host_sends(bond, to_client(1), now_ms=20) == []
    assert ports_taken(bond, 1, now_ms=30) == [2]


def test_a_lost_link_gives_its_buckets_back():
    bond = alb(1, 2)
    ports_taken(bond, 1)
    cut(bond, 1, now_ms=10)
    assert ports_taken(bond, 1, now_ms=20) == [2]


def test_flows_spread_after_ten_seconds_by_what_they_carried():
    bond = alb(1, 2)
    run(bond, 100)
    for number, count in ((1, 30), (2, 20), (3, 20)):
        assert ports_taken(bond, *([number] * count)) == [1] * count
    run(bond, 10_000)
    assert ports_taken(bond, 1, 2, 3) == [1, 2, 2]


def test_what_the_data_plane_measured_moves_flows_as_well():
    bond = alb(1, 2)
    run(bond, 100)
    ports_taken(bond, 1, 2)
    heavy = [0] * 256
    heavy[10 ^ 11] = 10_000_000
    bond.handle(LoadMeasured(tuple(heavy), unbalanced_octets=77), now=200 * MS)
    assert bond.mode.transmit.unbalanced_octets == 77
    run(bond, 10_000)
    # The first port has the 77 octets as a load already.
    assert ports_taken(bond, 1, 2) == [2, 1]
    assert bond.mode.transmit.buckets[10 ^ 11].load_octets_per_s > 1_000_000


@pytest.mark.parametrize("event", ["a port joins", "a link comes up"])
def test_a_new_port_gets_its_share_with_the_next_tick(event):
    bond = alb(1, 2)
    cut(bond, 2, now_ms=10)
    run(bond, 1000)
    ports_taken(bond, *(10 * [1, 2]), now_ms=1000)
    if event == "a port joins":
        enslave(bond, 3, now=1010 * MS)
    else:
        repair(bond, 2, now_ms=1010)
    run(bond, 1300)
    assert len(set(ports_taken(bond, 1, 2, now_ms=1300))) == 2


# -- without dynamic load


@pytest.mark.parametrize("make", [alb, tlb])
@pytest.mark.parametrize("number", range(1, 7))
def test_without_dynamic_load_the_hash_chooses(make, number):
    bond = make(1, 2, 3, is_open=False, xmit_hash_policy="layer2+3")
    write(bond, "tlb_dynamic_lb", "0")
    bond.handle(BondOpened(), now=0)
    word = transmit_hash(HashPolicy.LAYER23, to_client(number))
    assert ports_taken(bond, number) == [(1, 2, 3)[word % 3]]
    assert bond.mode.transmit.unbalanced_octets == 0


def test_without_dynamic_load_a_dead_port_is_not_chosen_from():
    bond = tlb(1, 2, 3, tlb_dynamic_lb=0)
    cut(bond, 2, now_ms=10)
    assert set(ports_taken(bond, *range(1, 20), now_ms=20)) == {1, 3}


@pytest.mark.parametrize("modes", [("balance-tlb", "balance-alb"), ("balance-alb", "balance-tlb")])
def test_linux_is_followed_still_when_one_mode_becomes_the_other(modes):
    before, after = modes
    bond = bond_with(before, is_open=False, alb_follows="linux")
    write(bond, "mode", after)
    bond.handle(BondOpened(), now=0)
    assert bond.mode.transmit.wraps


# -- nothing else


def test_other_modes_take_no_notice_of_frames_and_loads():
    bond = bond_with("active-backup", 1, 2)
    assert bond.handle(HostFrames((HostFrame(to_client(1)),)), now=0) == []
    assert bond.handle(LoadMeasured((0,) * 256, 0), now=0) == []


def test_without_dynamic_load_a_link_that_is_back_is_chosen_from_again():
    bond = tlb(1, 2, 3, tlb_dynamic_lb=0)
    cut(bond, 2, now_ms=10)
    repair(bond, 2, now_ms=500)
    run(bond, 1000)
    assert set(ports_taken(bond, *range(1, 20), now_ms=1000)) == {1, 2, 3}


def test_balance_tlb_sends_arp_by_the_active_port():
    bond = tlb(1, 2)
    arp = reply_to(bond, 1)
    assert host_sends(bond, arp) == [(1, arp)]


def test_a_frame_that_came_in_and_is_no_arp_is_nothing_to_the_bond():
    bond = alb(1, 2)
    assert hear(bond, 2, LLDP) == []
    assert bond.mode.receive.tally.received == 0


@pytest.mark.parametrize("make", [alb, tlb])
def test_a_port_elected_while_its_updelay_runs_gets_its_share_at_once(make):
    bond = make(1, 2, updelay=5000)
    run(bond, 6000)
    cut(bond, 2, now_ms=6010)
    repair(bond, 2, now_ms=6500)
    run(bond, 7000)
    ticks = bond.mode.rebalance_ticks
    cut(bond, 1, now_ms=7010)
    assert (bond.state.active.ifindex, bond.mode.rebalance_ticks) == (2, 100)
    assert ticks < 100
    run(bond, 7200)
    assert bond.mode.rebalance_ticks < ticks


@pytest.mark.parametrize("make", [alb, tlb])
def test_the_active_port_leaves_with_its_buckets(make):
    bond = make(1, 2)
    assert ports_taken(bond, 1) == [1]
    bond.handle(PortReleased(1), now=0)
    assert set(bond.table.buckets) == {NOBODY}
    assert ports_taken(bond, 1) == [2]
