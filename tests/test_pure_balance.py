"""Does the readable data plane forward as balance-tlb and balance-alb do? The compiled one too.

Which frames have a bucket: tests/balance/test_balanced.py. Sources: Linux 6.12 bond_alb.c
bond_tlb_xmit, bond_alb_xmit, bond_do_alb_xmit; bond_main.c bond_handle_frame.
"""

from dataclasses import replace

import pytest
from packets import TCP4, ethernet, ipv4
from test_pure import both_twins, forwarder, tagged

from pybondd import _pure
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
from pybondd.wire import protocols

ACTIVE, OTHER = 10, 11
BOND_MAC, OTHER_MAC = bytes.fromhex("0200000000b0"), bytes.fromhex("0200000000c1")
STRANGER, GROUP = bytes.fromhex("020000000077"), bytes.fromhex("01005e000001")
PORTS = (
    PortEntry(ACTIVE, True, True, Receive.DELIVER, mac=BOND_MAC),
    PortEntry(OTHER, True, True, Receive.UNICAST, mac=OTHER_MAC),
)
ALB = ForwardingTable(
    Spread.BUCKETS,
    ports=PORTS,
    active_port=ACTIVE,
    balances=Balances.IP,
    buckets=tuple((ACTIVE, OTHER, NOBODY, NOBODY)[n % 4] for n in range(BUCKET_COUNT)),
    bond_mac=BOND_MAC,
)
TLB = replace(ALB, balances=Balances.UNICAST_IP, bond_mac=b"")


def to(last_octet, frame_to=STRANGER):
    """UDP to 10.0.0.`last_octet`, from 0.0.0.0: that xor 10 is its bucket in mode 6."""
    packet = ipv4(protocols.UDP, addresses=f"000000000a0000{last_octet:02x}")
    return frame_to + BOND_MAC + ethernet(types.IPV4, packet)[12:]


ARP = STRANGER + BOND_MAC + ethernet(types.ARP, bytes(28))[12:]
LLDP = STRANGER + BOND_MAC + ethernet(0x88CC, bytes(40))[12:]
BY_ACTIVE, BY_OTHER, BY_NOBODY = to(10 ^ 0), to(10 ^ 1), to(10 ^ 2)


# -- which port


@both_twins
@pytest.mark.parametrize(
    ("frame", "ports"),
    [
        pytest.param(BY_ACTIVE, (ACTIVE,), id="bucket of the active port"),
        pytest.param(BY_OTHER, (OTHER,), id="bucket of the other port"),
        pytest.param(tagged(BY_OTHER), (OTHER,), id="tagged"),
        pytest.param(to(10 ^ 1, GROUP), (OTHER,), id="multicast"),
        pytest.param(BY_NOBODY, _pure.TO_BOND, id="bucket of nobody"),
        pytest.param(ARP, _pure.TO_BOND, id="ARP"),
        pytest.param(tagged(ARP), _pure.TO_BOND, id="tagged ARP"),
        pytest.param(LLDP, (ACTIVE,), id="LLDP"),
    ],
)
def test_in_mode_6_a_frame_leaves_by_the_owner_of_its_destinations_bucket(kind, frame, ports):
    made = forwarder(kind, ALB)
    assert made.from_host(frame) == ports
    counted = made.counters()
    assert counted.punted_frames == (ports == _pure.TO_BOND)
    assert counted.imbalance == (0, 0)


@both_twins
@pytest.mark.parametrize(
    ("frame", "ports"),
    [
        # Layer 2: the last octets of both addresses and the EtherType, 0x77 ^ 0xb0 ^ 0x800.
        pytest.param(BY_ACTIVE, _pure.TO_BOND, id="IP of bucket 0xc7"),
        pytest.param(to(1, STRANGER[:5] + b"\x76"), _pure.TO_BOND, id="IP of bucket 0xc6"),
        pytest.param(to(1, STRANGER[:5] + b"\x75"), (OTHER,), id="IP of bucket 0xc5"),
        pytest.param(to(1, STRANGER[:5] + b"\x74"), (ACTIVE,), id="IP of bucket 0xc4"),
        pytest.param(to(1, GROUP), (ACTIVE,), id="multicast"),
        pytest.param(ARP, (ACTIVE,), id="ARP"),
        pytest.param(LLDP, (ACTIVE,), id="LLDP"),
    ],
)
def test_in_mode_5_a_unicast_ip_frame_leaves_by_the_owner_of_its_hash(kind, frame, ports):
    assert forwarder(kind, TLB).from_host(frame) == ports


@both_twins
@pytest.mark.parametrize(
    ("table", "arp"), [(TLB, (ACTIVE,)), (ALB, _pure.TO_BOND)], ids=["mode 5", "mode 6"]
)
def test_without_dynamic_load_balancing_the_hash_chooses_and_no_bucket_counts(kind, table, arp):
    hashed = replace(table, spread=Spread.HASH, tx_ports=(OTHER, ACTIVE), buckets=())
    made = forwarder(kind, hashed)
    # 0x8c7 is odd, 0x8c6 even.
    assert made.from_host(BY_ACTIVE) == (ACTIVE,)
    assert made.from_host(to(1, STRANGER[:5] + b"\x76")) == (OTHER,)
    assert (made.from_host(LLDP), made.from_host(ARP)) == ((ACTIVE,), arp)
    assert sum(made.take_load()[0]) == 0


