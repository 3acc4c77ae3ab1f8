"""Modes 0 to 3 on real interfaces, under software we did not write."""

import json
import shutil
import sys
import textwrap

import pytest
from bonded import HOST, PEER, BondedHost
from netns import eventually
from pinging import ping

pytestmark = pytest.mark.root

MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast")
PING_COUNT = 200


class Pair(BondedHost):
    """Two hosts, two cables. The far host has a bond of the same mode, or in active-backup, where
    both ends would choose for themselves, a Linux bridge as the switch."""

    def __init__(self, yard, tmp_path, mode):
        super().__init__(yard, tmp_path / "here")
        self.far_run_directory = tmp_path / "there"
        self.mode = mode
        self.far_device = "br0" if mode == "active-backup" else "bond0"

    def far(self, *words):
        """pybondd on the far host."""
        ended = self.call(*words, where=self.peer, PYBONDD_RUN_DIR=str(self.far_run_directory))
        assert ended.returncode == 0, ended.stderr

    def __enter__(self):
        if self.far_device == "br0":
            self.bridge()
        else:
            self.far("up", "bond0", "--mode", self.mode, "p0", "p1")
            self.peer.ip(f"addr add {PEER}/24 dev bond0")
        self.up("--mode", self.mode)
        return self

    def __exit__(self, *_):
        self.call("down", "bond0")
        if self.far_device == "bond0":
            self.far("down", "bond0")


@pytest.fixture(params=MODES)
def pair(request, yard, tmp_path):
    with Pair(yard, tmp_path, request.param) as built:
        yield built


@pytest.fixture(params=["balance-rr", "active-backup", "balance-xor"])
def pair_without_copies(request, yard, tmp_path):
    with Pair(yard, tmp_path, request.param) as built:
        yield built


def test_ping_loses_nothing_and_only_broadcast_makes_duplicates(pair):
    result = ping(pair.host, PEER, count=PING_COUNT)
    assert (result.sent, result.received) == (PING_COUNT, PING_COUNT)
    # Two copies of a request arrive and each is answered twice: four answers, three too many. ping
    # does not wait for those of the last request.
    copies = (3 * (PING_COUNT - 1), 3 * PING_COUNT) if pair.mode == "broadcast" else (0, 0)
    assert copies[0] <= result.duplicates <= copies[1]


def iperf(pair, *words):
    """One transfer of two seconds; what the receiver counted."""
    server = pair.peer.start("iperf3", "-s", "-1", "-B", PEER, stdout=-3)
    is_listening = lambda: ":5201" in pair.peer.run("ss", "-ltn")  # noqa: E731
    assert eventually(is_listening)
    report = json.loads(pair.host.run("iperf3", "-c", PEER, "-t", "2", "-J", *words))
    server.wait(10)
    return report["end"]


def test_tcp_moves_more_than_a_gigabit_per_second(pair_without_copies):
    received = iperf(pair_without_copies)["sum_received"]
    datapath = pair_without_copies.status()["pybondd"]["datapath"]["kind"]
    floor = 1e8 if datapath == "pure" else 1e9
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
    pair.peer.start(
        *("dnsmasq", "--no-daemon", "--port=0", "--conf-file=/dev/null", "--no-ping"),
        *(f"--interface={pair.far_device}", "--bind-interfaces", "--user=root"),
        *("--dhcp-range=10.9.0.100,10.9.0.150,60", f"--dhcp-leasefile={tmp_path}/leases"),
        stderr=-3,
    )
    assert eventually(lambda: ":67" in pair.peer.run("ss", "-lun"))
    script = tmp_path / "lease"
    script.write_text('#!/bin/sh\n[ "$1" = bound ] && echo "leased $ip"\nexit 0\n')
    script.chmod(0o755)
    words = ("-i", "bond0", "-n", "-q", "-f", "-t", "5", "-s", str(script))
    assert "leased 10.9.0.1" in pair.host.run("udhcpc", *words)


# -- interfaces above the bond


def test_a_bridge_on_the_bond_carries_a_guest(pair_without_copies, yard):
    pair = pair_without_copies
    guest = yard.namespace()
    yard.cable(pair.host, "tap0", guest, "eth0")
    pair.host.ip(f"addr del {HOST}/24 dev bond0")
    pair.host.ip("link add br1 type bridge")
    for device in ("bond0", "tap0"):
        pair.host.ip(f"link set {device} master br1")
    pair.host.ip("link set br1 up")
    pair.host.ip(f"addr add {HOST}/24 dev br1")
    guest.ip("addr add 10.9.0.50/24 dev eth0")
    for namespace in (guest, pair.host):
        assert eventually(lambda who=namespace: ping(who, PEER, count=1).received)
        result = ping(namespace, PEER, count=50)
        assert (result.received, result.duplicates) == (50, 0)


def test_a_macvlan_on_the_bond_has_its_own_address(pair_without_copies, yard):
    pair = pair_without_copies
    guest = yard.namespace()
    pair.host.ip("link add mv0 link bond0 type macvlan mode bridge")
    pair.host.ip(f"link set mv0 netns /proc/{guest.pid}/ns/net")
    guest.ip("link set mv0 up")
    guest.ip("addr add 10.9.0.60/24 dev mv0")
    assert eventually(lambda: ping(guest, PEER, count=1).received)
    result = ping(guest, PEER, count=50)
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
    member = pair.host.start(
        sys.executable, "-c", textwrap.dedent(MEMBER), HOST, stdout=-1, text=True
    )
    assert member.stdout.readline() == "joined\n"
    pair.peer.run(sys.executable, "-c", textwrap.dedent(SENDER), PEER)
    assert member.stdout.readline() == "20\n"
