"""What cannot be a port is refused before anything changes, with the reason and the remedy."""

import errno

import pytest

from pybondd.linux import preflight
from pybondd.linux.claim import claim
from pybondd.linux.netlink import Route
from pybondd.linux.preflight import machine_objections, port_objections

pytestmark = pytest.mark.root


@pytest.fixture
def host(yard):
    host = yard.namespace()
    yard.cable(host, "eth0", host, "far0")
    with host.entered(), Route() as host.route:
        yield host


def errnos_and_reasons(host, name="eth0", **more):
    return [(each.errno, each.why) for each in port_objections(host.route, name, "bond0", **more)]


def test_a_plain_ethernet_interface_can_be_a_port(host):
    assert port_objections(host.route, "eth0", "bond0") == ()


def test_a_link_local_address_that_ipv6_made_itself_is_no_obstacle(host):
    host.ip("addr add fe80::1/64 dev eth0 nodad")
    assert port_objections(host.route, "eth0", "bond0") == ()


def test_no_such_interface(host):
    assert errnos_and_reasons(host, "none0")[0][0] == errno.ENODEV


@pytest.mark.parametrize(
    ("words", "name", "code", "reason"),
    [
        ("link set lo up", "lo", errno.EPERM, "loopback"),
        ("tuntap add dev tun9 mode tun", "tun9", errno.EINVAL, "no Ethernet"),
        ("addr add 10.0.0.1/24 dev eth0", "eth0", errno.EPERM, "has IP addresses"),
        ("addr add fd00::1/64 dev eth0", "eth0", errno.EPERM, "has IP addresses"),
        ("link add m0 link eth0 type macvlan", "eth0", errno.EBUSY, "m0 (macvlan) stands on it"),
        ("link add bond0 type veth peer name x0", "bond0", errno.EPERM, "its own port"),
    ],
    ids=["loopback", "not ethernet", "ipv4", "ipv6", "macvlan above", "itself"],
)
def test_each_obstacle_is_named_with_linuxs_errno(host, words, name, code, reason):
    host.ip(words)
    found = errnos_and_reasons(host, name)
    assert any(each == code and reason in why for each, why in found), found


def test_a_bridge_port_is_refused_with_the_name_of_its_bridge(host):
    host.ip("link add br0 type bridge")
    host.ip("link set eth0 master br0")
    assert (errno.EBUSY, "br0 owns it") in errnos_and_reasons(host)


def test_a_port_that_carries_the_default_route_is_refused_unless_allowed(host):
    host.ip("route add default dev eth0")
    assert "default route" in errnos_and_reasons(host)[0][1]
    assert errnos_and_reasons(host, may_cut_off=True) == []


def test_a_port_of_another_bond_is_refused_as_long_as_that_bond_lives(host):
    other = claim(host.route.interface("eth0").ifindex)
    assert errnos_and_reasons(host)[0] == (errno.EBUSY, "it is a port of another pybondd bond")
    other.close()
    assert errnos_and_reasons(host) == []


def test_every_obstacle_is_told_at_once(host):
    host.ip("addr add 10.0.0.1/24 dev eth0")
    host.ip("route add default dev eth0")
    assert len(errnos_and_reasons(host)) == 2


def test_this_machine_can_make_a_bond():
    assert machine_objections() == ()


def test_a_missing_device_is_told_with_what_to_do(monkeypatch):
    monkeypatch.setattr(preflight, "TUN_DEVICE", "/dev/net/none")
    objection = machine_objections()[0]
    assert objection.errno == errno.ENOENT
    assert "modprobe tun" in objection.remedy


def test_missing_privileges_are_named(host):
    words = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", "cat"]
    text = host.run(*words, "/proc/thread-self/status")
    assert preflight.missing_in(text) == ["CAP_NET_ADMIN"]
