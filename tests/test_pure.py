"""Does the readable data plane choose ports as Linux does? The compiled twin must do the same.

Section 2 of the driver's behaviour: bond_main.c bond_xmit_roundrobin, bond_slave_override, and the
receive handler bond_handle_frame (Linux 6.12).
"""

from dataclasses import replace

import pytest
from packets import MACS
from twins import SPREADS, TWINS

from pybondd import _pure
from pybondd.counters import Reason
from pybondd.forwarding import ForwardingTable, HashPolicy, PortEntry, Receive, Spread
from pybondd.wire.ethernet import with_tags

try:
    from pybondd import _fast
except ImportError:
    _fast = None

FORWARDERS = {"pure": _pure.Forwarder, "compiled": _fast and _fast.Forwarder}
both_twins = pytest.mark.parametrize("kind", TWINS)

ARP = MACS + b"\x08\x06" + bytes(28)
IPV4_HEADER = bytes.fromhex("45000014000000004011000001020304") + bytes(4)
UDP = MACS + b"\x08\x00" + IPV4_HEADER
IGMP = UDP[:23] + b"\x02" + UDP[24:]


def port(ifindex, *, can_transmit=True, is_live=True, receive=Receive.DELIVER, queue_id=0):
    return PortEntry(ifindex, can_transmit, is_live, receive, queue_id)


def table(*ports, spread, **more):
    more.setdefault("tx_ports", tuple(entry.ifindex for entry in ports))
    return ForwardingTable(spread=spread, ports=ports, **more)


def tagged(frame, tag_type=0x8100):
    return with_tags(frame, ((tag_type, 0x0064),))


def forwarder(kind, first_table=None, *, seed=1):
    made = FORWARDERS[kind](seed)
    if first_table:
        made.publish(first_table)
    return made


def chosen(forwarder, count, frame=ARP):
    """The ports of so many frames, "-" for a drop, when each takes one port at most."""
    answers = [forwarder.from_host(frame) for _ in range(count)]
    return " ".join("".join(map(str, answer)) or "-" for answer in answers)


ROUND = table(port(10), port(11), port(12), port(13), spread=Spread.ROUND_ROBIN)


def dead(entry):
    return replace(entry, can_transmit=False, is_live=False)


# -- no table, no port


@both_twins
def test_before_the_first_table_every_frame_is_dropped_for_want_of_a_port(kind):
    made = forwarder(kind)
    assert made.from_host(ARP) == ()
    assert made.counters().transmit_drops() == {Reason.NO_PORT: 1}
    assert made.counters().imbalance == (0, 0)


@both_twins
@pytest.mark.parametrize("spread", [spread for spread in SPREADS if spread is not Spread.ONE])
def test_a_table_without_transmit_ports_drops_every_frame(kind, spread):
    assert forwarder(kind, table(port(10), spread=spread, tx_ports=())).from_host(ARP) == ()


@both_twins
def test_a_table_that_spreads_nothing_drops_although_it_has_ports(kind):
    assert forwarder(kind, table(port(10), spread=Spread.NONE)).from_host(ARP) == ()


@both_twins
@pytest.mark.parametrize(("size", "ports"), [(0, ()), (13, ()), (14, (10,))])
def test_a_frame_shorter_than_a_header_is_counted_as_too_short(kind, size, ports):
    made = forwarder(kind, table(port(10), spread=Spread.ONE))
    assert made.from_host(ARP[:size]) == ports
    assert made.counters().transmit_drops() == ({} if ports else {Reason.TOO_SHORT: 1})


# -- one


@both_twins
def test_the_one_port_gets_every_frame_even_when_it_is_dead(kind):
    made = forwarder(kind, table(port(9), dead(port(10)), spread=Spread.ONE, tx_ports=(10,)))
    assert chosen(made, 2) == "10 10"


# -- round robin


@both_twins
def test_round_robin_begins_with_the_second_port(kind):
    assert chosen(forwarder(kind, ROUND), 6) == "11 12 13 10 11 12"


