"""Do the readable and the compiled twin choose the same ports, frame after frame?"""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packets import TCP4, UDP6, ethernet, icmp, ipv4, ipv6, vlan
from twins import NEEDS_COMPILED, SPREADS, _fast

from pybondd import _pure
from pybondd.forwarding import MAX_PORTS, ForwardingTable, HashPolicy, PortEntry, Receive, Spread
from pybondd.wire import ethertypes as types
from pybondd.wire import protocols
from pybondd.wire.ethernet import with_tags

pytestmark = NEEDS_COMPILED

IGMP = ethernet(types.IPV4, ipv4(protocols.IGMP, bytes(8)))
IGMP_TAGGED = ethernet(types.VLAN, vlan(0x6064, types.IPV4, ipv4(protocols.IGMP, bytes(8))))
FRAMES = [
    ethernet(types.IPV4, TCP4),
    ethernet(types.IPV6, UDP6),
    ethernet(types.VLAN, vlan(0xA064, types.IPV4, TCP4)),
    ethernet(types.SERVICE_VLAN, vlan(0x0001, types.IPV6, UDP6)),
    ethernet(types.VLAN, vlan(7, types.VLAN, vlan(9, types.IPV4, TCP4))),
    ethernet(types.IPV4, ipv4(protocols.ICMP, icmp(8))),
    ethernet(types.ARP),
    ethernet(types.ARP, ipv4(protocols.IGMP, bytes(8))),
    *(IGMP[:size_octets] for size_octets in (14, 15, 18, 23, 24, 32, 33, 34, 35)),
    *(IGMP_TAGGED[:size_octets] for size_octets in (14, 15, 16, 17, 18, 19, 36, 37, 38, 39)),
    IGMP,
    IGMP_TAGGED,
]
SOLICITATION = ethernet(types.IPV6, ipv6(protocols.ICMPV6, icmp(135, bytes(16))))
ADVERTISEMENT = ethernet(types.IPV6, ipv6(protocols.ICMPV6, icmp(136, bytes(16))))
NEIGHBOURS = [
    ethernet(types.ARP, bytes(28)),
    ethernet(types.RARP, bytes(28)),
    *(ethernet(types.IPV6, ipv6(protocols.ICMPV6, icmp(kind, bytes(16)))) for kind in range(256)),
    *(ethernet(types.IPV6, ipv6(header, icmp(135, bytes(16)))) for header in range(256)),
    ethernet(types.IPV4, ipv6(protocols.ICMPV6, icmp(135, bytes(16)))),
]


def entries(live, able, queue_ids=()):
    """Ports 11, 12, ... with flags from the two words."""
    queues = (*queue_ids, *(0 for _ in able))
    return tuple(
        PortEntry(11 + i, bool(able[i]), bool(live[i]), Receive.DELIVER, queues[i])
        for i in range(len(able))
    )


def assert_both_choose_alike(tables, frames=FRAMES, queues=(0,), seed=7, rounds=2):
    pure, compiled = _pure.Forwarder(seed), _fast.Forwarder(seed)
    for table in tables:
        pure.publish(table)
        compiled.publish(table)
        for _, frame, queue in product(range(rounds), frames, queues):
            expected = pure.select(frame, queue)
            assert compiled.select(frame, queue) == expected, f"{table} {queue} {frame.hex()}"


def test_both_drop_everything_before_the_first_table():
    pure, compiled = _pure.Forwarder(1), _fast.Forwarder(1)
    assert pure.select(FRAMES[0], 0) == compiled.select(FRAMES[0], 0) == ()


@pytest.mark.parametrize("spread", SPREADS, ids=lambda spread: spread.name)
def test_both_choose_alike_whichever_ports_work(spread):
    tables = []
    for live, able in product(product((0, 1), repeat=3), repeat=2):
        ports = entries(live, able)
        transmit = [(), (11,), (13, 11), (12, 13, 11)] if spread is not Spread.ONE else [(12,)]
        for tx_ports, active_port in product(transmit, (None, 11, 13)):
            tables.append(
                ForwardingTable(spread, tx_ports, ports, HashPolicy.LAYER34, 1, active_port)
            )
    assert_both_choose_alike(tables, rounds=1)


@pytest.mark.parametrize("policy", HashPolicy, ids=lambda policy: policy.name)
@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 255])
def test_both_spread_alike_by_hash(policy, count):
    ports = entries((1,) * count, (1,) * count)
    transmit = tuple(port.ifindex for port in reversed(ports))
    assert_both_choose_alike([ForwardingTable(Spread.HASH, transmit, ports, policy)])


