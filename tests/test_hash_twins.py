"""Do the readable and the compiled transmit hash agree on every frame?

Random octets are almost never IP, so frames are built by structure, cut at every length and
damaged in every octet. Hypothesis then nests headers in ways that nobody listed.
"""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packets import (
    FAMILIES,
    INNER4,
    MACS,
    TCP4,
    UDP6,
    authentication,
    batman,
    ethernet,
    extension,
    fragment6,
    gre,
    icmp,
    ipv4,
    ipv6,
    ports,
    ppp,
    pppoe,
    redundancy,
    vlan,
)
from twins import NEEDS_COMPILED, Cut, compiled_hash, pure_hash

from pybondd.forwarding import HashPolicy
from pybondd.wire import ethertypes as types
from pybondd.wire import protocols

pytestmark = NEEDS_COMPILED

DISSECTING = (HashPolicy.LAYER34, HashPolicy.ENCAP34, HashPolicy.LAYER23, HashPolicy.ENCAP23)
TAG = 0xA064
VARIED = [family for family in FAMILIES if family != "every-protocol"]


def assert_twins_agree(frame, name="", policies=HashPolicy, tags=(0, TAG)):
    for policy in policies:
        for tci in tags:
            pure, compiled = pure_hash(policy, frame, tci), compiled_hash(policy, frame, tci)
            assert compiled == pure, f"{name} {policy.name} tci {tci:#x} {frame.hex()}"


@pytest.mark.parametrize("family", FAMILIES)
def test_twins_agree_on_whole_frames(family):
    for name, frame in FAMILIES[family].items():
        assert_twins_agree(frame, name)


@pytest.mark.parametrize("family", VARIED)
def test_twins_agree_wherever_a_frame_is_cut(family):
    for name, frame in FAMILIES[family].items():
        cut = Cut(frame)
        for size_octets, policy, tci in product(range(min(len(frame), 200)), DISSECTING, (0, TAG)):
            pure = pure_hash(policy, frame[:size_octets], tci)
            compiled = cut.compiled_hash(policy, size_octets, tci)
            assert compiled == pure, (
                f"{name} {policy.name} tci {tci:#x} {frame[:size_octets].hex()}"
            )


@pytest.mark.parametrize("family", VARIED)
def test_twins_agree_whichever_octet_is_damaged(family):
    for name, whole in FAMILIES[family].items():
        frame = bytearray(whole[:120])
        for offset in range(12, len(frame)):
            for damage in (1 << offset % 8, 0xFF):
                frame[offset] ^= damage
                assert_twins_agree(bytes(frame), name, policies=DISSECTING, tags=(0,))
                frame[offset] ^= damage


def test_twins_agree_on_frames_without_a_header():
    for size_octets in range(15):
        assert_twins_agree(MACS + b"\x08\x00"[: size_octets - 12])
        assert_twins_agree((MACS + b"\x08\x00")[:size_octets])


@pytest.mark.parametrize("size_octets", [9018, 65535 + 14])
def test_twins_agree_on_super_frames(size_octets):
    frame = ethernet(types.IPV4, ipv4(protocols.TCP, ports()))
    assert_twins_agree(frame.ljust(size_octets, b"\xa5"))


@given(addresses=st.binary(min_size=12, max_size=12), tci=st.integers(0, 0xFFFF))
def test_twins_agree_on_every_address_and_tag(addresses, tci):
    frame = addresses + b"\x08\x00" + TCP4
    assert_twins_agree(frame, tags=(tci,))


# -- nested by hypothesis

word = st.integers(0, 0xFFFF)
octet = st.integers(0, 0xFF)
tail = st.binary(max_size=24)
leaf = st.one_of(
    st.builds(lambda a, b: (protocols.TCP, ports(a, b)), word, word),
    st.builds(lambda payload: (protocols.ESP, payload), tail),
    st.builds(lambda payload: (protocols.AUTHENTICATION, authentication(payload)), tail),
    st.builds(
        lambda kind, number: (protocols.ICMP, icmp(kind, INNER4, identifier=number)), octet, word
    ),
    st.builds(
        lambda kind, number: (protocols.ICMPV6, icmp(kind, UDP6, identifier=number)), octet, word
    ),
    st.tuples(octet, tail),
)


def transports(packets):
    """(protocol, octets) with a packet, given as (EtherType, octets), somewhere inside."""
    gre_flags = st.sampled_from([0, 0x2000, 0x3000, 0xB000, 0x8000, 0x4000])
    pptp = st.builds(
        lambda payload, flags: gre(flags, types.PPP_IN_GRE, ppp(0x0021, payload)),
        packets.map(lambda packet: packet[1]),
        st.sampled_from([0x2001, 0x3001, 0x3081, 0x2081, 0x0001]),
    )
    overlay = packets.map(lambda packet: gre(0, types.TRANSPARENT_ETHERNET, ethernet(*packet)))
    return st.one_of(
        leaf,
        packets.map(lambda packet: (protocols.IPV4, packet[1])),
        packets.map(lambda packet: (protocols.IPV6, packet[1])),
        st.builds(lambda packet, flags: (protocols.GRE, gre(flags, *packet)), packets, gre_flags),
        st.one_of(pptp, overlay).map(lambda packet: (protocols.GRE, packet)),
    )


def extended(inner):
    kinds = st.sampled_from([protocols.HOP_BY_HOP, protocols.ROUTING, 60, protocols.FRAGMENT])
    return st.builds(
        lambda kind, transport, units: (
            kind,
            fragment6(*transport)
            if kind == protocols.FRAGMENT
            else extension(*transport, units=units),
        ),
        kinds,
        inner,
        st.integers(0, 2),
    )


def networks(packets):
    """(EtherType, octets) with packets inside."""
    inner = transports(packets)
    deep = st.one_of(inner, extended(inner), extended(extended(inner)))
    fragments = st.sampled_from([0, 0, 0, 0x4000, 0x2000, 0x0010])
    sizes = st.sampled_from([5, 5, 5, 6, 4, 0, 15])
    return st.one_of(
        st.builds(
            lambda transport, size, fragment: (
                types.IPV4,
                ipv4(*transport, header_words=size, fragment=fragment),
            ),
            inner,
            sizes,
            fragments,
        ),
        deep.map(lambda transport: (types.IPV6, ipv6(*transport))),
        st.builds(lambda tci, packet: (types.VLAN, vlan(tci, *packet)), word, packets),
        packets.map(lambda packet: (types.PPPOE_SESSION, pppoe(0x0021, packet[1]))),
        packets.map(lambda packet: (types.HSR, redundancy(*packet))),
        packets.map(lambda packet: (types.BATMAN, batman(*packet))),
        st.tuples(word, tail),
    )


packets = st.recursive(st.just((types.IPV4, TCP4)), networks, max_leaves=6)


@settings(max_examples=300, deadline=None)
@given(
    packet=packets,
    tci=st.sampled_from([0, TAG]),
    cut=st.integers(0, 40),
    damaged=st.integers(0, 200),
)
def test_twins_agree_on_nested_frames_cut_and_damaged(packet, tci, cut, damaged):
    frame = bytearray(ethernet(*packet))
    assert_twins_agree(bytes(frame), tags=(tci,))
    assert_twins_agree(bytes(frame[: len(frame) - cut]), tags=(tci,))
    frame[12 + damaged % (len(frame) - 12)] ^= 1 << damaged % 8
    assert_twins_agree(bytes(frame), tags=(tci,))
