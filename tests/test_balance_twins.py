"""Do both twins forward alike for balance-tlb and balance-alb, and count the same load?

Beside the choice of a port: whose address a frame shows on the cable and to the host.
"""

from dataclasses import replace
from itertools import product

import pytest
from packets import INNER4, MACS, TCP4, UDP6, ethernet, icmp, ipv4, ipv6, nested_extensions, ppp
from twins import NEEDS_COMPILED, _fast

from pybondd import _pure
from pybondd.forwarding import (
    BUCKET_COUNT,
    MAX_PORTS,
    NOBODY,
    Balances,
    ForwardingTable,
    HashPolicy,
    PortEntry,
    Receive,
    Spread,
)
from pybondd.wire import ethertypes as types
from pybondd.wire import protocols
from pybondd.wire.ethernet import with_tags

pytestmark = NEEDS_COMPILED

TAGS = {
    "untagged": (),
    "tagged": ((0x8100, 0x6064),),
    "service tag": ((0x88A8, 0x0007),),
    "two tags": ((0x88A8, 7), (0x8100, 9)),
}
UNSPECIFIED, ALMOST_UNSPECIFIED = bytes(16), bytes(15) + b"\1"
BROADCAST = bytes.fromhex("ffffffffffff")
ALL_NODES = bytes.fromhex("333300000001")


def ipv6_from(source, packet=UDP6):
    return packet[:8] + source + packet[24:]


def ipv4_to(address):
    return ipv4(protocols.UDP, addresses="0a000001" + address)


def near(octets):
    """The same, and each with one octet changed."""
    yield octets
    for place in range(len(octets)):
        yield octets[:place] + bytes([octets[place] ^ 4]) + octets[place + 1 :]


SOLICITATION = ipv6(protocols.ICMPV6, icmp(135, bytes(16)))
PACKETS = {
    "IPv4": (types.IPV4, TCP4),
    "IPv4 with options": (types.IPV4, ipv4(protocols.TCP, header_words=7)),
    "IPv4 to another": (types.IPV4, INNER4),
    "IGMP": (types.IPV4, ipv4(protocols.IGMP, bytes(8))),
    "IPv6 in IPv4": (types.IPV4, ipv4(protocols.IPV6, UDP6)),
    "IPv4 to all": (types.IPV4, ipv4_to("ffffffff")),
    "IPv4 to nearly all": (types.IPV4, ipv4_to("fffffffe")),
    "IPv4 multicast": (types.IPV4, ipv4_to("e00000fb")),
    "IPv6": (types.IPV6, UDP6),
    "IPv6 of nobody": (types.IPV6, ipv6_from(UNSPECIFIED)),
    "IPv6 of nearly nobody": (types.IPV6, ipv6_from(ALMOST_UNSPECIFIED)),
    "solicitation": (types.IPV6, SOLICITATION),
    "advertisement": (types.IPV6, ipv6(protocols.ICMPV6, icmp(136, bytes(16)))),
    "router solicitation": (types.IPV6, ipv6(protocols.ICMPV6, icmp(133, bytes(16)))),
    "redirect": (types.IPV6, ipv6(protocols.ICMPV6, icmp(137, bytes(16)))),
    "echo": (types.IPV6, ipv6(protocols.ICMPV6, icmp(128, bytes(16)))),
    "ICMP in IPv6": (types.IPV6, ipv6(protocols.ICMP, icmp(135, bytes(16)))),
    "extended": (types.IPV6, nested_extensions(1, protocols.ICMPV6, icmp(135, bytes(16)))),
    "ARP": (types.ARP, bytes(28)),
    "half an ARP": (types.ARP, bytes(9)),
    "RARP": (types.RARP, bytes(28)),
    "PPPoE": (types.PPPOE_SESSION, ppp(0x0021, TCP4)),
    "LLC": (0x0026, bytes(38)),
    "IPX": (0x8137, bytes(38)),
    "LLDP": (0x88CC, bytes(38)),
}
FRAMES = {name: ethernet(*packet) for name, packet in PACKETS.items()}
TO_ONE, TO_GROUP = MACS[:6], bytes.fromhex("01005e0000fb")
DESTINATIONS = (TO_ONE, TO_GROUP, *near(BROADCAST), *near(ALL_NODES))


