"""Netlink attributes: type, length and value, padded to four octets, in host byte order."""

import struct
import sys
from typing import TypeAlias

Attributes: TypeAlias = dict[int, bytes]

_HEADER = struct.Struct("=HH")
_TYPE_MASK = 0x3FFF
"""The upper two bits of a type are flags: Linux uapi netlink.h NLA_TYPE_MASK."""
_NESTED = 0x8000


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, padded."""
    padding = -len(value) % 4
    return _HEADER.pack(_HEADER.size + len(value), kind) + value + bytes(padding)


def nested(kind: int, *members: bytes) -> bytes:
    """An attribute whose value is a row of attributes."""
    return attribute(kind | _NESTED, b"".join(members))


def text(kind: int, value: str) -> bytes:
    """An attribute holding a NUL-terminated string."""
    return attribute(kind, value.encode() + b"\0")


def number(kind: int, value: int) -> bytes:
    """An attribute holding an unsigned 32-bit number."""
    return attribute(kind, value.to_bytes(4, sys.byteorder))


def parse(octets: bytes, start: int = 0) -> Attributes:
    """All attributes from `start` on; of a repeated one the last. Stops where a length is wrong."""
    found: Attributes = {}
    end = len(octets)
    while start + 4 <= end:
        size, kind = _HEADER.unpack_from(octets, start)
        if size < 4 or start + size > end:
            break
        found[kind & _TYPE_MASK] = octets[start + 4 : start + size]
        start += (size + 3) & ~3
    return found


def to_text(value: bytes) -> str:
    """A NUL-terminated string."""
    return value.split(b"\0", 1)[0].decode(errors="replace")
