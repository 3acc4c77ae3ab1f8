"""How does the readable pump read one port, and what do its refusals mean?"""

import contextlib
import errno
import os
import select
import socket
import struct
from typing import Final

from pybondd.counters import PortTally, Reason

VNET_HEADER_OCTETS: Final = 10
"""struct virtio_net_hdr: flags, kind of segmentation, four 16-bit words in host order."""
MAX_FRAME_OCTETS: Final = 65536 + 18
"""Linux's largest super-frame without BIG TCP, with its Ethernet header and a tag."""
ADDRESSES_OCTETS: Final = 12

_SOL_PACKET: Final = 263
_PACKET_STATISTICS: Final = 6
_PACKET_AUXDATA: Final = 8
_AUXDATA: Final = struct.Struct("=IIIHHHH")
_AUXDATA_SPACE_OCTETS: Final = socket.CMSG_SPACE(_AUXDATA.size)
_STATUS_VLAN_VALID: Final = 1 << 4
_STATUS_VLAN_TYPE_VALID: Final = 1 << 6
_CUSTOMER_TAG: Final = 0x8100
_TAG_OCTETS: Final = 4
_NEEDS_CHECKSUM: Final = 1

_BUSY: Final = frozenset({errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM})
_DOWN: Final = frozenset({errno.ENETDOWN, errno.ENODEV, errno.ENXIO})


def reason_of_refusal(error: OSError) -> Reason:
    """Why a port's socket did not take a frame."""
    if error.errno in _BUSY:
        return Reason.PORT_BUSY
    if error.errno in _DOWN:
        return Reason.PORT_DOWN
    return Reason.TOO_LONG if error.errno == errno.EMSGSIZE else Reason.PORT_REFUSED


class PumpPort:
    """One port's descriptor and its tally. Reads through a duplicate of its own."""

    def __init__(self, ifindex: int, fd: int) -> None:
        self.ifindex = ifindex
        self.fd = fd
        self.tally = PortTally(ifindex)
        self._socket = socket.socket(fileno=os.dup(fd))

    def close(self) -> None:
        """Give the duplicate up."""
        self._socket.close()

    def receive(self) -> bytes | None:
        """A virtio-net header and a frame with its VLAN tag in place, or None if there is none.

        A frame that does not fit comes one octet longer than MAX_FRAME_OCTETS allows.
        """
        room = VNET_HEADER_OCTETS + MAX_FRAME_OCTETS + 1
        try:
            packet, ancillary, _, _ = self._socket.recvmsg(room, _AUXDATA_SPACE_OCTETS)
        except OSError as error:
            self._count_error(error.errno)
            return None
        for level, kind, value in ancillary:
            if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA):
                return with_tag(packet, value)
        return packet

    def clear_error(self, ready: int) -> None:
        """Take the socket's error, which epoll would report for ever."""
        if ready & select.EPOLLERR:
            self._count_error(self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def _count_error(self, number: int | None) -> None:
        """A super-frame that no virtio-net header can describe is told as EINVAL and lost.

        Of TCP and UDP segments Linux has a description, of SCTP and of UDP to be cut into IP
        fragments not (Linux 6.12 virtio_net_hdr_from_skb; UDP segments only from 6.2 on).
        """
        if number == errno.EINVAL:
            self.tally.receive_drops[Reason.UNREADABLE] += 1

    def read_kernel_drops(self) -> None:
        """Count what the kernel dropped since this was asked last."""
        with contextlib.suppress(OSError):
            statistics = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
            self.tally.receive_drops[Reason.KERNEL_DROPPED] += struct.unpack("=II", statistics)[1]


def with_tag(packet: bytes, auxdata: bytes) -> bytes:
    """Put back the VLAN tag that the kernel took out, and move the header's offsets behind it."""
    status, _, _, _, _, tci, tag_type = _AUXDATA.unpack(auxdata)
    if not status & _STATUS_VLAN_VALID or len(packet) < VNET_HEADER_OCTETS + ADDRESSES_OCTETS:
        return packet
    if not status & _STATUS_VLAN_TYPE_VALID:
        tag_type = _CUSTOMER_TAG
    flags, kind, header_octets, segment_octets, start, offset = struct.unpack_from(
        "=BBHHHH", packet
    )
    header_octets += _TAG_OCTETS if header_octets else 0
    start += _TAG_OCTETS if flags & _NEEDS_CHECKSUM else 0
    vnet = struct.pack("=BBHHHH", flags, kind, header_octets, segment_octets, start, offset)
    split = VNET_HEADER_OCTETS + ADDRESSES_OCTETS
    tag = struct.pack("!HH", tag_type, tci)
    return vnet + packet[VNET_HEADER_OCTETS:split] + tag + packet[split:]
