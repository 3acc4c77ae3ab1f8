"""What does a host say of one multicast group? The record that IGMPv3 and MLDv2 share.

RFC 3376 4.2.4 and RFC 3810 5.2.4 differ in nothing but the size of an address.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from pybondd.wire.error import check, need

RECORD_HEADER_OCTETS: Final = 4
AUXILIARY_UNIT_OCTETS: Final = 4


class RecordKind(IntEnum):
    """Which sources are wanted, or how that changed."""

    IS_INCLUDE = 1
    IS_EXCLUDE = 2
    TO_INCLUDE = 3
    TO_EXCLUDE = 4
    ALLOW_NEW = 5
    BLOCK_OLD = 6


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """One group and sources. `IS_EXCLUDE` without sources is a plain member of the group."""

    group: bytes
    kind: RecordKind = RecordKind.IS_EXCLUDE
    sources: tuple[bytes, ...] = ()


def parse_records(octets: bytes, count: int, address_octets: int) -> tuple[GroupRecord, ...]:
    """`count` records; what follows them is ignored, as is auxiliary data within.

    Raises WireError if a record is cut off or of an unknown kind.
    """
    records = []
    for _ in range(count):
        need(octets, RECORD_HEADER_OCTETS + address_octets, "group record")
        sources_at = RECORD_HEADER_OCTETS + address_octets
        sources_end = sources_at + address_octets * int.from_bytes(octets[2:4], "big")
        end = sources_end + AUXILIARY_UNIT_OCTETS * octets[1]
        need(octets, end, "group record")
        check(octets[0] in tuple(RecordKind), f"group record: kind {octets[0]}")
        starts = range(sources_at, sources_end, address_octets)
        sources = tuple(octets[start : start + address_octets] for start in starts)
        group = octets[RECORD_HEADER_OCTETS:sources_at]
        records.append(GroupRecord(group, RecordKind(octets[0]), sources))
        octets = octets[end:]
    return tuple(records)


def build_records(records: tuple[GroupRecord, ...]) -> bytes:
    """The records' octets; the inverse of parse_records."""
    return b"".join(map(build_record, records))


def build_record(record: GroupRecord) -> bytes:
    """One record without auxiliary data; every address has the group's size."""
    assert all(len(source) == len(record.group) for source in record.sources)
    head = bytes([record.kind, 0]) + len(record.sources).to_bytes(2, "big")
    return head + record.group + b"".join(record.sources)
