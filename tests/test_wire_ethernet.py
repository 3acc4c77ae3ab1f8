"""Do Ethernet headers, tags and addresses become octets and come back?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether

from pybondd.wire.error import WireError
from pybondd.wire.ethernet import (
    BROADCAST,
    NO_ADDRESS,
    EthernetHeader,
    address_text,
    build_header,
    is_group,
    is_valid_unicast,
    parse_address,
    parse_header,
    take_tag,
    with_tags,
)

mac = st.binary(min_size=6, max_size=6)
word = st.integers(0, 0xFFFF)
LITERAL = bytes.fromhex("020000ccdd07 020000aabb01 0800")
HEADER = EthernetHeader(LITERAL[0:6], LITERAL[6:12], 0x0800)


def test_a_literal_header_is_read_and_written():
    assert parse_header(LITERAL + b"rest") == (HEADER, b"rest")
    assert build_header(HEADER) == LITERAL


@given(st.builds(EthernetHeader, mac, mac, word), st.binary())
def test_a_header_comes_back_as_it_was(header, rest):
    assert parse_header(build_header(header) + rest) == (header, rest)


@pytest.mark.parametrize("size_octets", range(14))
def test_a_cut_header_is_refused(size_octets):
    with pytest.raises(WireError):
        parse_header(LITERAL[:size_octets])


def test_scapy_reads_our_tagged_frame():
    frame = with_tags(LITERAL + b"payload", ((0x88A8, 0x2005), (0x8100, 0xA064)))
    outer = Ether(frame)[Dot1AD]
    inner = outer[Dot1Q]
    assert (outer.vlan, outer.prio, outer.type) == (5, 1, 0x8100)
    assert (inner.vlan, inner.prio, inner.type) == (100, 5, 0x0800)
    assert bytes(inner.payload) == b"payload"


@given(st.sampled_from([0x8100, 0x88A8]), word)
def test_a_tag_that_was_pushed_is_taken_again(ethertype, tci):
    assert take_tag(with_tags(LITERAL, ((ethertype, tci),))) == (LITERAL, (ethertype, tci))


def test_only_the_outermost_tag_is_taken():
    once = with_tags(LITERAL, ((0x8100, 7),))
    assert take_tag(with_tags(once, ((0x88A8, 9),))) == (once, (0x88A8, 9))


@pytest.mark.parametrize("frame", [LITERAL, with_tags(LITERAL, ((0x8100, 7),))[:17], b""])
def test_where_no_whole_tag_is_none_is_taken(frame):
    assert take_tag(frame) == (frame, None)


@given(mac)
def test_an_address_survives_its_text(address):
    assert parse_address(address_text(address)) == address
    assert parse_address(address_text(address).upper()) == address


@pytest.mark.parametrize(
    "text",
    ["", "02:00:00:aa:bb", "02:00:00:aa:bb:01:02", "02:00:00:aa:bb:1", "02:00:00:aa:bb:0g",
     "02-00-00-aa-bb-01", "02:00:00:aa:bb:+1", "02:00:00:aa:bb: 1"],
)  # fmt: skip
def test_text_that_is_no_address_is_refused(text):
    with pytest.raises(WireError):
        parse_address(text)


@pytest.mark.parametrize(
    ("address", "is_for_several", "is_for_one"),
    [
        (BROADCAST, True, False),
        (bytes.fromhex("01005e000016"), True, False),
        (NO_ADDRESS, False, False),
        (HEADER.source, False, True),
    ],
    ids=["broadcast", "multicast", "zero", "unicast"],
)
def test_an_address_is_for_one_for_several_or_for_nobody(address, is_for_several, is_for_one):
    assert is_group(address) is is_for_several
    assert is_valid_unicast(address) is is_for_one
