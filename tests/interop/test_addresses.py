"""What peers see behind the bond is read from every interface that stands on it."""

import ipaddress
import socket
import struct

import pytest
from netns import eventually

from pybondd.linux.addresses import host_addresses, stack, wants_promiscuous
from pybondd.linux.interface import Interface
from pybondd.linux.netlink import Route
from pybondd.linux.tap import Tap


@pytest.fixture
def host(yard):
    host = yard.namespace()
    with host.entered():
        host.tap = Tap("bond0")
        host.tap.set_carrier(True)
        host.set_sysctl("net/ipv6/conf/bond0/accept_dad", 0)
        host.ip("link set bond0 up")
        with Route() as host.route:
            yield host
        host.tap.close()


def read(host):
    return host_addresses(host.route, host.tap.ifindex)


def is_promiscuous(host):
    return wants_promiscuous(host.route.interface(host.tap.ifindex), read(host))


def packed(*texts):
    return tuple(ipaddress.ip_address(text).packed for text in texts)


@pytest.mark.root
def test_addresses_of_both_families_are_read(host):
    host.ip("addr add 10.0.0.1/24 dev bond0")
    host.ip("addr add 10.0.0.2/24 dev bond0")
    host.ip("addr add fd00::1/64 dev bond0 nodad")
    bond = read(host)[0]
    assert bond.name == "bond0"
    assert bond.mac == host.route.interface("bond0").mac
    assert bond.ipv4 == packed("10.0.0.1", "10.0.0.2")
    assert packed("fd00::1")[0] in bond.ipv6
    assert bond.tags == ()


@pytest.mark.root
def test_a_tentative_address_is_left_out(host):
    host.set_sysctl("net/ipv6/conf/bond0/accept_dad", 1)
    host.set_sysctl("net/ipv6/conf/bond0/dad_transmits", 100)
    host.ip("addr add fd00::2/64 dev bond0")
    assert packed("fd00::2")[0] not in read(host)[0].ipv6


@pytest.mark.root
def test_macvlans_above_the_bond_are_read_and_want_promiscuous_reception(host):
    assert not is_promiscuous(host)
    host.ip("link add mv0 link bond0 type macvlan mode bridge")
    host.ip("addr add 10.0.0.7/24 dev mv0")
    host.ip("link set mv0 up")
    assert [each.name for each in read(host)] == ["bond0", "mv0"]
    assert read(host)[1].ipv4 == packed("10.0.0.7")
    assert is_promiscuous(host)
    host.ip("link del mv0")
    assert not is_promiscuous(host)


@pytest.mark.root
def test_a_macvlan_that_is_down_is_known_but_has_nothing_to_announce(host):
    host.ip("link add mv0 link bond0 type macvlan mode bridge")
    host.ip("addr add 10.0.0.7/24 dev mv0")
    bond, above = read(host)
    assert (above.name, above.is_macvlan, above.ipv4) == ("mv0", True, ())
    assert (bond.is_macvlan, bond.is_bridge) == (False, False)


@pytest.mark.root
def test_a_bridge_above_the_bond_is_read_and_wants_promiscuous_reception(host):
    host.ip("link add br0 type bridge")
    host.ip("link add br1 type bridge")
    host.ip("link set bond0 master br0")
    for number in range(2):
        host.ip(f"addr add 10.0.{number}.1/24 dev br{number}")
        host.ip(f"link set br{number} up")
    assert is_promiscuous(host)
    assert [each.name for each in read(host)] == ["bond0", "br0"]
    bridge = read(host)[1]
    assert (bridge.is_bridge, bridge.is_macvlan, bridge.depth) == (True, False, 1)
    assert bridge.ipv4 == packed("10.0.0.1")


@pytest.mark.root
def test_joined_groups_are_read_without_the_all_hosts_group(host):
    host.ip("addr add 10.0.0.1/24 dev bond0")
    index = host.tap.ifindex
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as four,
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six,
    ):
        wanted = packed("239.1.2.3")[0] + struct.pack("=4si", bytes(4), index)
        four.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, wanted)
        wanted = packed("ff15::7")[0] + struct.pack("=i", index)
        six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, wanted)
        bond = read(host)[0]
    assert bond.igmp_groups == packed("239.1.2.3")
    assert packed("ff15::7")[0] in bond.mld_groups
    assert packed("ff02::1")[0] not in bond.mld_groups
    assert packed("ff01::1")[0] not in bond.mld_groups
    assert bond.igmp_version == 3


@pytest.mark.root
@pytest.mark.parametrize("version", [1, 2, 3])
def test_the_igmp_version_in_force_is_read(host, version):
    host.set_sysctl("net/ipv4/conf/bond0/force_igmp_version", version)
    host.ip("addr add 10.0.0.1/24 dev bond0")
    assert read(host)[0].igmp_version == version


@pytest.mark.root
@pytest.mark.parametrize("forwarding", [0, 1])
def test_the_router_flag_is_the_forwarding_setting(host, forwarding):
    host.set_sysctl("net/ipv6/conf/bond0/forwarding", forwarding)
    assert eventually(lambda: read(host)[0].is_router == bool(forwarding))


@pytest.mark.root
def test_a_vanished_bond_has_no_addresses(host):
    assert host_addresses(host.route, 9999) == ()


# -- VLANs, which this kernel may not have: the stack is computed from values -----------------


def interface(ifindex, lower=None, kind="", tag=None, **more):
    return Interface(
        ifindex, f"if{ifindex}", bytes(6), 1500, True, True, lower=lower, kind=kind, tag=tag, **more
    )


def test_what_stands_on_the_bridge_of_a_bond_is_behind_the_bond_as_well():
    vlan = (0x8100, 10)
    interfaces = (
        interface(1, 2, "vlan", vlan, master=7),
        interface(2, master=6),
        interface(3, master=6),
        interface(4, 6, "macvlan"),
        interface(5, 2, "macvtap"),
        interface(6, kind="bridge"),
        interface(7, kind="bridge"),
        interface(8, kind="bridge"),
        interface(9, 6, "vlan", vlan),
    )
    assert [
        (place.interface.ifindex, place.tags, place.depth) for place in stack(interfaces, 2)
    ] == [
        (2, (), 0),
        (1, (vlan,), 1),
        (7, (vlan,), 2),
        (5, (), 1),
        (6, (), 1),
        (9, (vlan,), 2),
        (4, (), 2),
    ]


def test_the_tags_of_stacked_vlans_are_outermost_first():
    customer, service = (0x8100, 20), (0x88A8, 200)
    interfaces = (
        interface(1),
        interface(2),
        interface(3, 2, "vlan", service),
        interface(4, 3, "vlan", customer),
        interface(5, 4, "macvlan"),
        interface(6, 1, "vlan", customer),
        interface(7, 2, "veth"),
    )
    assert [(place.interface.ifindex, place.tags) for place in stack(interfaces, 2)] == [
        (2, ()),
        (3, (service,)),
        (4, (service, customer)),
        (5, (service, customer)),
    ]


def test_interfaces_that_stand_on_each_other_in_a_ring_end_the_search():
    interfaces = (interface(1, 2, "macvlan"), interface(2, 1, "macvlan"))
    assert len(list(stack(interfaces, 1))) <= 9