def mac_of(ifindex):
    return bytes([2, 0, 0x5E, 0x10, ifindex >> 8, ifindex & 0xFF])


def entries(*able, receives=Receive.DELIVER):
    """Ports 11, 12, ... with addresses of their own."""
    return tuple(
        PortEntry(ifindex, bool(can_transmit), True, receives, mac=mac_of(ifindex))
        for ifindex, can_transmit in enumerate(able, 11)
    )


THREE = entries(1, 1, 1)


def balancing(balances, spread, *, ports=THREE, active_port=12, **more):
    """A table of mode 5 or 6; bucket n is of port 11 + n % 4, and that of 14 is nobody's."""
    if spread is Spread.BUCKETS:
        of_four = (*(port.ifindex for port in ports[:3]), NOBODY)
        more["buckets"] = tuple(of_four[i % len(of_four)] for i in range(BUCKET_COUNT))
    elif spread is Spread.HASH:
        more["tx_ports"] = tuple(port.ifindex for port in reversed(ports))
    return ForwardingTable(spread, ports=ports, active_port=active_port, balances=balances, **more)


BALANCES = (Balances.UNICAST_IP, Balances.IP)
TABLES = {
    f"{balances.name} {spread.name}": balancing(balances, spread)
    for balances, spread in product(BALANCES, (Spread.NONE, Spread.HASH, Spread.BUCKETS))
}
BY_BUCKETS = [table for name, table in TABLES.items() if name.endswith("BUCKETS")]


def twins(table):
    made = _pure.Forwarder(1), _fast.Forwarder(1)
    for each in made:
        each.publish(table)
    return made


def assert_alike(table, frames):
    """The same ports, the same frame on the cable, the same load."""
    pure, compiled = twins(table)
    for frame in frames:
        chosen = pure.select(frame, 0)
        assert compiled.select(frame, 0) == chosen, f"{table} {frame.hex()}"
        for ifindex in set(chosen) - {NOBODY}:
            assert compiled.as_sent(ifindex, frame) == pure.as_sent(ifindex, frame), frame.hex()
    assert compiled.take_load() == pure.take_load()
    assert compiled.take_load() == pure.take_load() == ((0,) * BUCKET_COUNT, 0)


# -- which port


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("tags", TAGS.values(), ids=TAGS)
def test_both_choose_alike_for_frames_of_all_kinds_and_all_destinations(table, tags):
    frames = [
        with_tags(destination + frame[6:], tags)
        for destination, frame in product(DESTINATIONS, FRAMES.values())
    ]
    assert_alike(table, frames)


@pytest.mark.parametrize("table", BY_BUCKETS, ids=lambda table: table.balances.name)
@pytest.mark.parametrize("name", ["IPv4", "IPv6", "solicitation", "echo", "IPv6 of nobody", "ARP"])
@pytest.mark.parametrize("tags", [TAGS["untagged"], TAGS["tagged"]], ids=["untagged", "tagged"])
def test_both_choose_alike_wherever_a_frame_ends(table, name, tags):
    whole = with_tags(FRAMES[name], tags)
    assert_alike(table, [whole[:size] for size in range(14, min(len(whole), 72) + 1)])


@pytest.mark.parametrize("balances", BALANCES, ids=lambda balances: balances.name)
def test_both_read_every_octet_of_an_address_and_no_other(balances):
    ipv6_frame, ipv4_frame = FRAMES["IPv6"], FRAMES["IPv4"]
    frames = [*near(ipv6_frame[:54]), *near(ipv4_frame[:34]), *near(FRAMES["IPv6 of nobody"][:54])]
    assert_alike(balancing(balances, Spread.BUCKETS), frames)


@pytest.mark.parametrize("policy", HashPolicy, ids=lambda policy: policy.name)
@pytest.mark.parametrize("spread", [Spread.HASH, Spread.BUCKETS], ids=lambda spread: spread.name)
def test_both_hash_alike_whatever_the_policy(policy, spread):
    frames = [with_tags(frame, tags) for frame in FRAMES.values() for tags in TAGS.values()]
    for balances in BALANCES:
        assert_alike(balancing(balances, spread, hash_policy=policy), frames)


