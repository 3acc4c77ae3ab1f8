"""Look at interfaces and change them."""

import errno
import struct
from typing import Self

from pybondd.linux import attributes, interface
from pybondd.linux.errors import LinuxError
from pybondd.linux.interface import LINK_HEADER, Interface, parse_link
from pybondd.linux.rtnetlink import Netlink

NEW_LINK = 16
DELETE_LINK = 17
_GET_LINK = 18
_SET_LINK = 19
_GET_ADDRESS = 22
_GET_ROUTE = 26

_EXTENSION_MASK = 29
_SKIP_STATISTICS = 8
"""RTEXT_FILTER_SKIP_STATS: the answer is a third as long."""

_ADDRESS_HEADER = struct.Struct("=BBBBI")
_ROUTE_HEADER = struct.Struct("=BBBBBBBBI")
_INET = 2
_ADDRESS = 1
_LOCAL = 2
_FLAGS = 8
_TENTATIVE = 0x40
_DAD_FAILED = 0x08
_OUT_INTERFACE = 4
_MULTIPATH = 9
_NEXT_HOP = struct.Struct("=HBBi")
_MAIN_TABLE = 254
_UNICAST = 1


class Route:
    """The interfaces of the network namespace in which this object was made.

    Every method raises LinuxError; ENODEV when the interface does not exist.
    """

    def __init__(self) -> None:
        self.netlink = Netlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the socket back."""
        self.netlink.close()

    def interface(self, which: str | int) -> Interface:
        """One interface by name or index."""
        body = _link(which if isinstance(which, int) else 0) + _LEAN
        if isinstance(which, str):
            body += attributes.text(interface.NAME, which)
        return parse_link(self.netlink.get(_GET_LINK, body, f"look at interface {which}"))

    def interfaces(self) -> tuple[Interface, ...]:
        """All interfaces, in the kernel's order."""
        answers = self.netlink.dump(_GET_LINK, _link(0) + _LEAN, "list the interfaces")
        return tuple(parse_link(body) for kind, body in answers if kind == NEW_LINK)

    def set_up(self, ifindex: int, is_up: bool) -> None:
        """Set an interface administratively up or down."""
        flags = interface.IS_UP if is_up else 0
        body = LINK_HEADER.pack(0, 0, ifindex, flags, interface.IS_UP)
        self.netlink.change(_SET_LINK, body, f"set interface {ifindex} {'up' if is_up else 'down'}")

    def set_mac(self, ifindex: int, mac: bytes) -> None:
        """Give an interface this MAC address."""
        body = _link(ifindex) + attributes.attribute(interface.ADDRESS, mac)
        self.netlink.change(_SET_LINK, body, f"set the MAC address of interface {ifindex}")

    def set_mtu(self, ifindex: int, mtu: int) -> None:
        """Give an interface this MTU, in octets."""
        body = _link(ifindex) + attributes.number(interface.MTU, mtu)
        self.netlink.change(_SET_LINK, body, f"set the MTU of interface {ifindex} to {mtu}")

    def rename(self, ifindex: int, name: str) -> None:
        """Give an interface another name."""
        body = _link(ifindex) + attributes.text(interface.NAME, name)
        self.netlink.change(_SET_LINK, body, f"rename interface {ifindex} to {name}")

    def set_ipv6_generation(self, ifindex: int, mode: int) -> None:
        """Choose how IPv6 makes link-local addresses by itself; 1 is not at all."""
        generation = attributes.attribute(interface.INET6_ADDRESS_GENERATION, bytes([mode]))
        inet6 = attributes.nested(interface.INET6, generation)
        body = _link(ifindex) + attributes.nested(interface.FAMILIES, inet6)
        self.netlink.change(_SET_LINK, body, f"set IPv6 address generation of {ifindex}")

    def addresses(self) -> dict[int, tuple[bytes, ...]]:
        """IPv4 (4 octets) and non-tentative IPv6 (16 octets) addresses by interface index."""
        found: dict[int, tuple[bytes, ...]] = {}
        question = _ADDRESS_HEADER.pack(0, 0, 0, 0, 0)
        for _, body in self.netlink.dump(_GET_ADDRESS, question, "list the addresses"):
            family, _, flags, _, ifindex = _ADDRESS_HEADER.unpack_from(body)
            about = attributes.parse(body, _ADDRESS_HEADER.size)
            flags = about.get(_FLAGS, bytes([flags]))[0]
            if family != _INET and flags & (_TENTATIVE | _DAD_FAILED):
                continue
            # On a point-to-point interface ADDRESS is the other end's, LOCAL ours.
            address = about.get(_LOCAL) or about.get(_ADDRESS)
            if address:
                found[ifindex] = (*found.get(ifindex, ()), address)
        return found

    def carries_default_route(self, ifindex: int) -> bool:
        """Does a default route of the main table, IPv4 or IPv6, leave by this interface?"""
        question = _ROUTE_HEADER.pack(0, 0, 0, 0, 0, 0, 0, 0, 0)
        answers = self.netlink.dump(_GET_ROUTE, question, "list the routes")
        return any(ifindex in _default_route_interfaces(body) for _, body in answers)

    def exists(self, ifindex: int) -> bool:
        """Is there an interface of this index?"""
        try:
            self.interface(ifindex)
        except LinuxError as error:
            if error.errno == errno.ENODEV:
                return False
            raise
        return True


def _link(ifindex: int) -> bytes:
    return LINK_HEADER.pack(0, 0, ifindex, 0, 0)


_LEAN = attributes.number(_EXTENSION_MASK, _SKIP_STATISTICS)


def _default_route_interfaces(body: bytes) -> set[int]:
    """The interfaces that the route of this message uses, if it is a default route at all."""
    _, prefix, _, _, table, _, _, kind, _ = _ROUTE_HEADER.unpack_from(body)
    if prefix or table != _MAIN_TABLE or kind != _UNICAST:
        return set()
    found = attributes.parse(body, _ROUTE_HEADER.size)
    used = (
        {struct.unpack_from("=i", found[_OUT_INTERFACE])[0]} if _OUT_INTERFACE in found else set()
    )
    hops = found.get(_MULTIPATH, b"")
    while len(hops) >= _NEXT_HOP.size:
        size, _, _, ifindex = _NEXT_HOP.unpack_from(hops)
        used.add(ifindex)
        hops = hops[max((size + 3) & ~3, _NEXT_HOP.size) :]
    return used
