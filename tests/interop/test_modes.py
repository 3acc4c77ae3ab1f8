"""Modes 0 to 3 on real interfaces, under software we did not write."""

import json
import shutil
import sys
import textwrap

import pytest
from hosts import BondedHost, ping
from netns import eventually

pytestmark = pytest.mark.root

MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast")
HERE, THERE = "10.77.0.1", "10.77.0.2"
PING_COUNT = 200


class Pair:
    """Two hosts, two cables. The far host has a bond of the same mode, or in active-backup, where
    both ends would choose for themselves, a Linux bridge as the switch."""

    def __init__(self, yard, tmp_path, mode):
        self.mode = mode
        self.here, self.there = yard.namespace(), yard.namespace()
        for i in (0, 1):
            yard.cable(self.here, f"eth{i}", self.there, f"p{i}")
        self.host = BondedHost(self.here, tmp_path / "here")
        self.peer = BondedHost(self.there, tmp_path / "there")
        self.far_device = "br0" if mode == "active-backup" else "bond0"

    def __enter__(self):
        if self.far_device == "br0":
            self.there.ip("link add br0 type bridge")
            for i in (0, 1):
                self.there.ip(f"link set p{i} master br0")
            self.there.ip("link set br0 up")
            self.there.ip(f"addr add {THERE}/24 dev br0")
        else:
            self.peer.up(self.mode, "p0", "p1", address=f"{THERE}/24")
        self.host.up(self.mode, "eth0", "eth1", address=f"{HERE}/24")
        return self

    def __exit__(self, *_):
        self.host.down()
        if self.far_device == "bond0":
            self.peer.down()


@pytest.fixture(params=MODES)
def pair(request, yard, tmp_path):
    with Pair(yard, tmp_path, request.param) as built:
        yield built


@pytest.fixture(params=["balance-rr", "active-backup", "balance-xor"])
def pair_without_copies(request, yard, tmp_path):
    with Pair(yard, tmp_path, request.param) as built:
        yield built


def test_ping_loses_nothing_and_only_broadcast_makes_duplicates(pair):
    result = ping(pair.here, THERE, count=PING_COUNT)
    assert (result.sent, result.received) == (PING_COUNT, PING_COUNT)
    # Two copies of a request arrive and each is answered twice: four answers, three too many. ping
    # does not wait for those of the last request.
    copies = (3 * (PING_COUNT - 1), 3 * PING_COUNT) if pair.mode == "broadcast" else (0, 0)
    assert copies[0] <= result.duplicates <= copies[1]


def iperf(pair, *words):
    """One transfer of two seconds; what the receiver counted."""
    server = pair.there.start("iperf3", "-s", "-1", "-B", THERE, stdout=-3)
    is_listening = lambda: ":5201" in pair.there.run("ss", "-ltn")  # noqa: E731
    assert eventually(is_listening)
    report = json.loads(pair.here.run("iperf3", "-c", THERE, "-t", "2", "-J", *words))
    server.wait(10)
    return report["end"]


def test_tcp_moves_more_than_a_gigabit_per_second(pair_without_copies):
    received = iperf(pair_without_copies)["sum_received"]
    floor = 1e9 if "pure" not in pair_without_copies.host.status()["pybondd"]["datapath"] else 1e8
    assert received["bits_per_second"] > floor


def test_tcp_survives_broadcasts_copies(yard, tmp_path):
    with Pair(yard, tmp_path, "broadcast") as pair:
        assert iperf(pair)["sum_received"]["bytes"] > 1e6


def test_udp_arrives_complete_and_once(pair_without_copies):
    result = iperf(pair_without_copies, "-u", "-b", "50M", "-l", "1200")["sum"]
    assert result["packets"] > 5000
    assert result["lost_packets"] == 0


# -- DHCP


def test_a_dhcp_client_on_the_bond_gets_a_lease_from_a_real_server(pair, tmp_path):
    if shutil.which("dnsmasq") is None or shutil.which("udhcpc") is None:
        pytest.skip("dnsmasq and udhcpc are needed")
    pair.there.start(
        *("dnsmasq", "--no-daemon", "--port=0", "--conf-file=/dev/null", "--no-ping"),
        *(f"--interface={pair.far_device}", "--bind-interfaces", "--user=root"),
        *("--dhcp-range=10.77.0.100,10.77.0.150,60", f"--dhcp-leasefile={tmp_path}/leases"),
        stderr=-3,
    )
    assert eventually(lambda: ":67" in pair.there.run("ss", "-lun"))
    script = tmp_path / "lease"
    script.write_text('#!/bin/sh\n[ "$1" = bound ] && echo "leased $ip"\nexit 0\n')
    script.chmod(0o755)
    words = ("-i", "bond0", "-n", "-q", "-f", "-t", "5", "-s", str(script))
    assert "leased 10.77.0.1" in pair.here.run("udhcpc", *words)


# -- interfaces above the bond


def test_a_bridge_on_the_bond_carries_a_guest(pair_without_copies, yard):
    pair = pair_without_copies
    guest = yard.namespace()
    yard.cable(pair.here, "tap0", guest, "eth0")
    pair.here.ip(f"addr del {HERE}/24 dev bond0")
    pair.here.ip("link add br1 type bridge")
    for device in ("bond0", "tap0"):
        pair.here.ip(f"link set {device} master br1")
    pair.here.ip("link set br1 up")
    pair.here.ip(f"addr add {HERE}/24 dev br1")
    guest.ip("addr add 10.77.0.50/24 dev eth0")
    for namespace in (guest, pair.here):
        assert eventually(lambda who=namespace: ping(who, THERE, count=1).received)
        result = ping(namespace, THERE, count=50)
        assert (result.received, result.duplicates) == (50, 0)


def test_a_macvlan_on_the_bond_has_its_own_address(pair_without_copies, yard):
    pair = pair_without_copies
    guest = yard.namespace()
    pair.here.ip("link add mv0 link bond0 type macvlan mode bridge")
    pair.here.ip(f"link set mv0 netns /proc/{guest.pid}/ns/net")
    guest.ip("link set mv0 up")
    guest.ip("addr add 10.77.0.60/24 dev mv0")
    assert eventually(lambda: ping(guest, THERE, count=1).received)
    result = ping(guest, THERE, count=50)
    assert (result.received, result.duplicates) == (50, 0)


# -- multicast

MEMBER = """
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 5999))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
             socket.inet_aton("239.7.7.7") + socket.inet_aton(sys.argv[1]))
print("joined", flush=True)
s.settimeout(5)
print(len([s.recv(100) for _ in range(20)]), flush=True)
"""
SENDER = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(sys.argv[1]))
for _ in range(20):
    s.sendto(b"x", ("239.7.7.7", 5999))
"""


def test_multicast_reaches_a_member_on_the_bond(pair):
    member = pair.here.start(
        sys.executable, "-c", textwrap.dedent(MEMBER), HERE, stdout=-1, text=True
    )
    assert member.stdout.readline() == "joined\n"
    pair.there.run(sys.executable, "-c", textwrap.dedent(SENDER), THERE)
    assert member.stdout.readline() == "20\n"