@pytest.mark.parametrize("active_port", [None, 11, 12], ids=["none", "able", "dead"])
def test_both_choose_alike_whatever_the_active_port(active_port):
    frames = [FRAMES["LLDP"], FRAMES["IPv4"], FRAMES["ARP"]]
    for balances, spread in product(BALANCES, (Spread.HASH, Spread.BUCKETS)):
        ports = entries(1, 0, 1)
        assert_alike(balancing(balances, spread, ports=ports, active_port=active_port), frames)


def test_both_use_every_bucket_and_every_port_that_a_table_can_hold():
    ports = entries(*(1,) * MAX_PORTS)
    buckets = (*(port.ifindex for port in ports), NOBODY)
    table = replace(balancing(Balances.IP, Spread.BUCKETS, ports=ports), buckets=buckets)
    frames = [ethernet(types.IPV4, ipv4_to(f"0a0000{last:02x}")) for last in range(256)]
    assert_alike(table, frames)


def test_both_count_load_from_one_table_to_the_next():
    pure, compiled = twins(BY_BUCKETS[0])
    for generation in range(3):
        for each in (pure, compiled):
            each.select(FRAMES["IPv4 to another"], 0)
            each.select(with_tags(FRAMES["LLDP"], TAGS["tagged"]), 0)
            each.publish(replace(BY_BUCKETS[1], generation=generation))
    load = pure.take_load()
    assert compiled.take_load() == load
    assert load[1] == 3 * len(FRAMES["LLDP"])


def test_both_leave_the_source_alone_where_every_frame_is_spread():
    table = ForwardingTable(Spread.HASH, (11, 12), entries(1, 1), active_port=11)
    for each, ifindex in product(twins(table), (11, 12)):
        assert each.as_sent(ifindex, FRAMES["IPv4"]) == FRAMES["IPv4"]


# -- to the host

BOND_MAC = mac_of(12)
RECEIVERS = {
    "the bond's address on the active port": {},
    "no active port": {"active_port": None},
    "the bond's address on no port": {"bond_mac": mac_of(77)},
    "no address of the bond": {"bond_mac": b""},
}


@pytest.mark.parametrize("more", RECEIVERS.values(), ids=RECEIVERS)
@pytest.mark.parametrize("covers", [True, False], ids=["covers dead ports", "covers none"])
@pytest.mark.parametrize("receive", Receive, ids=lambda receive: receive.name)
def test_both_deliver_alike(more, covers, receive):
    macs = (mac_of(11), mac_of(12), mac_of(13), mac_of(77), BROADCAST, TO_GROUP)
    frames = [to + FRAMES["IPv4"][6:] for mac in macs for to in near(mac)]
    for able in product((0, 1), repeat=3):
        table = balancing(
            Balances.IP,
            Spread.BUCKETS,
            ports=entries(*able, receives=receive),
            covers_dead_ports=covers,
            **({"bond_mac": BOND_MAC} | more),
        )
        assert_delivered_alike(twins(table), frames)


def assert_delivered_alike(pair, frames):
    pure, compiled = pair
    for ifindex, frame in product((11, 12, 13), frames):
        why_not = pure.classify(ifindex, frame)
        assert compiled.classify(ifindex, frame) is why_not, f"{ifindex} {frame.hex()}"
        shown = pure.as_delivered(ifindex, frame)
        assert compiled.as_delivered(ifindex, frame) == shown, f"{ifindex} {frame.hex()}"


def test_both_find_a_frame_too_short_before_they_look_at_its_address():
    ports = entries(1, 1, receives=Receive.UNICAST)
    pure, compiled = twins(balancing(Balances.IP, Spread.NONE, ports=ports, bond_mac=BOND_MAC))
    for size, ifindex in product((0, 6, 13, 14), (10, 11, 12)):
        frame = (BOND_MAC + BOND_MAC + b"\x08\x00")[:size]
        assert compiled.classify(ifindex, frame) is pure.classify(ifindex, frame)
