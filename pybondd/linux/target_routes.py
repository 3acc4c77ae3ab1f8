"""How does the host reach the targets of the ARP and NS monitors, and from which address?

As Linux's driver asks its own tables (6.12 bond_main.c bond_arp_send_all, bond_ns_send_all), only
through netlink.
"""

import errno
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from pybondd.events import TargetRoute
from pybondd.linux import attributes
from pybondd.linux.addresses import stack
from pybondd.linux.errors import LinuxError
from pybondd.linux.netlink import Route

_NEW_ADDRESS, _GET_ADDRESS = 20, 22
_NEW_ROUTE, _GET_ROUTE = 24, 26
_INET, _INET6 = 2, 10
_ADDRESS_HEADER = struct.Struct("=BBBBI")
_ADDRESS, _LOCAL = 1, 2
_ROUTE_HEADER = struct.Struct("=BBBBBBBBI")
_DESTINATION, _OUT_INTERFACE, _GATEWAY, _PREFERRED_SOURCE, _VIA = 1, 4, 5, 7, 18
_METRIC = 6
_MAIN_TABLE = 254
_UNICAST = 1
_LINK_SCOPE = 253
"""Routes of this scope or a narrower one need no gateway: Linux rtnetlink.h RT_SCOPE_LINK."""
_NO_ROUTE = frozenset(
    {
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.EACCES,
        errno.EINVAL,
        errno.EAFNOSUPPORT,
        errno.EOPNOTSUPP,
    }
)
"""No entry, or one that says unreachable, prohibited or blackhole; or no such protocol."""


@dataclass(frozen=True, slots=True)
class _Subnet:
    """An IPv4 address of an interface, and its network as a number with a mask."""

    local: bytes
    network: int
    mask: int

    def holds(self, address: bytes) -> bool:
        return int.from_bytes(address, "big") & self.mask == self.network


@dataclass(frozen=True, slots=True)
class _Way:
    """The interface that a packet leaves by, and the address that the route itself prefers."""

    ifindex: int
    source: bytes | None


def target_routes(
    route: Route, bond_ifindex: int, targets: tuple[bytes, ...]
) -> tuple[TargetRoute, ...]:
    """The targets (4 or 16 octets) that have a route. Raises LinuxError.

    For ARP a route by a gateway is none; the next wider one without may be taken instead.
    """
    if not targets:
        return ()
    places = {each.interface.ifindex: each for each in stack(route.interfaces(), bond_ifindex)}
    found = []
    for target in targets:
        way = _way4(route, target) if len(target) == 4 else _look_up(route, target)[0]
        if way is None:
            continue
        place = places.get(way.ifindex)
        source = _source4(route, way.ifindex, target) if len(target) == 4 else way.source
        found.append(
            TargetRoute(
                target,
                is_via_bond=place is not None,
                source=source if place else None,
                tags=place.tags if place else (),
            )
        )
    return tuple(found)


def _way4(route: Route, target: bytes) -> _Way | None:
    """Linux looks among the direct routes only. Those with a gateway are not, nor those that
    refuse: blackhole, unreachable, prohibit (seen on 6.1)."""
    way, has_gateway = _look_up(route, target)
    return _direct_way(route, target) if way is None or has_gateway else way


def _look_up(route: Route, target: bytes) -> tuple[_Way | None, bool]:
    """What the kernel's own look-up finds, and whether that goes by a gateway."""
    family = _INET if len(target) == 4 else _INET6
    header = _ROUTE_HEADER.pack(family, 8 * len(target), 0, 0, 0, 0, 0, 0, 0)
    question = header + attributes.attribute(_DESTINATION, target)
    try:
        answer = route.netlink.get(_GET_ROUTE, question, "look up the route to a target")
    except LinuxError as error:
        if error.errno in _NO_ROUTE:
            return None, False
        raise
    found = attributes.parse(answer, _ROUTE_HEADER.size)
    has_gateway = _GATEWAY in found or _VIA in found
    return _Way(_number(found[_OUT_INTERFACE]), found.get(_PREFERRED_SOURCE)), has_gateway


def _direct_way(route: Route, target: bytes) -> _Way | None:
    """Of the main table's routes without a gateway the longest that fits, then the cheapest."""
    fitting = sorted(_direct_routes(route, target))
    return _Way(fitting[0][2], None) if fitting else None


def _direct_routes(route: Route, target: bytes) -> Iterator[tuple[int, int, int]]:
    """Minus the prefix length, metric and interface of each."""
    question = _ROUTE_HEADER.pack(_INET, 0, 0, 0, 0, 0, 0, 0, 0)
    for kind, body in route.netlink.dump(_GET_ROUTE, question, "list the routes"):
        _, length, _, _, table, _, scope, reach, _ = _ROUTE_HEADER.unpack_from(body)
        is_direct = scope >= _LINK_SCOPE and reach == _UNICAST and table == _MAIN_TABLE
        found = attributes.parse(body, _ROUTE_HEADER.size)
        if kind != _NEW_ROUTE or not is_direct or _OUT_INTERFACE not in found:
            continue
        if _subnet(b"", found.get(_DESTINATION, bytes(4)), length).holds(target):
            metric = _number(found[_METRIC]) if _METRIC in found else 0
            yield -length, metric, _number(found[_OUT_INTERFACE])


def _source4(route: Route, ifindex: int, target: bytes) -> bytes | None:
    """The interface's first address if it lies in the target's subnet, or that subnet's own.

    As Linux chooses (6.12 devinet.c confirm_addr_indev).
    """
    subnets = list(_subnets(route, ifindex))
    home = next((each for each in subnets if each.holds(target)), None)
    if home is None:
        return None
    return subnets[0].local if home.holds(subnets[0].local) else home.local


def _subnets(route: Route, ifindex: int) -> Iterator[_Subnet]:
    """The IPv4 addresses of an interface in the kernel's order."""
    question = _ADDRESS_HEADER.pack(_INET, 0, 0, 0, 0)
    for kind, body in route.netlink.dump(_GET_ADDRESS, question, "list the addresses"):
        family, length, _, _, index = _ADDRESS_HEADER.unpack_from(body)
        found = attributes.parse(body, _ADDRESS_HEADER.size)
        if kind == _NEW_ADDRESS and family == _INET and index == ifindex and _ADDRESS in found:
            # On a point-to-point interface the subnet is that of the other end.
            yield _subnet(found.get(_LOCAL, found[_ADDRESS]), found[_ADDRESS], length)


def _subnet(local: bytes, address: bytes, length: int) -> _Subnet:
    network = ip_network((address, length), strict=False)
    return _Subnet(local, int(network.network_address), int(network.netmask))


def _number(octets: bytes) -> int:
    (number,) = struct.unpack_from("=I", octets)
    assert isinstance(number, int)
    return number
