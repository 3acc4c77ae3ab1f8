"""Which IPv6 groups do we listen to? Reports of MLD version 1 (RFC 2710) and 2 (RFC 3810)."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from pybondd.wire import protocols
from pybondd.wire.error import WireError, check, need
from pybondd.wire.groups import GroupRecord, build_records, parse_records
from pybondd.wire.ip import Ipv6
from pybondd.wire.neighbour import icmpv6_checksum, with_icmpv6_checksum

GROUP_REPORT_TYPE: Final = 131
SOURCE_REPORT_TYPE: Final = 143
MESSAGE_OCTETS: Final = 8
GROUP_REPORT_OCTETS: Final = 24
ADDRESS_OCTETS: Final = 16

HOP_BY_HOP: Final = bytes([protocols.ICMPV6, 0, 5, 2, 0, 0, 1, 0])
"""Router alert of value 0, "a multicast listener message" (RFC 2711 2.1), then 2 octets of pad."""

ALL_ROUTERS: Final = bytes.fromhex("ff020000000000000000000000000016")
"""Where version 2 reports go (RFC 3810 5.2.14)."""


@dataclass(frozen=True, slots=True)
class MldGroupReport:
    """Version 1: one group (16 octets)."""

    group: bytes


@dataclass(frozen=True, slots=True)
class MldSourceReport:
    """Version 2: any number of records, with sources."""

    records: tuple[GroupRecord, ...]


MldReport: TypeAlias = MldGroupReport | MldSourceReport


def parse_mld(packet: Ipv6) -> MldReport:
    """The report in an IPv6 packet.

    Raises WireError if it does not carry the router alert, is cut off, damaged, or no report.
    """
    is_alert = packet.next_header == protocols.HOP_BY_HOP and packet.payload[:8] == HOP_BY_HOP
    check(is_alert, "MLD: no router alert")
    message = packet.payload[len(HOP_BY_HOP) :]
    need(message, MESSAGE_OCTETS, "MLD")
    check(icmpv6_checksum(packet.source, packet.destination, message) == 0, "MLD: checksum")
    if message[0] == SOURCE_REPORT_TYPE:
        count = int.from_bytes(message[6:8], "big")
        return MldSourceReport(parse_records(message[MESSAGE_OCTETS:], count, ADDRESS_OCTETS))
    if message[0] == GROUP_REPORT_TYPE:
        need(message, GROUP_REPORT_OCTETS, "MLD")
        return MldGroupReport(message[8:24])
    raise WireError(f"MLD: ICMPv6 type {message[0]} is no report")


def build_mld(report: MldReport, source: bytes, destination: bytes) -> Ipv6:
    """The report as a packet with router alert and hop limit 1; the inverse of parse_mld."""
    if isinstance(report, MldGroupReport):
        assert len(report.group) == ADDRESS_OCTETS
        number, tail = GROUP_REPORT_TYPE, bytes(4) + report.group
    else:
        count = len(report.records).to_bytes(4, "big")
        number, tail = SOURCE_REPORT_TYPE, count + build_records(report.records)
    message = with_icmpv6_checksum(bytes([number, 0]), tail, source, destination)
    payload = HOP_BY_HOP + message
    return Ipv6(source, destination, protocols.HOP_BY_HOP, payload, hop_limit=1)
