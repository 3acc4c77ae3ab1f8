"""Is it intact? The internet checksum, RFC 1071, and the pseudo-header of RFC 8200 8.1."""


def internet_checksum(octets: bytes) -> int:
    """The 16-bit ones' complement of the ones' complement sum; 0 over octets that contain theirs.

    An odd last octet is padded with zero.
    """
    padded = octets + bytes(len(octets) % 2)
    total = sum(padded[0::2]) * 256 + sum(padded[1::2])
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def pseudo_header6(source: bytes, destination: bytes, protocol: int, size_octets: int) -> bytes:
    """What an IPv6 upper layer adds to its own octets when it computes its checksum."""
    return source + destination + size_octets.to_bytes(4, "big") + protocol.to_bytes(4, "big")
