"""Does ARP become octets and come back?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.l2 import ARP

from pybondd.wire.arp import Arp, ArpOperation, build_arp, parse_arp
from pybondd.wire.error import WireError

mac = st.binary(min_size=6, max_size=6)
ip = st.binary(min_size=4, max_size=4)
LITERAL = bytes.fromhex("0001080006040001 020000aabb01 0a010203 000000000000 0a01094d")
REQUEST = Arp(
    ArpOperation.REQUEST,
    bytes.fromhex("020000aabb01"),
    bytes([10, 1, 2, 3]),
    bytes(6),
    bytes([10, 1, 9, 77]),
)


def test_a_literal_request_is_read_and_written():
    assert parse_arp(LITERAL) == REQUEST
    assert build_arp(REQUEST) == LITERAL


@given(st.builds(Arp, st.sampled_from(ArpOperation), mac, ip, mac, ip), st.binary())
def test_a_packet_comes_back_as_it_was_whatever_pads_it(arp, padding):
    assert parse_arp(build_arp(arp) + padding) == arp


@pytest.mark.parametrize("size_octets", range(28))
def test_a_cut_packet_is_refused(size_octets):
    with pytest.raises(WireError):
        parse_arp(LITERAL[:size_octets])


@pytest.mark.parametrize("offset", range(8))
def test_a_damaged_fixed_part_is_refused(offset):
    damaged = bytearray(LITERAL)
    damaged[offset] ^= 0x20
    with pytest.raises(WireError):
        parse_arp(bytes(damaged))


@pytest.mark.parametrize("number", [0, 3, 8, 0x0100])
def test_another_operation_is_refused(number):
    with pytest.raises(WireError):
        parse_arp(LITERAL[:6] + number.to_bytes(2, "big") + LITERAL[8:])


def test_scapy_writes_the_same_reply():
    theirs = ARP(
        op=2, hwsrc="02:00:00:00:00:05", psrc="10.0.0.5", hwdst="02:00:00:00:00:06", pdst="10.0.0.6"
    )
    assert parse_arp(bytes(theirs)) == Arp(
        ArpOperation.REPLY,
        bytes.fromhex("020000000005"),
        bytes([10, 0, 0, 5]),
        bytes.fromhex("020000000006"),
        bytes([10, 0, 0, 6]),
    )
