"""What if a bond's cables lead to two different partners?

eth0 leads to one bond of Open vSwitch, eth1 and eth2 to another that comes later: two systems.
Frames must never be spread over both.
"""

import pytest
from bonded import BondedHost
from netns import eventually
from openvswitch import OpenVSwitch, is_installed
from pinging import ping

pytestmark = [pytest.mark.root, pytest.mark.skipif(not is_installed(), reason="needs Open vSwitch")]

MEMBERS = {"first": ("p0",), "second": ("p1", "p2")}
PORTS = {"first": ["eth0"], "second": ["eth1", "eth2"]}
ADDRESS = {"first": "10.9.1.2", "second": "10.9.2.2"}
HOST_ADDRESSES = ("10.9.1.1", "10.9.2.1")


@pytest.fixture
def host(yard, tmp_path):
    built = BondedHost(yard, tmp_path)
    yard.cable(built.host, "eth2", built.peer, "p2")
    # Open vSwitch wants two ports for a bond, even if one of them leads nowhere.
    built.peer.ip("link add spare type veth peer name unused")
    # Only the bridge that has an address may answer for it.
    built.peer.set_sysctl("net/ipv4/conf/all/arp_ignore", 1)
    with OpenVSwitch(built.peer) as built.switch:
        yield built
        built.call("down", "bond0")


def comes(host, partner, bridge, *ports):
    host.switch.add_bond(bridge, partner, *ports, address=ADDRESS[partner], lacp_time="fast")


def uses(host, partner, *, members=None):
    wanted = MEMBERS[partner] if members is None else members
    return eventually(lambda: host.switch.lacp(partner).is_used(*wanted), within_s=6)


def aggregators(host):
    """Of each aggregator with ports: whether it is in use, and its ports."""
    listed = host.status()["pybondd"]["lacp"]["aggregators"]
    return sorted((each["ports"], each["is_active"]) for each in listed if each["ports"])


@pytest.mark.parametrize(("policy", "winner"), [("stable", "first"), ("count", "second")])
def test_ports_of_two_partners_never_aggregate_and_ad_select_decides(host, policy, winner):
    loser = "second" if winner == "first" else "first"
    comes(host, "first", "br0", "p0", "spare")
    words = ("--mode", "802.3ad", "--lacp-rate", "fast", "--ad-select", policy)
    host.done("up", "bond0", *words, "eth0", "eth1", "eth2")
    for address in HOST_ADDRESSES:
        host.host.ip(f"addr add {address}/24 dev bond0")
    assert uses(host, "first")
    comes(host, "second", "br1", "p1", "p2")
    expected = [(PORTS[name], name == winner) for name in ("first", "second")]
    assert eventually(lambda: aggregators(host) == expected)
    assert uses(host, winner)
    # The loser must know that its frames would be thrown away.
    assert uses(host, loser, members=())
    assert ping(host.host, ADDRESS[winner], count=20).received == 20
    assert ping(host.host, ADDRESS[loser], count=20).received == 0
    assert aggregators(host) == expected
