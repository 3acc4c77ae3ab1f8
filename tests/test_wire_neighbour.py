"""Do neighbour solicitations and advertisements become octets and come back?"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet6 import (
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)

from pybondd.wire.error import WireError
from pybondd.wire.ip import build_ipv6, parse_ipv6
from pybondd.wire.neighbour import (
    ALL_NODES,
    NeighbourAdvertisement,
    NeighbourSolicitation,
    build_neighbour,
    group_mac,
    parse_neighbour,
    solicited_node,
    with_icmpv6_checksum,
)

OURS = bytes.fromhex("20010db8000000000000000000000001")
MAC = bytes.fromhex("020000aabb01")
# The driver's own advertisement, behind its Ethernet header.
LITERAL = bytes.fromhex(
    "6000000000203aff" + OURS.hex() + ALL_NODES.hex() + "88003d8020000000" + OURS.hex() + "0201"
    "020000aabb01"
)
ADVERTISEMENT = NeighbourAdvertisement(OURS, MAC, is_override=True)

target = st.binary(min_size=16, max_size=16).filter(lambda octets: octets[0] != 0xFF)
address = st.binary(min_size=16, max_size=16)
link_address = st.none() | st.binary(min_size=6, max_size=6)
flag = st.booleans()


def test_a_literal_advertisement_is_read_and_written():
    assert parse_neighbour(parse_ipv6(LITERAL)) == ADVERTISEMENT
    assert build_ipv6(build_neighbour(ADVERTISEMENT, OURS, ALL_NODES)) == LITERAL


@given(
    st.builds(NeighbourSolicitation, target, link_address)
    | st.builds(NeighbourAdvertisement, target, link_address, flag, flag, flag),
    address,
    address,
)
def test_a_message_comes_back_as_it_was(message, source, destination):
    assert parse_neighbour(build_neighbour(message, source, destination)) == message


@pytest.mark.parametrize("size_octets", range(32))
def test_a_cut_message_is_refused(size_octets):
    packet = parse_ipv6(LITERAL)
    with pytest.raises(WireError):
        parse_neighbour(replace(packet, payload=packet.payload[:size_octets]))


@pytest.mark.parametrize("offset", range(32))
def test_a_damaged_message_is_refused(offset):
    packet = parse_ipv6(LITERAL)
    damaged = bytearray(packet.payload)
    damaged[offset] ^= 0x04
    with pytest.raises(WireError):
        parse_neighbour(replace(packet, payload=bytes(damaged)))


@pytest.mark.parametrize(
    "change", [{"hop_limit": 254}, {"next_header": 17}], ids=["hop-limit", "protocol"]
)
def test_a_packet_that_may_come_from_afar_is_refused(change):
    with pytest.raises(WireError):
        parse_neighbour(replace(parse_ipv6(LITERAL), **change))


@pytest.mark.parametrize(
    ("head", "tail"),
    [
        ("8801", "20000000" + OURS.hex()),
        ("8600", "20000000" + OURS.hex()),
        ("8800", "20000000" + ALL_NODES.hex()),
        ("8800", "20000000" + OURS.hex() + "0200020000aabb01"),
        ("8800", "20000000" + OURS.hex() + "0202020000aabb01"),
        ("8800", "20000000" + OURS.hex() + "02"),
    ],
    ids=["code", "type", "multicast-target", "option-of-length-0", "option-too-long", "option-cut"],
)
def test_a_malformed_message_is_refused_even_with_a_right_checksum(head, tail):
    message = with_icmpv6_checksum(bytes.fromhex(head), bytes.fromhex(tail), OURS, ALL_NODES)
    with pytest.raises(WireError):
        parse_neighbour(replace(parse_ipv6(LITERAL), payload=message))


def test_options_of_other_types_are_skipped_and_the_first_address_counts():
    options = "0e01" + 6 * "55" + "0201" + MAC.hex() + "0201" + 6 * "66"
    tail = bytes.fromhex("20000000" + OURS.hex() + options)
    message = with_icmpv6_checksum(b"\x88\x00", tail, OURS, ALL_NODES)
    assert parse_neighbour(replace(parse_ipv6(LITERAL), payload=message)) == ADVERTISEMENT


def test_scapy_writes_the_same_messages():
    group = solicited_node(OURS)
    ns = IPv6(src="fe80::5", dst="ff02::1:ff00:1", hlim=255) / ICMPv6ND_NS(tgt="2001:db8::1")
    ns /= ICMPv6NDOptSrcLLAddr(lladdr="02:00:00:aa:bb:01")
    source = bytes.fromhex("fe80" + 13 * "00" + "05")
    ours = build_neighbour(NeighbourSolicitation(OURS, MAC), source, group)
    assert build_ipv6(ours) == bytes(ns)
    na = IPv6(src="2001:db8::1", dst="fe80::5", hlim=255)
    na /= ICMPv6ND_NA(tgt="2001:db8::1", R=1, S=1, O=1)
    na /= ICMPv6NDOptDstLLAddr(lladdr="02:00:00:aa:bb:01")
    ours = build_neighbour(NeighbourAdvertisement(OURS, MAC, True, True, True), OURS, source)
    assert build_ipv6(ours) == bytes(na)


def test_a_group_has_its_ethernet_address():
    assert group_mac(solicited_node(OURS)) == bytes.fromhex("3333ff000001")
