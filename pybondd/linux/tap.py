"""The bond interface: a TAP device that carries whole super-frames."""

import errno
import fcntl
import os
import socket
import struct

import pytun

from pybondd.linux.errors import LinuxError, asking

VNET_HEADER_SIZE_OCTETS = 10
"""struct virtio_net_hdr without the number of merged buffers: what packet sockets use, too."""
MAX_NAME_LENGTH = 15
"""IFNAMSIZ less the closing zero."""

# Requests of Linux uapi if_tun.h.
_SET_OFFLOAD = 0x400454D0
_SET_VNET_HEADER_SIZE = 0x400454D8
_SET_CARRIER = 0x400454E2

_CHECKSUM = 0x01
_TSO = 0x02 | 0x04 | 0x08
"""TCP segmentation for IPv4, IPv6, and with ECN."""
_USO = 0x20 | 0x40
"""UDP segmentation for IPv4 and IPv6, Linux 6.2 and later."""
_OFFLOADS = (_CHECKSUM | _TSO | _USO, _CHECKSUM | _TSO, _CHECKSUM, 0)
"""Tried from the left; the kernel takes a set whole or refuses it with EINVAL."""


class Tap:
    """A TAP device that exists as long as this object is open. It starts without a carrier.

    Its descriptor is non-blocking and not inherited by children; each frame read from it or written
    to it has a virtio-net header of 10 octets (host byte order) in front. `offloads` are the TUN_F
    bits the kernel admitted. Raises LinuxError: ENOENT without /dev/net/tun, EPERM without
    CAP_NET_ADMIN, EBUSY if the name is taken.
    """

    def __init__(self, name: str) -> None:
        assert 0 < len(name.encode()) <= MAX_NAME_LENGTH, "the name was not checked"
        self.name = name
        self._device = _open(name)
        # pytun's methods look the device up by name in whatever namespace is current, so that after
        # this line only the descriptor is used.
        self._fd: int = self._device.fileno()
        os.set_inheritable(self._fd, False)
        os.set_blocking(self._fd, False)
        try:
            self.ifindex = socket.if_nametoindex(name)
            self._configure()
        except (OSError, LinuxError):
            self.close()
            raise

    def fileno(self) -> int:
        """The descriptor to read and write frames with."""
        return self._fd

    def close(self) -> None:
        """Give the device up; it vanishes with its addresses and routes."""
        self._device.close()

    def set_carrier(self, is_up: bool) -> None:
        """Show a carrier or none, as a cable would."""
        with asking(f"set the carrier of {self.name}"):
            fcntl.ioctl(self._fd, _SET_CARRIER, struct.pack("=i", is_up))

    def _configure(self) -> None:
        self.set_carrier(False)
        with asking(f"set the header size of {self.name}"):
            fcntl.ioctl(self._fd, _SET_VNET_HEADER_SIZE, struct.pack("=i", VNET_HEADER_SIZE_OCTETS))
        self.offloads = _set_offloads(self._fd)


def _open(name: str) -> pytun.TunTapDevice:
    flags = pytun.IFF_TAP | pytun.IFF_NO_PI | pytun.IFF_VNET_HDR | pytun.IFF_TUN_EXCL
    try:
        return pytun.TunTapDevice(name=name, flags=flags)
    except pytun.Error as error:
        code = error.args[0] if error.args and isinstance(error.args[0], int) else errno.EIO
        raise LinuxError(code, f"create the TAP device {name} by /dev/net/tun") from error


def _set_offloads(fd: int) -> int:
    for offloads in _OFFLOADS:
        try:
            fcntl.ioctl(fd, _SET_OFFLOAD, offloads)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise LinuxError(error.errno or 0, "set the TAP's offloads") from error
        else:
            return offloads
    return 0
