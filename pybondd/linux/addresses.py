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
_ALL_NODES_GROUP = bytes.fromhex("ff02" + 13 * "00" + "01")
_INTERFACE_SCOPE = 1
"""Groups of this scope or less are never reported (RFC 3810 section 6), nor is ff02::1."""
_MAX_DEPTH = 8
"""Linux nests upper devices at most 8 deep (netdevice.h MAX_NEST_DEV)."""
_VLAN, _BRIDGE = "vlan", "bridge"
_MACVLANS = ("macvlan", "macvtap")


@dataclass(slots=True)
class _Groups:
    """What /proc/net/igmp and igmp6 say of one interface."""

    igmp: list[bytes] = field(default_factory=list)
    mld: list[bytes] = field(default_factory=list)
    igmp_version: int = 3


def host_addresses(route: Route, bond_ifindex: int) -> tuple[HostAddress, ...]:
    """The bond and every VLAN, macvlan and bridge above it, each followed by what it carries.

    What is down has no address that anybody could see, but may have learned neighbours. Empty when
    the bond interface is gone. Raises LinuxError.
    """
    interfaces = route.interfaces()
    addresses = route.addresses()
    groups = _joined_groups()
    return tuple(
        _host_address(place, addresses.get(place.interface.ifindex, ()), groups)
        for place in stack(interfaces, bond_ifindex)
    )


def wants_promiscuous(bond: Interface, interfaces: tuple[HostAddress, ...]) -> bool:
    """Must the bond's ports hear every destination?

    A bridge or macvlan on the bond, or a sniffer, raises the TAP's count of promiscuous users,
    since a TAP filters nothing itself. A VLAN does not; but an interface that filters VLANs in
    hardware knows nothing of those on a TAP, and lets them pass only when it is promiscuous.
    """
    return bond.promiscuity > 0 or any(above.tags for above in interfaces)


@dataclass(frozen=True, slots=True)
class Place:
    """An interface at or above the bond. `tags` lie between it and the wire, outermost first."""

    interface: Interface
    tags: tuple[tuple[int, int], ...]
    depth: int


def stack(interfaces: tuple[Interface, ...], bond_ifindex: int) -> Iterator[Place]:
    """The bond and what stands on it: VLANs by protocol and number, macvlans by creation, a bridge.

    That is the order in which Linux tells them of a failover (seen on 6.1; a bridge is told by
    Linux 6.12 br.c br_device_event, where in the order depends on what was loaded first).
    """
    for each in interfaces:
        if each.ifindex == bond_ifindex:
            yield from _with_uppers(Place(each, (), 0), interfaces)


def _with_uppers(place: Place, interfaces: tuple[Interface, ...]) -> Iterator[Place]:
    yield place
    if place.depth == _MAX_DEPTH:
        return
    for upper in sorted(_uppers(place.interface, interfaces), key=_rank):
        tags = (*place.tags, upper.tag) if upper.tag else place.tags
        yield from _with_uppers(Place(upper, tags, place.depth + 1), interfaces)


def _uppers(below: Interface, interfaces: tuple[Interface, ...]) -> Iterator[Interface]:
    for each in interfaces:
        is_stacked = each.lower == below.ifindex and each.kind in (_VLAN, *_MACVLANS)
        if is_stacked or (each.ifindex == below.master and each.kind == _BRIDGE):
            yield each


def _rank(upper: Interface) -> tuple[int, int, int]:
    if upper.kind == _VLAN:
        return 0, *(upper.tag or (0, 0))
    return 1 if upper.kind in _MACVLANS else 2, 0, upper.ifindex


def _host_address(
    place: Place, addresses: tuple[bytes, ...], groups: dict[str, _Groups]
) -> HostAddress:
    interface = place.interface
    if not interface.is_up and place.depth:
        addresses, groups = (), {}
    joined = groups.get(interface.name, _Groups())
    return HostAddress(
        name=interface.name,
        mac=interface.mac,
        tags=place.tags,
        ipv4=tuple(each for each in addresses if len(each) == 4),
        ipv6=tuple(each for each in addresses if len(each) == 16),
        is_router=interface.is_ipv6_router,
        igmp_groups=tuple(joined.igmp),
        mld_groups=tuple(joined.mld),
        igmp_version=joined.igmp_version,
        depth=place.depth,
        is_bridge=interface.kind == _BRIDGE,
        is_macvlan=interface.kind in _MACVLANS,
    )


def _joined_groups() -> dict[str, _Groups]:
    """Groups by interface name; of a protocol that the kernel lacks, none."""
    found: dict[str, _Groups] = {}
    _read_igmp(_lines("igmp")[1:], found)
    for line in _lines("igmp6"):
        _, name, text, *_ = line.split()
        group = bytes.fromhex(text)
        if group != _ALL_NODES_GROUP and group[1] & 0x0F > _INTERFACE_SCOPE:
            found.setdefault(name, _Groups()).mld.append(group)
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
