"""Interfaces are read, changed and watched as the kernel has them."""

import asyncio
import errno
import time

import pytest

from pybondd.linux.errors import LinuxError
from pybondd.linux.link_watch import AddressesChanged, LinkGone, LinkSeen, LinkWatch
from pybondd.linux.netlink import Route

pytestmark = pytest.mark.root

MAC = bytes.fromhex("020000000042")


@pytest.fixture
def host(yard):
    host = yard.namespace()
    yard.cable(host, "eth0", host, "far0")
    with host.entered():
        yield host


@pytest.fixture
def route(host):
    with Route() as route:
        yield route


# -- reading and changing ---------------------------------------------------------------------


def test_an_interface_is_the_same_by_name_and_by_index(route):
    eth0 = route.interface("eth0")
    assert route.interface(eth0.ifindex) == eth0
    assert eth0 in route.interfaces()
    assert (eth0.name, eth0.kind, eth0.mtu) == ("eth0", "veth", 1500)
    assert eth0.is_ethernet
    assert not eth0.is_loopback
    assert eth0.has_carrier


def test_the_loopback_interface_is_told_from_ethernet(route):
    assert route.interface("lo").is_loopback
    assert not route.interface("lo").is_ethernet


def test_changes_are_seen_when_read_again(route):
    ifindex = route.interface("eth0").ifindex
    route.set_up(ifindex, False)
    route.set_mac(ifindex, MAC)
    route.set_mtu(ifindex, 1400)
    route.rename(ifindex, "wan0")
    route.set_ipv6_generation(ifindex, 1)
    after = route.interface(ifindex)
    assert (after.name, after.mac, after.mtu, after.is_up) == ("wan0", MAC, 1400, False)
    assert after.ipv6_generation == 1
    assert not after.has_carrier


def test_an_interface_that_is_down_has_no_carrier_even_with_a_cable(route):
    ifindex = route.interface("eth0").ifindex
    route.set_up(ifindex, False)
    assert not route.interface(ifindex).has_carrier


def test_the_master_and_the_lower_interface_are_told(host, route):
    host.ip("link add br0 type bridge")
    host.ip("link set eth0 master br0")
    host.ip("link add mv0 link far0 type macvlan")
    assert route.interface("eth0").master == route.interface("br0").ifindex
    assert route.interface("mv0").lower == route.interface("far0").ifindex


@pytest.mark.parametrize(
    ("words", "uses_eth0"),
    [
        ("route add 10.0.0.0/8 dev eth0", False),
        ("route add default dev far0", False),
        ("route add default dev eth0", True),
        ("-6 route add default dev eth0", True),
        ("route add default nexthop dev far0 nexthop dev eth0", True),
        ("route add default dev eth0 table 100", False),
    ],
)
def test_a_default_route_is_found_in_every_form(host, route, words, uses_eth0):
    host.ip(words)
    assert route.carries_default_route(route.interface("eth0").ifindex) == uses_eth0


@pytest.mark.parametrize(
    ("deed", "code"),
    [
        (lambda route, _: route.interface("none"), errno.ENODEV),
        (lambda route, _: route.interface(9999), errno.ENODEV),
        (lambda route, _: route.set_up(9999, True), errno.ENODEV),
        (lambda route, ifindex: route.set_mtu(ifindex, 1), errno.EINVAL),
        (lambda route, ifindex: route.set_mac(ifindex, b"\1" * 6), errno.EADDRNOTAVAIL),
        (lambda route, ifindex: route.rename(ifindex, "far0"), errno.EEXIST),
    ],
    ids=["no name", "no index", "up", "mtu", "multicast mac", "name taken"],
)
def test_a_refusal_carries_the_kernels_errno(route, deed, code):
    with pytest.raises(LinuxError) as refused:
        deed(route, route.interface("eth0").ifindex)
    assert refused.value.errno == code


def test_after_a_refusal_the_socket_answers_the_next_question(route):
    with pytest.raises(LinuxError):
        route.interface("none")
    assert route.interface("eth0").name == "eth0"


# -- watching ---------------------------------------------------------------------------------


def watched(deeds):
    """What is told while the deeds are done, after the first look at everything."""

    async def watch():
        told = []
        link_watch = LinkWatch(told.append)
        link_watch.start(asyncio.get_running_loop())
        told.clear()
        await deeds(told, link_watch)
        link_watch.close()
        return told

    return asyncio.run(watch())


def test_a_lost_carrier_is_told_within_five_milliseconds(route):
    far = route.interface("far0").ifindex
    near = route.interface("eth0").ifindex
    delays_ms = []

    async def deeds(told, _):
        for _ in range(100):
            told.clear()
            start = time.perf_counter()
            route.set_up(far, False)
            while not lost(told, near):
                await asyncio.sleep(0)
            delays_ms.append((time.perf_counter() - start) * 1e3)
            route.set_up(far, True)
            await asyncio.sleep(0.001)

    watched(deeds)
    assert sorted(delays_ms)[len(delays_ms) // 2] < 5


def test_a_deleted_interface_is_told_as_gone_once(host, route):
    near = route.interface("eth0").ifindex

    async def deeds(told, _):
        host.ip("link del eth0")
        await asyncio.sleep(0.05)

    assert watched(deeds).count(LinkGone(near)) == 1


def test_leaving_a_bridge_is_no_deletion(host, route):
    host.ip("link add br0 type bridge")

    async def deeds(told, _):
        host.ip("link set eth0 master br0")
        host.ip("link set eth0 nomaster")
        await asyncio.sleep(0.05)

    assert not [each for each in watched(deeds) if isinstance(each, LinkGone)]


def test_a_new_address_is_told(host, route):
    near = route.interface("eth0").ifindex

    async def deeds(told, _):
        host.ip("addr add 10.0.0.1/24 dev eth0")
        await asyncio.sleep(0.05)

    assert AddressesChanged(near) in watched(deeds)


def test_when_messages_were_dropped_the_whole_state_is_told(host, route):
    host.ip("link add old0 type veth peer name old1")
    old = route.interface("old0").ifindex
    far = route.interface("far0").ifindex
    near = route.interface("eth0").ifindex

    async def deeds(told, link_watch):
        link_watch._socket.setsockopt(1, 8, 4096)  # SO_RCVBUF: room for two messages
        for _ in range(100):
            route.set_up(far, False)
            route.set_up(far, True)
        route.set_mtu(near, 1404)
        host.ip("link del old0")
        host.ip("link add late0 type veth peer name late1")
        await asyncio.sleep(0.05)

    told = watched(deeds)
    assert len(told) < 100, "nothing was dropped, so nothing was shown"
    seen = {each.interface.name: each.interface for each in told if isinstance(each, LinkSeen)}
    assert seen["eth0"].mtu == 1404
    assert "late0" in seen
    assert LinkGone(old) in told


def lost(told, ifindex):
    return any(
        isinstance(each, LinkSeen)
        and each.interface.ifindex == ifindex
        and not each.interface.has_carrier
        for each in told
    )