@both_twins
def test_round_robin_gives_a_dead_ports_turn_to_its_successor(kind):
    entries = (port(10), dead(port(11)), port(12), port(13))
    made = forwarder(kind, table(*entries, spread=Spread.ROUND_ROBIN))
    assert chosen(made, 8) == "12 12 13 10 12 12 13 10"


@both_twins
def test_round_robin_wraps_from_a_dead_last_port_to_the_first(kind):
    made = forwarder(kind, table(port(10), port(11), dead(port(12)), spread=Spread.ROUND_ROBIN))
    assert chosen(made, 4) == "11 10 10 11"


@both_twins
def test_round_robin_drops_when_no_port_can_transmit_though_some_are_live(kind):
    backup = port(10, can_transmit=False)
    made = forwarder(kind, table(backup, spread=Spread.ROUND_ROBIN))
    assert chosen(made, 2) == "- -"


@both_twins
@pytest.mark.parametrize(
    ("packets", "ports"),
    [
        (2, "10 11 11 12 12 13 13 10"),
        (3, "10 10 11 11 11 12 12 12"),
        (65535, "10 10 10 10 10 10 10 10"),
    ],
)
def test_a_group_of_packets_stays_on_a_port_and_the_first_group_is_one_short(kind, packets, ports):
    assert chosen(forwarder(kind, replace(ROUND, packets_per_port=packets)), 8) == ports


@both_twins
def test_the_round_goes_on_from_one_table_to_the_next(kind):
    made = forwarder(kind, ROUND)
    assert chosen(made, 2) == "11 12"
    made.publish(replace(ROUND, generation=1))
    assert chosen(made, 2) == "13 10"


@both_twins
def test_ports_are_random_when_packets_per_port_is_0_and_repeat_with_the_seed(kind):
    randomly = replace(ROUND, packets_per_port=0)
    assert chosen(forwarder(kind, randomly, seed=1), 8) == "11 11 11 13 11 10 12 12"
    assert chosen(forwarder(kind, randomly, seed=2), 8) == "12 12 12 12 12 13 11 12"


def test_the_random_words_are_marsaglias():
    random = _pure.Random(2463534242)
    assert [random.next_word() for _ in range(2)] == [723471715, 2497366906]


@both_twins
def test_seed_0_gives_random_ports_too(kind):
    ports = chosen(forwarder(kind, replace(ROUND, packets_per_port=0), seed=0), 40)
    assert set(ports.split()) == {"10", "11", "12", "13"}


# -- IGMP in round robin


@both_twins
def test_igmp_goes_to_its_port_even_when_that_is_dead_and_takes_no_turn(kind):
    entries = (port(10), port(11), dead(port(12)))
    made = forwarder(kind, table(*entries, spread=Spread.ROUND_ROBIN, active_port=12))
    assert chosen(made, 2, IGMP) == "12 12"
    assert chosen(made, 2) == "11 10"


@both_twins
def test_igmp_without_a_port_of_its_own_walks_from_the_first_port(kind):
    made = forwarder(kind, table(dead(port(10)), port(11), port(12), spread=Spread.ROUND_ROBIN))
    assert chosen(made, 3, IGMP) == "11 11 11"
    assert chosen(made, 1) == "11"


@both_twins
@pytest.mark.parametrize(
    ("frame", "is_igmp"),
    [
        pytest.param(IGMP, True, id="IGMP"),
        pytest.param(UDP, False, id="UDP"),
        pytest.param(IGMP[:34], True, id="its header just there"),
        pytest.param(IGMP[:33], False, id="its header one octet short"),
        pytest.param(IGMP[:12] + b"\x08\x06" + IGMP[14:], False, id="not IPv4"),
        pytest.param(tagged(IGMP), True, id="tagged"),
        pytest.param(tagged(IGMP, 0x88A8), True, id="service tag"),
        pytest.param(tagged(IGMP)[:38], True, id="tagged, its header just there"),
        pytest.param(tagged(IGMP)[:37], False, id="tagged, one octet short"),
        pytest.param(tagged(tagged(IGMP)), False, id="two tags"),
        pytest.param(IGMP[:12] + b"\x81\x00" + IGMP[14:], False, id="a tag over no IPv4"),
    ],
)
def test_igmp_is_known_by_its_protocol_below_one_tag_at_most(kind, frame, is_igmp):
    made = forwarder(kind, replace(ROUND, active_port=13))
    assert chosen(made, 1, frame) == ("13" if is_igmp else "11")


