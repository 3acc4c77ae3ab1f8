"""Do both pumps move frames as balance-tlb and balance-alb want it? See test_pump.py Bench."""

import os
import select
import socket
from dataclasses import replace

import pytest
from packets import TCP4, ethernet, vlan
from test_pump import FIRST, SECOND, VNET, both_twins, running

from pybondd.counters import Reason
from pybondd.forwarding import (
    BUCKET_COUNT,
    NOBODY,
    Balances,
    ForwardingTable,
    PortEntry,
    Receive,
    Spread,
)
from pybondd.wire import ethertypes as types

BOND_MAC = bytes.fromhex("0200000000b0")
SECOND_MAC = bytes.fromhex("0200000000c2")
ALB = ForwardingTable(
    spread=Spread.BUCKETS,
    ports=(
        PortEntry(FIRST, True, True, Receive.DELIVER, mac=BOND_MAC),
        PortEntry(SECOND, True, True, Receive.UNICAST, mac=SECOND_MAC),
    ),
    active_port=FIRST,
    balances=Balances.IP,
    buckets=(SECOND,) * BUCKET_COUNT,
    bond_mac=BOND_MAC,
)
ARP = ethernet(types.ARP, bytes(28))
IP = ethernet(types.IPV4, TCP4)
IP_TAGGED = ethernet(types.VLAN, vlan(0x6064, types.IPV4, TCP4))
OTHER = ethernet(types.PPPOE_SESSION)
SUPER = ethernet(types.IPV4, TCP4 + bytes(65000))
IP_BUCKET = 0x0A ^ 0x4D ^ 0x11 ^ 0xE6


def sent_to(mac, frame):
    return mac + frame[6:]


def sent_from(mac, frame):
    return frame[:6] + mac + frame[12:]


def giving_ip_to(owner):
    """A table with the bucket of IP in these hands."""
    buckets = tuple(owner if n == IP_BUCKET else SECOND for n in range(BUCKET_COUNT))
    return replace(ALB, buckets=buckets)


def taken(bench):
    """What is left to the bond next."""
    readable, _, _ = select.select([bench.pump.punted_fd()], [], [], 2)
    assert readable, "nothing is left"
    return os.read(bench.pump.punted_fd(), 1 << 17)


# -- from the host


@both_twins
@pytest.mark.parametrize("frame", [IP, IP_TAGGED, SUPER], ids=["small", "tagged", "super-frame"])
def test_a_frame_that_leaves_by_another_port_shows_that_ports_address(kind, frame):
    with running(kind, ALB) as bench:
        bench.host.send(bytes(range(10)) + frame)
        assert bench.second.recv(1 << 17) == bytes(range(10)) + sent_from(SECOND_MAC, frame)


@both_twins
@pytest.mark.parametrize("frame", [OTHER, IP], ids=["not balanced", "balanced"])
def test_a_frame_that_leaves_by_the_active_port_is_sent_as_it_is(kind, frame):
    with running(kind, giving_ip_to(FIRST)) as bench:
        bench.host.send(VNET + frame)
        assert bench.first.recv(100) == VNET + frame


# -- left to the bond


@both_twins
@pytest.mark.parametrize("frame", [ARP, IP, SUPER], ids=["ARP", "no owner", "super-frame"])
def test_what_the_table_does_not_decide_is_left_to_the_bond_as_it_is(kind, frame):
    with running(kind, giving_ip_to(NOBODY)) as bench:
        bench.host.send(bytes(range(10)) + frame)
        assert taken(bench) == bytes(range(10)) + frame
        counted = bench.stop()
        assert bench.pump.take_load() == ((0,) * BUCKET_COUNT, 0)
    assert counted.punted_frames == 1
    assert counted.imbalance == (0, 0)


@both_twins
def test_frames_that_the_bond_has_no_room_for_are_dropped_and_counted(kind):
    with running(kind, ALB) as bench:
        for _ in range(400):
            bench.host.send(VNET + ARP + bytes(60000))
        counted = bench.counted(lambda counters: counters.host_frames == 400)
        dropped = counted.host_drops[Reason.PUNT_FULL]
        assert dropped > 0
        assert counted.punted_frames == 400 - dropped
        assert counted.punted_frames >= 5, "no room for a few super-frames"
        bench.host.send(VNET + IP)
        assert bench.second.recv(100) == VNET + sent_from(SECOND_MAC, IP)
    assert counted.transmit_drops() == {Reason.PUNT_FULL: dropped}