@both_twins
@pytest.mark.parametrize(
    "active", [None, replace(PORTS[0], can_transmit=False)], ids=["no", "dead"]
)
@pytest.mark.parametrize("table", [TLB, ALB], ids=["mode 5", "mode 6"])
def test_what_only_the_active_port_may_send_is_dropped_when_it_cannot(kind, active, table):
    ports = (active or PORTS[0], PORTS[1])
    made = forwarder(kind, replace(table, ports=ports, active_port=active and ACTIVE))
    assert made.from_host(LLDP) == ()
    assert made.counters().transmit_drops() == {Reason.NO_PORT: 1}
    assert made.take_load()[1] == 0


@both_twins
def test_without_a_port_that_can_transmit_nothing_is_left_to_the_bond_either(kind):
    made = forwarder(kind, replace(ALB, spread=Spread.NONE, buckets=()))
    assert [made.from_host(frame) for frame in (ARP, BY_OTHER, LLDP)] == [(), (), ()]


# -- load


@both_twins
def test_load_counts_the_untagged_octets_of_what_was_decided_here(kind):
    made = forwarder(kind, ALB)
    for frame in (BY_OTHER, tagged(BY_OTHER), BY_NOBODY, ARP, LLDP, tagged(LLDP)):
        made.from_host(frame)
    octets, unbalanced_octets = made.take_load()
    expected = tuple(2 * len(BY_OTHER) if n == 1 else 0 for n in range(BUCKET_COUNT))
    assert (octets, unbalanced_octets) == (expected, 2 * len(LLDP))
    assert made.take_load() == ((0,) * BUCKET_COUNT, 0)


# -- whose address


@both_twins
def test_a_frame_shows_the_address_of_the_port_unless_that_is_the_active_one(kind):
    made = forwarder(kind, ALB)
    of_guest = tagged(STRANGER + STRANGER + ethernet(types.IPV4, TCP4)[12:])
    for frame in (BY_OTHER, of_guest):
        assert made.as_sent(OTHER, frame) == frame[:6] + OTHER_MAC + frame[12:]
        assert made.as_sent(ACTIVE, frame) == frame


RECEIVED = [
    pytest.param(ACTIVE, BOND_MAC, BOND_MAC, id="active, to the bond"),
    pytest.param(ACTIVE, OTHER_MAC, OTHER_MAC, id="active, to the other port"),
    pytest.param(ACTIVE, STRANGER, STRANGER, id="active, to a stranger"),
    pytest.param(ACTIVE, GROUP, GROUP, id="active, to a group"),
    pytest.param(OTHER, OTHER_MAC, BOND_MAC, id="other, to its own"),
    pytest.param(OTHER, STRANGER, STRANGER, id="other, to a stranger"),
    pytest.param(OTHER, BOND_MAC, Reason.OTHER_PORT, id="other, to the bond"),
    pytest.param(OTHER, GROUP, Reason.SUPPRESSED, id="other, to a group"),
]


@both_twins
@pytest.mark.parametrize(("ifindex", "destination", "seen"), RECEIVED)
def test_the_host_gets_what_is_for_one_station_under_the_bonds_address(
    kind, ifindex, destination, seen
):
    made = forwarder(kind, ALB)
    frame = to(10, destination)
    reason = made.from_port(ifindex, frame)
    assert reason is (seen if isinstance(seen, Reason) else None)
    if reason is None:
        assert made.as_delivered(ifindex, frame) == seen + frame[6:]


@both_twins
@pytest.mark.parametrize("covers", [True, False], ids=["covers", "follows Linux"])
def test_the_active_port_answers_for_ports_that_cannot_transmit_if_it_is_to(kind, covers):
    dead = replace(PORTS[1], can_transmit=False)
    made = forwarder(kind, replace(ALB, ports=(PORTS[0], dead), covers_dead_ports=covers))
    frame = to(10, OTHER_MAC)
    assert made.as_delivered(ACTIVE, frame) == (BOND_MAC if covers else OTHER_MAC) + frame[6:]


# -- tables that cannot be


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"buckets": (ACTIVE,) * 255}, id="a bucket too few"),
        pytest.param({"buckets": (99,) * BUCKET_COUNT}, id="buckets of no port"),
        pytest.param({"balances": Balances.EVERYTHING}, id="buckets for everything"),
        pytest.param({"copies_neighbours": True}, id="copies"),
        pytest.param({"spread": Spread.EVERY, "buckets": ()}, id="to every port"),
        pytest.param({"spread": Spread.HASH, "buckets": ()}, id="a hash over no port"),
        pytest.param({"bond_mac": b"\2"}, id="half an address"),
        pytest.param(
            {"ports": (PORTS[0], replace(PORTS[1], mac=b""))}, id="a port without address"
        ),
    ],
)
def test_a_table_that_the_data_plane_could_not_follow_is_not_made(wrong):
    with pytest.raises(AssertionError):
        replace(ALB, **wrong)
