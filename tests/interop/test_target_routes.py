"""How targets are reached, by the kernel's own tables; from which address, with which tags."""

from ipaddress import ip_address

import pytest

from pybondd.events import TargetRoute
from pybondd.linux.netlink import Route
from pybondd.linux.tap import Tap
from pybondd.linux.target_routes import target_routes

pytestmark = pytest.mark.root


@pytest.fixture
def host(yard):
    host = yard.namespace()
    with host.entered():
        host.tap = Tap("bond0")
        host.tap.set_carrier(True)
        host.set_sysctl("net/ipv6/conf/bond0/accept_dad", 0)
        host.ip("link set bond0 up")
        host.ip("link add other type veth peer name far")
        host.ip("link set far up")
        host.ip("link set other up")
        with Route() as host.route:
            yield host
        host.tap.close()


def packed(text):
    return ip_address(text).packed


def reached(host, target):
    """The route to one target; None without one."""
    routes = target_routes(host.route, host.tap.ifindex, (packed(target),))
    return routes[0] if routes else None


def by_bond(target, source, *tags):
    return TargetRoute(packed(target), True, source and packed(source), tags)


def elsewhere(target):
    return TargetRoute(packed(target), is_via_bond=False)


def run(host, *commands):
    for words in commands:
        host.ip(words)


SITUATIONS = {
    "no address at all": ([], None),
    "a neighbour": (["addr add 10.0.0.1/24 dev bond0"], "10.0.0.1"),
    "the second address fits": (
        ["addr add 192.0.2.1/24 dev bond0", "addr add 10.0.0.1/24 dev bond0"],
        "10.0.0.1",
    ),
    "the first of two that fit": (
        ["addr add 10.0.0.9/24 dev bond0", "addr add 10.0.0.1/24 dev bond0"],
        "10.0.0.9",
    ),
    "a host address before it, in its subnet": (
        ["addr add 10.0.0.9/32 dev bond0", "addr add 10.0.0.1/24 dev bond0"],
        "10.0.0.9",
    ),
}


@pytest.mark.parametrize(("commands", "source"), SITUATIONS.values(), ids=SITUATIONS)
def test_the_source_is_an_address_in_the_targets_subnet(host, commands, source):
    run(host, *commands)
    assert reached(host, "10.0.0.2") == (by_bond("10.0.0.2", source) if source else None)


def test_a_target_on_a_route_without_a_gateway_but_in_no_subnet_of_ours_has_no_source(host):
    run(host, "addr add 192.0.2.1/24 dev bond0", "route add 10.0.0.2/32 dev bond0")
    assert reached(host, "10.0.0.2") == by_bond("10.0.0.2", None)


def test_a_route_by_a_gateway_is_none(host):
    run(host, "addr add 192.0.2.1/24 dev bond0", "route add default via 192.0.2.9")
    assert reached(host, "10.0.0.2") is None
    assert reached(host, "192.0.2.9") == by_bond("192.0.2.9", "192.0.2.1")


def test_behind_a_gateway_the_wider_route_without_one_is_taken(host):
    run(
        host,
        "addr add 10.0.0.1/16 dev bond0",
        "route add 10.0.5.0/24 via 10.0.0.9",
        "route add 10.0.5.2/32 via 10.0.0.9",
    )
    assert reached(host, "10.0.5.2") == by_bond("10.0.5.2", "10.0.0.1")


@pytest.mark.parametrize("kind", ["blackhole", "unreachable", "prohibit"])
def test_a_route_that_refuses_does_not_count_for_arp_and_does_for_neighbour_discovery(host, kind):
    run(host, "addr add 10.0.0.1/24 dev bond0", f"route add {kind} 10.0.0.2/32")
    run(host, "addr add fd00::1/64 dev bond0 nodad", f"route add {kind} fd00::2/128")
    assert reached(host, "10.0.0.2") == by_bond("10.0.0.2", "10.0.0.1")
    assert reached(host, "fd00::2") is None


def test_a_target_behind_another_interface_is_elsewhere(host):
    run(host, "addr add 10.0.0.1/24 dev other")
    assert reached(host, "10.0.0.2") == elsewhere("10.0.0.2")


def test_an_address_of_our_own_is_elsewhere(host):
    run(host, "addr add 10.0.0.1/24 dev bond0")
    assert reached(host, "10.0.0.1") == elsewhere("10.0.0.1")


def test_a_target_behind_a_bridge_over_the_bond_is_reached_by_the_bond(host):
    run(
        host,
        "link add br0 type bridge",
        "link set bond0 master br0",
        "link set br0 up",
        "addr add 10.0.0.1/24 dev br0",
    )
    assert reached(host, "10.0.0.2") == by_bond("10.0.0.2", "10.0.0.1")


def test_an_ns_target_may_lie_behind_a_gateway(host):
    run(host, "addr add fd00::1/64 dev bond0 nodad", "route add default via fd00::9")
    assert reached(host, "fd00::2") == by_bond("fd00::2", "fd00::1")
    assert reached(host, "2001:db8::2") == by_bond("2001:db8::2", "fd00::1")


def test_an_ns_target_without_a_route_has_none(host):
    assert reached(host, "2001:db8::2") is None


def test_several_targets_are_answered_in_their_order_without_those_that_have_no_route(host):
    run(host, "addr add 10.0.0.1/24 dev bond0", "addr add fd00::1/64 dev bond0 nodad")
    targets = tuple(map(packed, ("10.0.0.3", "192.0.2.2", "10.0.0.2", "fd00::2")))
    found = target_routes(host.route, host.tap.ifindex, targets)
    assert [route.target for route in found] == [targets[0], targets[2], targets[3]]
    assert target_routes(host.route, host.tap.ifindex, ()) == ()