@pytest.mark.parametrize("packets_per_port", [0, 1, 2, 3, 7, 65535])
def test_both_take_turns_alike(packets_per_port):
    ports = entries((1, 1, 1, 1), (1, 0, 1, 1))
    table = ForwardingTable(
        Spread.ROUND_ROBIN,
        (11, 12, 13, 14),
        ports,
        packets_per_port=packets_per_port,
        active_port=13,
    )
    for seed in (0, 1, 0xDEADBEEF, 1 << 32, (1 << 32) + 5):
        assert_both_choose_alike([table, table], seed=seed, rounds=10)


def test_both_reduce_the_greatest_random_word_alike():
    ports = entries((1,) * 3, (1,) * 3)
    table = ForwardingTable(Spread.ROUND_ROBIN, (11, 12, 13), ports, packets_per_port=0)
    # From this seed the first random word is 0xfffffffe: whatever is added to it wraps around.
    assert_both_choose_alike([table], seed=0xACD979CE)


def test_both_obey_a_queue_alike():
    ports = entries((1, 0, 1, 1), (1, 1, 0, 1), queue_ids=(0, 2, 3, 2))
    tables = [
        ForwardingTable(spread, (11, 12)[: 1 if spread is Spread.ONE else 2], ports,
                        obeys_queue_id=obeys)
        for spread, obeys in product(SPREADS, (True, False))
    ]  # fmt: skip
    assert_both_choose_alike(tables, queues=(0, 1, 2, 3, 4))


def copying(*live, spread=Spread.HASH):
    ports = entries(live, (1,) * len(live), queue_ids=(0, 2))
    transmit = tuple(port.ifindex for port in reversed(ports))
    return ForwardingTable(spread, transmit, ports, copies_neighbours=True, obeys_queue_id=True)


@pytest.mark.parametrize("tags", [(), (0x8100,), (0x88A8,), (0x8100, 0x8100), (0x9100,)])
def test_both_copy_the_same_frames_as_neighbour_discovery(tags):
    frames = [with_tags(frame, tuple((tag, 0x2064) for tag in tags)) for frame in NEIGHBOURS]
    assert_both_choose_alike([copying(1, 1, 1)], frames, rounds=1)


@pytest.mark.parametrize("frame", [ADVERTISEMENT, NEIGHBOURS[0]], ids=["advertisement", "ARP"])
@pytest.mark.parametrize("tags", [(), ((0x8100, 7),), ((0x88A8, 7), (0x8100, 7))])
def test_both_copy_alike_wherever_a_frame_ends(frame, tags):
    whole = with_tags(frame, tags)
    frames = [whole[:size_octets] for size_octets in range(14, len(whole) + 1)]
    assert_both_choose_alike([copying(1, 1, 1), copying(0, 1, 0), copying(0, 0)], frames, rounds=1)


@pytest.mark.parametrize("spread", [spread for spread in SPREADS if spread is not Spread.ONE])
def test_both_copy_alike_whichever_ports_are_live_and_whatever_the_queue(spread):
    tables = [copying(*live, spread=spread) for live in product((0, 1), repeat=3)]
    tables += [copying(spread=spread), copying(*(1,) * MAX_PORTS, spread=spread)]
    assert_both_choose_alike(tables, [SOLICITATION, *NEIGHBOURS[:2]], queues=(0, 1, 2), rounds=1)


def test_both_use_every_port_that_a_table_can_hold():
    ports = entries((1,) * MAX_PORTS, (0,) * (MAX_PORTS - 1) + (1,))
    transmit = tuple(port.ifindex for port in ports)
    tables = [
        ForwardingTable(spread, transmit, ports) for spread in SPREADS if spread != Spread.ONE
    ]
    assert_both_choose_alike(tables, rounds=1)


def test_both_classify_alike():
    ports = (
        PortEntry(11, True, True, Receive.DELIVER),
        PortEntry(12, True, True, Receive.SUPPRESS),
        PortEntry(13, True, True, Receive.DELIVER),
    )
    pure, compiled = _pure.Forwarder(1), _fast.Forwarder(1)
    for forwarder in (pure, compiled):
        forwarder.publish(ForwardingTable(Spread.ONE, (11,), ports))
    for ifindex, size_octets in product((0, 10, 11, 12, 13, 14), (0, 1, 13, 14, 15, 60)):
        frame = FRAMES[0][:size_octets]
        assert compiled.classify(ifindex, frame) == pure.classify(ifindex, frame)


@given(frame=st.sampled_from(FRAMES), policy=st.sampled_from(HashPolicy), count=st.integers(1, 9))
def test_choosing_leaves_the_frame_as_it_was(frame, policy, count):
    before = bytes(bytearray(frame))
    ports = entries((1,) * count, (1,) * count)
    transmit = tuple(port.ifindex for port in ports)
    assert_both_choose_alike([ForwardingTable(Spread.HASH, transmit, ports, policy)], [frame])
    assert frame == before