# -- hash


HASHED = table(port(10), port(11), port(12), spread=Spread.HASH)


@both_twins
@pytest.mark.parametrize(
    ("last_octet", "expected"), [(0, 10), (1, 11), (2, 12), (3, 10), (5, 12), (0xFF, 10)]
)
def test_a_hashed_frame_takes_the_port_at_the_remainder(kind, last_octet, expected):
    frame = bytes(5) + bytes([last_octet]) + bytes(6) + b"\x00\x00"
    assert forwarder(kind, HASHED).from_host(frame) == (expected,)


@both_twins
def test_a_hashed_frame_takes_its_port_without_looking_whether_it_is_alive(kind):
    made = forwarder(kind, table(dead(port(10)), spread=Spread.HASH))
    assert made.from_host(ARP) == (10,)


@both_twins
@pytest.mark.parametrize("tag_type", [0x8100, 0x88A8])
@pytest.mark.parametrize("policy", [p for p in HashPolicy if p is not HashPolicy.VLAN_SRCMAC])
def test_the_outermost_tag_does_not_change_the_port(kind, policy, tag_type):
    made = forwarder(kind, replace(HASHED, hash_policy=policy))
    for octet in range(8):
        frame = UDP[:33] + bytes([octet]) + UDP[34:]
        assert made.from_host(tagged(frame, tag_type)) == made.from_host(frame)


@both_twins
@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        pytest.param(bytes(12) + b"\x81\x00\x00\x01\x08\x00", 11, id="tag 1"),
        pytest.param(bytes(12) + b"\x81\x00\x00\x02\x08\x00", 12, id="tag 2"),
        pytest.param(bytes(12) + b"\x81\x00\x01\x00\x08\x00", 11, id="tag 256"),
        pytest.param(bytes(12) + b"\x81\x00\x00\x01\x08", 10, id="cut inside the tag"),
        pytest.param(bytes(12) + b"\x86\xdd\x00\x01\x08\x00", 10, id="no tag"),
    ],
)
def test_the_tag_counts_for_the_policy_that_asks_for_it(kind, frame, expected):
    made = forwarder(kind, replace(HASHED, hash_policy=HashPolicy.VLAN_SRCMAC))
    assert made.from_host(frame) == (expected,)


# -- every


@both_twins
def test_broadcast_takes_live_ports_in_order_backups_too(kind):
    entries = (port(12), dead(port(10)), port(11, can_transmit=False))
    made = forwarder(kind, table(*entries, spread=Spread.EVERY))
    assert made.from_host(ARP) == (12, 11)
    counted = made.counters()
    assert counted.copies_frames == 1
    assert counted.imbalance == (0, 0)


@both_twins
def test_broadcast_takes_no_port_that_is_not_meant_to_transmit(kind):
    made = forwarder(kind, table(port(10), port(11), spread=Spread.EVERY, tx_ports=(11,)))
    assert made.from_host(ARP) == (11,)


@both_twins
def test_broadcast_without_a_live_port_drops(kind):
    made = forwarder(kind, table(dead(port(10)), spread=Spread.EVERY))
    assert made.from_host(ARP) == ()
    assert made.counters().transmit_drops() == {Reason.NO_PORT: 1}


# -- queue override


