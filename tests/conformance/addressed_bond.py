"""What `ip addr add` tells a recorded bond: its addresses, and how it reaches the targets."""

from ipaddress import ip_interface

from pybondd.events import HostAddress, HostAddressed, TargetRoute

LINK_LOCAL = ip_interface("fe80::/10").network


def give_address(bond, text):
    """`text` is an address with the length of its prefix."""
    bond.networks.append(ip_interface(text))
    owned = [each.ip.packed for each in bond.networks]
    ipv4, ipv6 = ([each for each in owned if len(each) == size] for size in (4, 16))
    address = HostAddress(bond.name, bond.mac, ipv4=tuple(ipv4), ipv6=tuple(ipv6))
    bond.handle(HostAddressed((address,)))


def give_routes(bond, *, lag_ns):
    """To all neighbours; they appear so long after the bond was opened."""
    bond.networks = []

    def look_up(targets):
        if bond.world.now < bond.opened_ns + lag_ns:
            return ()
        return tuple(filter(None, (_route(bond, target) for target in targets)))

    bond.route = look_up


def _route(bond, target):
    """To neighbours only: recorded machines have no other routes. None if it is no neighbour."""
    for each in bond.networks:
        if len(each.ip.packed) == len(target) and _holds(each.network, target):
            return TargetRoute(target, source=each.ip.packed)
    is_link_local = len(target) == 16 and _holds(LINK_LOCAL, target)
    return TargetRoute(target) if is_link_local else None


def _holds(network, target):
    start = int(network.network_address)
    return start <= int.from_bytes(target, "big") < start + network.num_addresses
