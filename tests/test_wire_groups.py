"""Do IGMP and MLD reports become octets and come back?"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.igmp import IGMP_MR, IGMPv2_MR, IGMPv3_MR, IGMPv3_MR_Group
from scapy.layers.inet6 import ICMPv6MLReport2, IPv6

from pybondd.wire import mld
from pybondd.wire.checksum import internet_checksum
from pybondd.wire.error import WireError
from pybondd.wire.groups import GroupRecord, RecordKind
from pybondd.wire.igmp import IgmpGroupReport, IgmpSourceReport, build_igmp, group_mac, parse_igmp
from pybondd.wire.ip import build_ipv6
from pybondd.wire.neighbour import with_icmpv6_checksum

GROUP4 = bytes([239, 1, 2, 3])
GROUP6 = bytes.fromhex("ff150000000000000000000000000009")
SOURCE6 = bytes.fromhex("fe8000000000000000 00fffeaabb0100")
# As the driver sends them; the first is the whole of IGMPv3, the others are 8 octets each.
LITERALS = {
    "version-3": ("2200eaf900000001 02000000 ef010203", IgmpSourceReport((GroupRecord(GROUP4),))),
    "version-2": ("1600f8fa ef010203", IgmpGroupReport(2, GROUP4)),
    "version-1": ("1200fcfa ef010203", IgmpGroupReport(1, GROUP4)),
}


def records(address_octets):
    address = st.binary(min_size=address_octets, max_size=address_octets)
    sources = st.lists(address, max_size=3).map(tuple)
    record = st.builds(GroupRecord, address, st.sampled_from(RecordKind), sources)
    return st.lists(record, max_size=4).map(tuple)


group4 = st.binary(min_size=4, max_size=4)
group6 = st.binary(min_size=16, max_size=16)


@pytest.mark.parametrize("name", LITERALS)
def test_a_literal_igmp_report_is_read_and_written(name):
    text, report = LITERALS[name]
    assert build_igmp(report).hex() == text.replace(" ", "")
    assert parse_igmp(bytes.fromhex(text)) == report


@given(
    st.builds(IgmpSourceReport, records(4))
    | st.builds(IgmpGroupReport, st.sampled_from([1, 2]), group4)
)
def test_an_igmp_report_comes_back_as_it_was(report):
    assert parse_igmp(build_igmp(report)) == report


@given(
    st.builds(mld.MldSourceReport, records(16)) | st.builds(mld.MldGroupReport, group6),
    group6,
    group6,
)
def test_an_mld_report_comes_back_as_it_was(report, source, destination):
    assert mld.parse_mld(mld.build_mld(report, source, destination)) == report


SOURCES4 = GroupRecord(GROUP4, RecordKind.ALLOW_NEW, (bytes(4), GROUP4))
LONG4 = build_igmp(IgmpSourceReport((SOURCES4, GroupRecord(GROUP4))))
SOURCES6 = GroupRecord(GROUP6, RecordKind.BLOCK_OLD, (GROUP6,))
LONG6 = mld.build_mld(mld.MldSourceReport((SOURCES6,)), SOURCE6, mld.ALL_ROUTERS)
SHORT6 = mld.build_mld(mld.MldGroupReport(GROUP6), SOURCE6, GROUP6)


@pytest.mark.parametrize("size_octets", range(len(LONG4)))
def test_a_cut_igmp_report_is_refused_even_with_a_right_checksum(size_octets):
    cut = LONG4[:2] + bytes(2) + LONG4[4:size_octets]
    cut = cut[:2] + internet_checksum(cut).to_bytes(2, "big") + cut[4:]
    with pytest.raises(WireError):
        parse_igmp(cut[:size_octets])


@pytest.mark.parametrize("packet", [LONG6, SHORT6], ids=["version-2", "version-1"])
def test_a_cut_mld_report_is_refused_even_with_a_right_checksum(packet):
    for size_octets in range(len(packet.payload)):
        message = packet.payload[8:size_octets]
        cut = with_icmpv6_checksum(message[:2], message[4:], packet.source, packet.destination)
        payload = (packet.payload[:8] + cut)[:size_octets]
        with pytest.raises(WireError):
            mld.parse_mld(replace(packet, payload=payload))


@pytest.mark.parametrize("offset", range(len(LONG4)))
def test_a_damaged_igmp_report_is_refused(offset):
    damaged = bytearray(LONG4)
    damaged[offset] ^= 0x40
    with pytest.raises(WireError):
        parse_igmp(bytes(damaged))


@pytest.mark.parametrize("offset", range(len(LONG6.payload)))
def test_a_damaged_mld_report_is_refused(offset):
    damaged = bytearray(LONG6.payload)
    damaged[offset] ^= 0x40
    with pytest.raises(WireError):
        mld.parse_mld(replace(LONG6, payload=bytes(damaged)))


def test_an_igmp_query_is_no_report():
    query = bytes.fromhex("1100eeff00000000")
    assert internet_checksum(query) == 0
    with pytest.raises(WireError):
        parse_igmp(query)


def test_an_mld_query_is_no_report():
    tail = bytes(4) + GROUP6
    query = mld.HOP_BY_HOP + with_icmpv6_checksum(b"\x82\x00", tail, SOURCE6, GROUP6)
    with pytest.raises(WireError):
        mld.parse_mld(replace(SHORT6, payload=query))


def test_mld_without_a_router_alert_is_refused():
    with pytest.raises(WireError):
        mld.parse_mld(replace(SHORT6, next_header=58))


def test_a_record_of_an_unknown_kind_is_refused():
    report = bytes.fromhex("2200e5f9000000010700 0000ef010203")
    assert internet_checksum(report) == 0
    with pytest.raises(WireError):
        parse_igmp(report)


def test_auxiliary_words_in_a_record_are_skipped():
    body = bytes.fromhex("00000002 02010000ef010203 deadbeef 02000000ef010203")
    checksum = internet_checksum(b"\x22\x00\x00\x00" + body).to_bytes(2, "big")
    two = IgmpSourceReport((GroupRecord(GROUP4), GroupRecord(GROUP4)))
    assert parse_igmp(b"\x22\x00" + checksum + body) == two


def test_scapy_writes_the_same_reports():
    record = IGMPv3_MR_Group(rtype=5, maddr="239.1.2.3", srcaddrs=["0.0.0.0", "239.1.2.3"])
    assert parse_igmp(bytes(IGMPv3_MR(records=[record]))) == IgmpSourceReport((SOURCES4,))
    for version, report in ((1, IGMP_MR), (2, IGMPv2_MR)):
        theirs = bytes(report(mrcode=0, gaddr="239.1.2.3"))
        assert parse_igmp(theirs) == IgmpGroupReport(version, GROUP4)


def test_scapy_reads_our_mld_report():
    records = IPv6(build_ipv6(LONG6))[ICMPv6MLReport2].records
    assert [(r.rtype, r.dst, r.sources) for r in records] == [(6, "ff15::9", ["ff15::9"])]


def test_an_ipv4_group_gives_its_low_23_bits_to_its_ethernet_address():
    assert group_mac(bytes([239, 0x81, 2, 3])) == bytes.fromhex("01005e010203")