QUEUES = (
    port(10, queue_id=1),
    port(11, queue_id=2, can_transmit=False),
    dead(port(12, queue_id=3)),
)
OVERRIDDEN = table(*QUEUES, spread=Spread.ONE, tx_ports=(10,), obeys_queue_id=True)


@both_twins
@pytest.mark.parametrize(
    ("queue", "expected"),
    [
        pytest.param(0, 10, id="no queue"),
        pytest.param(1, 10, id="the active port's"),
        pytest.param(2, 11, id="a backup's"),
        pytest.param(3, 10, id="a dead port's"),
        pytest.param(4, 10, id="nobody's"),
    ],
)
def test_a_frames_queue_decides_where_its_port_is_live(kind, queue, expected):
    assert forwarder(kind, OVERRIDDEN).from_host(ARP, queue) == (expected,)


@both_twins
def test_a_dead_port_of_the_queue_hides_a_live_one_behind_it(kind):
    ports = (dead(port(10, queue_id=5)), port(11, queue_id=5), port(12))
    made = forwarder(kind, table(*ports, spread=Spread.ONE, tx_ports=(12,), obeys_queue_id=True))
    assert made.from_host(ARP, 5) == (12,)


@both_twins
def test_a_mode_that_does_not_obey_queues_ignores_them(kind):
    made = forwarder(kind, replace(OVERRIDDEN, obeys_queue_id=False))
    assert made.from_host(ARP, 2) == (10,)


@both_twins
def test_an_override_takes_no_turn(kind):
    ports = (port(10), port(11, queue_id=2))
    made = forwarder(kind, table(*ports, spread=Spread.ROUND_ROBIN, obeys_queue_id=True))
    assert made.from_host(ARP, 2) == (11,)
    assert chosen(made, 2) == "11 10"


# -- neighbours


IPV6_HEADER = b"\x60" + bytes(5) + b"\x3a\xff" + bytes(32)
SOLICITATION = MACS + b"\x86\xdd" + IPV6_HEADER + b"\x87" + bytes(23)
ADVERTISEMENT = SOLICITATION[:54] + b"\x88" + SOLICITATION[55:]
COPIED = table(
    *(port(ifindex) for ifindex in (10, 11, 12, 13)),
    spread=Spread.HASH,
    tx_ports=(12, 10, 11),
    copies_neighbours=True,
)


def with_octet(frame, place, octet):
    return frame[:place] + bytes([octet]) + frame[place + 1 :]


@both_twins
@pytest.mark.parametrize(
    ("frame", "is_copied"),
    [
        pytest.param(ARP, True, id="ARP"),
        pytest.param(ARP[:14], True, id="ARP with nothing in it"),
        pytest.param(ARP[:12] + b"\x80\x35" + ARP[14:], False, id="RARP"),
        pytest.param(ARP[:12] + b"\x08\x00" + ARP[14:], False, id="an EtherType below"),
        pytest.param(SOLICITATION, True, id="neighbour solicitation"),
        pytest.param(ADVERTISEMENT, True, id="neighbour advertisement"),
        pytest.param(with_octet(SOLICITATION, 54, 134), False, id="router advertisement"),
        pytest.param(with_octet(SOLICITATION, 54, 137), False, id="redirect"),
        pytest.param(with_octet(SOLICITATION, 54, 128), False, id="echo"),
        pytest.param(with_octet(SOLICITATION, 20, 0), False, id="behind an extension header"),
        pytest.param(with_octet(SOLICITATION, 20, 17), False, id="UDP that begins so"),
        pytest.param(with_octet(SOLICITATION, 14, 0x40), True, id="whatever the version"),
        pytest.param(with_octet(SOLICITATION, 13, 0), False, id="an EtherType of neither"),
        pytest.param(SOLICITATION[:62], True, id="its header just there"),
        pytest.param(SOLICITATION[:61], False, id="its header one octet short"),
        pytest.param(SOLICITATION[:14], False, id="IPv6 with nothing in it"),
        pytest.param(tagged(ARP), True, id="ARP with a tag"),
        pytest.param(tagged(ARP)[:18], True, id="ARP with a tag and nothing in it"),
        pytest.param(tagged(ARP)[:17], False, id="cut inside the type below a tag"),
        pytest.param(tagged(ARP, 0x88A8), True, id="ARP with a service tag"),
        pytest.param(tagged(tagged(ARP)), False, id="ARP below two tags"),
        pytest.param(tagged(SOLICITATION), True, id="solicitation with a tag"),
        pytest.param(tagged(SOLICITATION)[:66], True, id="with a tag, its header just there"),
        pytest.param(tagged(SOLICITATION)[:65], False, id="with a tag, one octet short"),
        pytest.param(UDP, False, id="UDP"),
    ],
)
def test_neighbour_discovery_goes_to_all_usable_ports_and_the_rest_to_one(kind, frame, is_copied):
    made, plain = forwarder(kind, COPIED), forwarder(kind, replace(COPIED, copies_neighbours=False))
    hashed = plain.from_host(frame)
    assert len(hashed) == 1
    assert made.from_host(frame) == ((12, 10, 11) if is_copied else hashed)


