"""Do IPv4 and IPv6 headers and the internet checksum become octets and come back?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6

from pybondd.wire.checksum import internet_checksum
from pybondd.wire.error import WireError
from pybondd.wire.ip import (
    DONT_FRAGMENT,
    ROUTER_ALERT4,
    Ipv4,
    Ipv6,
    build_ipv4,
    build_ipv6,
    parse_ipv4,
    parse_ipv6,
)

octet = st.integers(0, 0xFF)
word = st.integers(0, 0xFFFF)
ip4 = st.binary(min_size=4, max_size=4)
ip6 = st.binary(min_size=16, max_size=16)
options4 = st.integers(0, 10).flatmap(lambda n: st.binary(min_size=4 * n, max_size=4 * n))

# The driver's own IGMP report.
LITERAL4 = bytes.fromhex(
    "46c0002800004000 0102 f9f8 0a000001 e0000016 94040000 2200eaf90000000102000000ef010203"
)
PACKET4 = Ipv4(
    bytes([10, 0, 0, 1]),
    bytes([224, 0, 0, 22]),
    2,
    LITERAL4[24:],
    time_to_live=1,
    service=0xC0,
    fragment=DONT_FRAGMENT,
    options=ROUTER_ALERT4,
)
LITERAL6 = bytes.fromhex(
    "6a51e72b 0004 3a ff fe8000000000000000fffffeaabb0101 ff020000000000000000000000000001 deadbeef"
)
PACKET6 = Ipv6(LITERAL6[8:24], LITERAL6[24:40], 58, LITERAL6[40:], 255, 0xA5, 0x1E72B)


def test_literal_packets_are_read_and_written():
    assert parse_ipv4(LITERAL4) == PACKET4
    assert build_ipv4(PACKET4) == LITERAL4
    assert parse_ipv6(LITERAL6) == PACKET6
    assert build_ipv6(PACKET6) == LITERAL6


@given(
    st.builds(Ipv4, ip4, ip4, octet, st.binary(max_size=50), octet, octet, word, word, options4),
    st.binary(max_size=9),
)
def test_an_ipv4_packet_comes_back_as_it_was_whatever_pads_it(packet, padding):
    assert parse_ipv4(build_ipv4(packet) + padding) == packet


@given(
    st.builds(Ipv6, ip6, ip6, octet, st.binary(max_size=50), octet, octet, st.integers(0, 0xFFFFF)),
    st.binary(max_size=9),
)
def test_an_ipv6_packet_comes_back_as_it_was_whatever_pads_it(packet, padding):
    assert parse_ipv6(build_ipv6(packet) + padding) == packet


@pytest.mark.parametrize("size_octets", range(len(LITERAL4)))
def test_a_cut_ipv4_packet_is_refused(size_octets):
    with pytest.raises(WireError):
        parse_ipv4(LITERAL4[:size_octets])


@pytest.mark.parametrize("size_octets", range(len(LITERAL6)))
def test_a_cut_ipv6_packet_is_refused(size_octets):
    with pytest.raises(WireError):
        parse_ipv6(LITERAL6[:size_octets])


@pytest.mark.parametrize("offset", range(24))
def test_a_damaged_ipv4_header_is_refused(offset):
    damaged = bytearray(LITERAL4)
    damaged[offset] ^= 0x10
    with pytest.raises(WireError):
        parse_ipv4(bytes(damaged))


@pytest.mark.parametrize(
    "head", ["44c00028", "46c00014", "56c00028"], ids=["header", "total", "version"]
)
def test_an_ipv4_length_that_cannot_be_is_refused_even_with_a_right_checksum(head):
    damaged = bytes.fromhex(head) + LITERAL4[4:10] + bytes(2) + LITERAL4[12:]
    size_octets = 4 * (damaged[0] & 0x0F)
    checksum = internet_checksum(damaged[:size_octets]).to_bytes(2, "big")
    with pytest.raises(WireError):
        parse_ipv4(damaged[:10] + checksum + damaged[12:])


def test_another_ipv6_version_is_refused():
    with pytest.raises(WireError):
        parse_ipv6(b"\x4a" + LITERAL6[1:])


def test_scapy_writes_the_same_packets():
    theirs4 = IP(src="10.0.0.1", dst="10.9.8.7", ttl=3, tos=8, id=77, flags="DF", proto=17) / b"abc"
    expected4 = Ipv4(
        bytes([10, 0, 0, 1]), bytes([10, 9, 8, 7]), 17, b"abc", 3, 8, 77, DONT_FRAGMENT
    )
    assert build_ipv4(expected4) == bytes(theirs4)
    theirs6 = IPv6(src="2001:db8::1", dst="2001:db8::2", nh=59, hlim=9, tc=3, fl=4) / b"abc"
    expected6 = Ipv6(theirs6_octets(theirs6, 8), theirs6_octets(theirs6, 24), 59, b"abc", 9, 3, 4)
    assert build_ipv6(expected6) == bytes(theirs6)


def theirs6_octets(packet, offset):
    return bytes(packet)[offset : offset + 16]


def test_the_checksum_of_the_rfc_is_found():
    # RFC 1071 3 sums these octets to ddf2, of which the checksum is the complement.
    assert internet_checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF ^ 0xDDF2


@given(st.binary(max_size=99).filter(lambda octets: len(octets) % 2 == 0))
def test_octets_with_their_checksum_sum_to_nothing(octets):
    assert internet_checksum(octets + internet_checksum(octets).to_bytes(2, "big")) == 0


def test_an_odd_octet_counts_as_the_high_one():
    assert internet_checksum(b"\x12\x34\x56") == internet_checksum(b"\x12\x34\x56\x00")
