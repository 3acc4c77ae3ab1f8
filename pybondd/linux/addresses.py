"""Which addresses and groups do peers see behind the bond?"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pybondd.events import HostAddress
from pybondd.linux.interface import Interface
from pybondd.linux.netlink import Route

_PROC = Path("/proc/thread-self/net")
"""Of the calling thread: /proc/net would show the main thread's network namespace."""
_ALL_HOSTS_GROUP = bytes((224, 0, 0, 1))
_MAX_DEPTH = 8
"""Linux nests upper devices at most 8 deep (netdevice.h MAX_NEST_DEV)."""
_STANDS_ON_TOP = ("vlan", "macvlan")


@dataclass(slots=True)
class _Groups:
    """What /proc/net/igmp and igmp6 say of one interface."""

    igmp: list[bytes] = field(default_factory=list)
    mld: list[bytes] = field(default_factory=list)
    igmp_version: int = 3


def host_addresses(route: Route, bond_ifindex: int) -> tuple[HostAddress, ...]:
    """The bond and every VLAN and macvlan above it, the bond first.

    Empty when the bond interface is gone. Raises LinuxError.
    """
    interfaces = route.interfaces()
    addresses = route.addresses()
    groups = _joined_groups()
    return tuple(
        _host_address(each, tags, addresses.get(each.ifindex, ()), groups)
        for each, tags in stack(interfaces, bond_ifindex)
    )


def wants_promiscuous(route: Route, bond_ifindex: int) -> bool:
    """Must the bond hear every destination?

    A bridge, macvlan or VLAN with its own MAC, or a sniffer raises the TAP's count of promiscuous
    users, since a TAP filters nothing itself. Raises LinuxError, ENODEV when the bond is gone.
    """
    return route.interface(bond_ifindex).promiscuity > 0


def stack(
    interfaces: tuple[Interface, ...], bond_ifindex: int
) -> Iterator[tuple[Interface, tuple[tuple[int, int], ...]]]:
    """The bond and what stands on it, each with its tags, outermost first."""
    stack: list[tuple[Interface, tuple[tuple[int, int], ...]]] = [
        (each, ()) for each in interfaces if each.ifindex == bond_ifindex
    ]
    for _ in range(_MAX_DEPTH):
        yield from stack
        stack = [
            (upper, (*tags, upper.tag) if upper.tag else tags)
            for lower, tags in stack
            for upper in interfaces
            if upper.lower == lower.ifindex and upper.kind in _STANDS_ON_TOP
        ]


def _host_address(
    interface: Interface,
    tags: tuple[tuple[int, int], ...],
    addresses: tuple[bytes, ...],
    groups: dict[str, _Groups],
) -> HostAddress:
    joined = groups.get(interface.name, _Groups())
    return HostAddress(
        name=interface.name,
        mac=interface.mac,
        tags=tags,
        ipv4=tuple(each for each in addresses if len(each) == 4),
        ipv6=tuple(each for each in addresses if len(each) == 16),
        is_router=interface.is_ipv6_router,
        igmp_groups=tuple(joined.igmp),
        mld_groups=tuple(joined.mld),
        igmp_version=joined.igmp_version,
    )


def _joined_groups() -> dict[str, _Groups]:
    """Groups by interface name; of a protocol that the kernel lacks, none."""
    found: dict[str, _Groups] = {}
    _read_igmp(_lines("igmp")[1:], found)
    for line in _lines("igmp6"):
        _, name, group, *_ = line.split()
        found.setdefault(name, _Groups()).mld.append(bytes.fromhex(group))
    return found


def _read_igmp(lines: list[str], found: dict[str, _Groups]) -> None:
    """A line of an interface is followed by indented lines, one a group."""
    current = _Groups()
    for line in lines:
        words = line.split()
        if line[:1].isspace():
            # The address is printed as a number in host order.
            group = int(words[0], 16).to_bytes(4, sys.byteorder)
            if group != _ALL_HOSTS_GROUP:
                current.igmp.append(group)
        else:
            version = words[-1].removeprefix("V")
            current = found.setdefault(words[1], _Groups())
            current.igmp_version = int(version) if version.isdecimal() else 3


def _lines(name: str) -> list[str]:
    try:
        return (_PROC / name).read_text().splitlines()
    except FileNotFoundError:
        return []