@both_twins
def test_a_copied_neighbour_frame_spares_dead_ports_and_its_copies_are_counted(kind):
    entries = (port(10), dead(port(11)), port(12))
    made = forwarder(kind, table(*entries, spread=Spread.HASH, copies_neighbours=True))
    assert made.from_host(ARP) == (10, 12)
    counted = made.counters()
    assert (counted.host_frames, counted.copies_frames) == (1, 1)
    assert counted.imbalance == (0, 0)


@both_twins
@pytest.mark.parametrize(
    "entries", [(), (dead(port(10)), dead(port(11)))], ids=["no port", "dead ports"]
)
def test_a_neighbour_frame_is_dropped_when_no_port_is_usable(kind, entries):
    made = forwarder(kind, table(*entries, spread=Spread.HASH, copies_neighbours=True))
    assert made.from_host(SOLICITATION) == ()
    assert made.counters().transmit_drops() == {Reason.NO_PORT: 1}


# -- receive


@both_twins
@pytest.mark.parametrize(
    ("ifindex", "size", "reason"),
    [
        (10, 60, None),
        (10, 14, None),
        (10, 13, Reason.TOO_SHORT),
        (11, 60, Reason.SUPPRESSED),
        (12, 60, Reason.UNKNOWN_PORT),
        (12, 0, Reason.TOO_SHORT),
    ],
)
def test_what_comes_in_reaches_the_host_or_has_a_reason(kind, ifindex, size, reason):
    backup = port(11, receive=Receive.SUPPRESS)
    made = forwarder(kind, table(port(10), backup, spread=Spread.ONE, tx_ports=(10,)))
    assert made.from_port(ifindex, bytes(size)) is reason
    counted = made.counters()
    assert counted.receive_drops() == ({} if reason is None else {reason: 1})
    assert counted.port(ifindex).received_octets == size
    assert counted.port(ifindex).delivered_frames == (reason is None)
    assert counted.imbalance == (0, 0)


@both_twins
def test_a_port_of_the_last_table_only_is_unknown(kind):
    made = forwarder(kind, table(port(10), spread=Spread.ONE))
    made.publish(table(port(11), spread=Spread.ONE))
    assert made.from_port(10, ARP) is Reason.UNKNOWN_PORT
    assert made.from_port(11, ARP) is None


# -- a table with all the ports there is room for


@both_twins
def test_255_ports_are_served_and_the_last_is_reached(kind):
    entries = tuple(port(ifindex) for ifindex in range(1000, 1255))
    made = forwarder(kind, table(*entries, spread=Spread.EVERY))
    assert made.from_host(ARP) == tuple(range(1000, 1255))
    made.publish(table(*entries, spread=Spread.ROUND_ROBIN))
    assert [made.from_host(ARP)[0] for _ in range(255)][-2:] == [1254, 1000]