@both_twins
def test_what_waits_for_the_bond_goes_by_the_next_table_at_once_and_in_order(kind):
    sizes = [60000 if n in (30, 31, 32) else n for n in range(150)]
    frames = [IP + n.to_bytes(2, "big") + bytes(size) for n, size in enumerate(sizes)]
    with running(kind, giving_ip_to(NOBODY)) as bench:
        near_second = bench.pairs[2][1]
        near_second.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 212992)
        for frame in (ARP, *frames, ARP):
            bench.host.send(VNET + frame)
        bench.counted(lambda counters: counters.punted_frames == 152)
        bench.pump.publish(ALB)
        for frame in frames:
            assert bench.second.recv(1 << 17) == VNET + sent_from(SECOND_MAC, frame)
        bench.host.send(VNET + IP)
        assert bench.second.recv(1 << 17) == VNET + sent_from(SECOND_MAC, IP)
        assert (taken(bench), taken(bench)) == (VNET + ARP, VNET + ARP)
        with pytest.raises(BlockingIOError):
            os.read(bench.pump.punted_fd(), 100)
        counted = bench.counted(lambda counters: counters.host_frames == 153)
        assert bench.pump.take_load()[0][IP_BUCKET] == sum(map(len, frames)) + len(IP)
    assert (counted.reclaimed_frames, counted.punted_frames) == (152, 154)
    assert counted.transmit_drops() == {}


@both_twins
def test_255_new_buckets_do_not_hold_up_the_one_that_has_an_owner(kind):
    buckets = tuple(SECOND if n == IP_BUCKET else NOBODY for n in range(BUCKET_COUNT))
    with running(kind, replace(ALB, buckets=buckets)) as bench:
        for bucket in set(range(BUCKET_COUNT)) - {IP_BUCKET}:
            destination = (int.from_bytes(IP[30:34], "big") ^ bucket ^ IP_BUCKET).to_bytes(4, "big")
            bench.host.send(VNET + IP[:30] + destination + IP[34:])
        bench.host.send(VNET + IP)
        assert bench.second.recv(100) == VNET + sent_from(SECOND_MAC, IP)
        counted = bench.counted(lambda counters: counters.host_frames == BUCKET_COUNT)
    assert counted.punted_frames == BUCKET_COUNT - 1
    assert counted.transmit_drops() == {}


# -- load


@both_twins
def test_load_is_what_was_sent_by_bucket_and_without_one_since_it_was_asked_last(kind):
    with running(kind, ALB) as bench:
        for frame in (IP, IP_TAGGED, OTHER):
            bench.host.send(VNET + frame)
        bench.counted(lambda counters: counters.host_frames == 3)
        octets, unbalanced_octets = bench.pump.take_load()
        assert bench.pump.take_load() == ((0,) * BUCKET_COUNT, 0)
        bench.pump.publish(replace(ALB, generation=1))
        bench.host.send(VNET + IP)
        bench.counted(lambda counters: counters.host_frames == 4)
        assert bench.pump.take_load()[0][IP_BUCKET] == len(IP)
    assert {bucket: count for bucket, count in enumerate(octets) if count} == {
        IP_BUCKET: 2 * len(IP)
    }
    assert unbalanced_octets == len(OTHER)


# -- to the host


@both_twins
@pytest.mark.parametrize(
    ("frame", "seen"),
    [
        pytest.param(sent_to(SECOND_MAC, IP), sent_to(BOND_MAC, IP), id="its own"),
        pytest.param(IP, IP, id="another station's"),
    ],
)
def test_the_host_sees_the_bonds_address_where_a_frame_was_for_the_ports(kind, frame, seen):
    with running(kind, ALB) as bench:
        bench.second.send(bytes(range(10)) + frame)
        assert bench.host.recv(100) == bytes(range(10)) + seen
        counted = bench.counted(lambda counters: counters.port(SECOND).delivered_frames)
    assert counted.port(SECOND).delivered_octets == len(frame)


@both_twins
@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        pytest.param(sent_to(b"\xff" * 6, ARP), Reason.SUPPRESSED, id="broadcast"),
        pytest.param(sent_to(BOND_MAC, IP), Reason.OTHER_PORT, id="the bond's"),
    ],
)
def test_a_port_that_is_not_active_delivers_no_group_and_nothing_for_the_bond(kind, frame, reason):
    with running(kind, ALB) as bench:
        bench.second.send(VNET + frame)
        counted = bench.counted(lambda counters: counters.port(SECOND).received_frames)
        bench.first.send(VNET + frame)
        assert bench.host.recv(100) == VNET + frame
    assert counted.receive_drops() == {reason: 1}


@both_twins
def test_the_active_port_answers_for_a_dead_one(kind):
    dead = replace(ALB.ports[1], can_transmit=False)
    with running(kind, replace(ALB, ports=(ALB.ports[0], dead), covers_dead_ports=True)) as bench:
        bench.first.send(VNET + sent_to(SECOND_MAC, IP))
        assert bench.host.recv(100) == VNET + sent_to(BOND_MAC, IP)
