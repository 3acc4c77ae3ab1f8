"""Which IPv4 groups do we listen to? IGMP reports, RFC 1112 (version 1), 2236 (2), 3376 (3)."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from pybondd.wire.checksum import internet_checksum
from pybondd.wire.error import WireError, check, need
from pybondd.wire.groups import GroupRecord, build_records, parse_records

MESSAGE_OCTETS: Final = 8
ADDRESS_OCTETS: Final = 4

TYPE_OF_VERSION: Final = {1: 0x12, 2: 0x16}
VERSION_OF_TYPE: Final = {number: version for version, number in TYPE_OF_VERSION.items()}
SOURCE_REPORT_TYPE: Final = 0x22

ALL_ROUTERS: Final = bytes([224, 0, 0, 22])
"""Where version 3 reports go (RFC 3376 4.2.14)."""


@dataclass(frozen=True, slots=True)
class IgmpGroupReport:
    """Version 1 or 2: one group (4 octets)."""

    version: int
    group: bytes


@dataclass(frozen=True, slots=True)
class IgmpSourceReport:
    """Version 3: any number of records, with sources."""

    records: tuple[GroupRecord, ...]


IgmpReport: TypeAlias = IgmpGroupReport | IgmpSourceReport


def parse_igmp(message: bytes) -> IgmpReport:
    """The report in an IPv4 payload.

    Raises WireError if it is cut off, damaged, or no report.
    """
    need(message, MESSAGE_OCTETS, "IGMP")
    check(internet_checksum(message) == 0, "IGMP: checksum")
    if message[0] == SOURCE_REPORT_TYPE:
        count = int.from_bytes(message[6:8], "big")
        return IgmpSourceReport(parse_records(message[MESSAGE_OCTETS:], count, ADDRESS_OCTETS))
    if message[0] in VERSION_OF_TYPE:
        return IgmpGroupReport(VERSION_OF_TYPE[message[0]], message[4:8])
    raise WireError(f"IGMP: type {message[0]:#04x} is no report")


def build_igmp(report: IgmpReport) -> bytes:
    """The message with its checksum; the inverse of parse_igmp."""
    if isinstance(report, IgmpGroupReport):
        assert len(report.group) == ADDRESS_OCTETS
        number, tail = TYPE_OF_VERSION[report.version], report.group
    else:
        count = len(report.records).to_bytes(4, "big")
        number, tail = SOURCE_REPORT_TYPE, count + build_records(report.records)
    head = bytes([number, 0])
    checksum = internet_checksum(head + bytes(2) + tail)
    return head + checksum.to_bytes(2, "big") + tail


def group_mac(group: bytes) -> bytes:
    """The Ethernet address of an IPv4 group: its low 23 bits (RFC 1112 6.4)."""
    return bytes([0x01, 0x00, 0x5E, group[1] & 0x7F]) + group[2:]
