"""What does a driver say of its link, and what does the bond say of its own?"""

import array
import errno
import fcntl
import socket
import struct
from typing import Self

from pybondd.linux.errors import asking
from pybondd.linux.interface import Interface
from pybondd.port import Duplex, LinkFacts

_SIOCETHTOOL = 0x8946
_SIOCGMIIPHY = 0x8947
_SIOCGMIIREG = 0x8948
_NAME_SIZE_OCTETS = 16

# Commands of Linux uapi ethtool.h.
_GET_SETTINGS = 0x01
_SET_SETTINGS = 0x02
_GET_LINK = 0x0A
_GET_LINK_SETTINGS = 0x4C
_SET_LINK_SETTINGS = 0x4D

_OLD_SETTINGS = struct.Struct("=IIIHBBBBBBIIHBBI8x")
"""struct ethtool_cmd: command, supported, advertised, speed (low half), duplex, port, ..., speed
(high half), ..."""
_LINK_SETTINGS = struct.Struct("=IIBBBBBBbBBBB5x6I")
"""struct ethtool_link_settings: command, speed, duplex, port, address, autoneg, mdio, tp, tp, words
per mask, ..."""
_MASK_ROOM_OCTETS = 3 * 4 * 127
"""Three link mode masks of at most 127 words: the count of words is a signed octet."""
_HALF, _FULL, _UNKNOWN_DUPLEX = 0, 1, 0xFF
_UNKNOWN_SPEEDS = (0, 0xFFFF, 0xFFFFFFFF)
_PORT_OTHER = 0xFF
_BASIC_STATUS = 1
_LINK_STATUS = 0x0004
"""Bit 2 of MII register 1, IEEE Std 802.3-2018 22.2.4.2."""
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.EINVAL, errno.EPERM, errno.ENODEV)


class Ethtool:
    """Questions by interface name, in the network namespace in which this object was made.

    A driver that does not answer, or an interface that is gone, gives None and no error.
    """

    def __init__(self) -> None:
        with asking("open a socket for ethtool requests"):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def link_facts(self, interface: Interface, *, uses_carrier: bool = True) -> LinkFacts:
        """All that the bond wants to know of a port's link, read now.

        `uses_carrier` False is use_carrier=0: the driver is asked instead of the carrier flag, by
        ethtool, else by MII registers (Linux 6.12 bond_main.c bond_check_dev_link).
        """
        link: bool | None = interface.carrier
        if not uses_carrier:
            link = self.link(interface.name)
            if link is None:
                link = self.mii_link(interface.name)
        speed_mbps, duplex = self.speed(interface.name)
        return LinkFacts(
            is_up=interface.is_up,
            has_carrier=interface.carrier if link is None else link,
            speed_mbps=speed_mbps,
            duplex=duplex,
            reports_link=link is not None,
        )

    def link(self, name: str) -> bool | None:
        """The driver's own test of its link."""
        answer = self._ask(name, struct.pack("=II", _GET_LINK, 0))
        return None if answer is None else struct.unpack("=II", answer)[1] != 0

    def mii_link(self, name: str) -> bool | None:
        """Link status as the PHY's registers say."""
        request = bytearray(struct.pack("=16s4H8x", name.encode(), 0, _BASIC_STATUS, 0, 0))
        try:
            fcntl.ioctl(self._socket, _SIOCGMIIPHY, request)
            struct.pack_into("=H", request, 18, _BASIC_STATUS)
            fcntl.ioctl(self._socket, _SIOCGMIIREG, request)
        except OSError:
            return None
        return bool(struct.unpack_from("=H", request, 22)[0] & _LINK_STATUS)

    def speed(self, name: str) -> tuple[int | None, Duplex | None]:
        """Speed in Mbit/s and duplex; each None where unknown."""
        settings = self._link_settings(name)
        if settings is not None:
            speed_mbps, duplex = struct.unpack_from("=IB", settings, 4)
        else:
            answer = self._ask(name, _OLD_SETTINGS.pack(_GET_SETTINGS, *[0] * 15))
            if answer is None:
                return None, None
            fields = _OLD_SETTINGS.unpack(answer)
            speed_mbps, duplex = fields[3] | fields[12] << 16, fields[4]
        return (
            None if speed_mbps in _UNKNOWN_SPEEDS else speed_mbps,
            {_HALF: Duplex.HALF, _FULL: Duplex.FULL}.get(duplex),
        )

    def set_speed(self, name: str, speed_mbps: int | None, duplex: Duplex | None) -> None:
        """Let the TAP device show this speed and duplex; None is unknown. Raises LinuxError."""
        number = {Duplex.HALF: _HALF, Duplex.FULL: _FULL, None: _UNKNOWN_DUPLEX}[duplex]
        speed = _UNKNOWN_SPEEDS[-1] if speed_mbps is None else speed_mbps
        settings = self._link_settings(name)
        with asking(f"set the speed of {name}"):
            if settings is not None:
                struct.pack_into(
                    "=IIBB", settings, 0, _SET_LINK_SETTINGS, speed, number, _PORT_OTHER
                )
                self._ioctl(name, settings)
                return
            low, high = speed & 0xFFFF, speed >> 16
            self._ioctl(
                name,
                bytearray(
                    _OLD_SETTINGS.pack(
                        _SET_SETTINGS, 0, 0, low, number, _PORT_OTHER, *[0] * 6, high, 0, 0, 0
                    )
                ),
            )

    def _link_settings(self, name: str) -> bytearray | None:
        """The newer form of the settings, with as many mask words as the kernel wants.

        The first question has none; the answer is the wanted count, negated.
        """
        request = _LINK_SETTINGS.pack(_GET_LINK_SETTINGS, *[0] * 18)
        first = self._ask(name, request + bytes(_MASK_ROOM_OCTETS))
        if first is None:
            return None
        words = -_LINK_SETTINGS.unpack_from(first)[8]
        if words <= 0:
            return None
        sized = bytearray(request + bytes(3 * 4 * words))
        struct.pack_into("=b", sized, 14, words)
        answer = self._ask(name, bytes(sized))
        return None if answer is None else bytearray(answer)

    def _ask(self, name: str, request: bytes) -> bytes | None:
        buffer = bytearray(request)
        try:
            self._ioctl(name, buffer)
        except OSError as error:
            if error.errno in _UNSUPPORTED:
                return None
            raise
        return bytes(buffer)

    def _ioctl(self, name: str, buffer: bytearray) -> None:
        block = array.array("B", buffer)
        address, _ = block.buffer_info()
        request = struct.pack(f"={_NAME_SIZE_OCTETS}sQ16x", name.encode(), address)
        fcntl.ioctl(self._socket, _SIOCETHTOOL, request)
        buffer[:] = block.tobytes()
