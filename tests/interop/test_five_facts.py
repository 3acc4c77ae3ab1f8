"""Five facts of Linux that break a bond made of a TAP device and packet sockets.

Each test runs with the cure, and without it, where the failure must be seen: otherwise the test
would prove nothing.
"""

import socket
import struct
import time
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest
from netns import eventually
from relay import AUXDATA, PACKET_AUXDATA, SOL_PACKET, Pumped, Relay, tag_of

from pybondd.linux.isolation import isolate
from pybondd.linux.netlink import Route
from pybondd.linux.packet_socket import PortSocket

pytestmark = pytest.mark.root

HOST, PEER = "10.9.0.1", "10.9.0.2"
PORT = 5000


@pytest.fixture
def pair(yard):
    """A host with eth0, to become a port, and a peer behind it."""
    host, peer = yard.namespace(), yard.namespace()
    yard.cable(host, "eth0", peer, "eth0")
    peer.ip(f"addr add {PEER}/24 dev eth0")
    host.set_sysctl("net/ipv4/conf/all/rp_filter", 0)
    with host.entered(), Route() as route:
        port = route.interface("eth0")
        yield SimpleNamespace(host=host, peer=peer, port=port, route=route)


@contextmanager
def bonded(pair, **without):
    """bond0 over eth0 with the port's MAC, as bonding does, and an address.

    Frames are carried by pybondd's own pump, or by a relay that lacks a cure.
    """
    carrier = Relay if without else Pumped
    with carrier("bond0", pair.port.ifindex, **without) as relay:
        bond = pair.route.interface("bond0")
        pair.host.set_sysctl("net/ipv4/conf/bond0/rp_filter", 0)
        pair.route.set_mac(bond.ifindex, pair.port.mac)
        if hasattr(relay.tap, "set_carrier"):
            relay.tap.set_carrier(True)
        pair.host.ip(f"addr add {HOST}/24 dev bond0")
        pair.host.ip("link set bond0 up")
        yield relay


# -- 1: a raw socket copies, it does not take ------------------------------------------------


@pytest.mark.parametrize("cure", ["tcx", "clsact", None])
def test_a_port_answers_once_only_if_the_host_is_deaf_to_it(pair, cure):
    with bonded(pair), isolated(pair, cure):
        received, sent = datagrams_from_peer(pair, count=20), 20
        text = pair.peer.run("ping", "-c", "20", "-i", "0.01", HOST)
    if cure:
        assert received == sent
        assert "duplicates" not in text
        assert " 20 received" in text
    else:
        assert received == 2 * sent
        assert "duplicates" in text


@pytest.mark.parametrize("cure", ["tcx", "clsact"])
def test_the_host_hears_the_port_again_after_isolation_is_undone(pair, cure):
    pair.host.ip(f"addr add {HOST}/24 dev eth0")
    with isolated(pair, cure):
        assert "100% packet loss" in ping_once(pair)
    assert eventually(lambda: " 1 received" in ping_once(pair))
    assert "clsact" not in pair.host.run("tc", "qdisc", "show", "dev", "eth0")


@pytest.mark.parametrize("kind", ["clsact", "ingress"])
def test_a_qdisc_and_filter_of_somebody_else_stay(pair, kind):
    pair.host.run("tc", "qdisc", "add", "dev", "eth0", kind)
    words = "filter add dev eth0 ingress pref 7 protocol all bpf da bytecode"
    pair.host.run("tc", *words.split(), "1,6 0 0 0")
    before = tc_state(pair.host)
    with isolated(pair, "clsact"):
        assert tc_state(pair.host) != before
    assert tc_state(pair.host) == before


def test_an_empty_qdisc_of_somebody_else_stays(pair):
    pair.host.run("tc", "qdisc", "add", "dev", "eth0", "clsact")
    with isolated(pair, "clsact"):
        pass
    assert "clsact" in tc_state(pair.host)


def test_a_filter_that_somebody_put_beside_ours_stays(pair):
    words = "filter add dev eth0 ingress pref 7 protocol all bpf da bytecode"
    with isolated(pair, "clsact"):
        pair.host.run("tc", *words.split(), "1,6 0 0 0")
    assert "pref 7" in tc_state(pair.host)
    assert "pref 1 " not in tc_state(pair.host)


# -- 2: checksums that nobody finished --------------------------------------------------------


@pytest.mark.parametrize(
    ("without", "arrived"),
    [({}, 20), ({"has_headers": True}, 20), ({"has_headers": False}, 0)],
    ids=["pump", "relay with headers", "relay without"],
)
def test_datagrams_arrive_over_veth_only_with_virtio_headers(pair, without, arrived):
    with bonded(pair, **without), isolated(pair, "clsact"):
        assert datagrams_from_peer(pair, count=20) == arrived


def test_a_stream_arrives_whole_in_super_frames(pair):
    content = bytes(range(256)) * 8192
    with bonded(pair) as relay, isolated(pair, "clsact"):
        assert relay.tap.offloads & 0x07 == 0x07
        assert stream_from_peer(pair, content) == content


# -- 3: VLAN tags vanish into auxiliary data --------------------------------------------------


@pytest.mark.parametrize(
    ("without", "is_tagged"),
    [({}, True), ({"restores_tags": True}, True), ({"restores_tags": False}, False)],
    ids=["pump", "relay puts back", "relay forgets"],
)
@pytest.mark.parametrize("ethertype", [0x8100, 0x88A8], ids=["802.1Q", "802.1ad"])
def test_a_vlan_tag_reaches_the_bond_only_if_it_is_put_back(pair, ethertype, without, is_tagged):
    with bonded(pair, **without), tagged_reader() as reader:
        with pair.peer.entered():
            sender = PortSocket(socket.if_nametoindex("eth0"))
        for number in range(10):
            sender.send(tagged_frame(ethertype, 0x6000 | 100, number))
        seen = [read_tagged(reader) for _ in range(10)]
        sender.close()
    expected = (ethertype, 0x6000 | 100) if is_tagged else None
    assert seen == [expected] * 10


# -- 4: control frames need a socket of their own ---------------------------------------------


def test_a_control_frame_gets_through_while_data_floods_the_port(pair):
    with pair.peer.entered():
        shared = listener(3)
        own = listener(0x8809)
    control = PortSocket(pair.port.ifindex)
    flood = PortSocket(pair.port.ifindex)
    with shared, own:
        for _ in range(40):
            for _ in range(500):
                flood.send(b"\xff" * 12 + b"\x08\x00" + bytes(1000))
            control.send(
                bytes.fromhex("0180c2000002") + pair.port.mac + b"\x88\x09\x01" + bytes(109)
            )
        assert count_control(own) == 40
        assert count_control(shared) < 40
    control.close()
    flood.close()


# -- what the tests are made of ---------------------------------------------------------------


def isolated(pair, kind):
    """The port's host is deaf to it for a while, or, with None, is not."""
    return isolated_by(pair, kind) if kind else nullcontext()


@contextmanager
def isolated_by(pair, kind):
    isolation = isolate(pair.route, pair.port.ifindex, kind=kind)
    assert isolation.kind == kind
    try:
        yield
    finally:
        isolation.undo()


def datagrams_from_peer(pair, *, count):
    """Send so many from the peer to HOST; how many arrive there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("0.0.0.0", PORT))
        with pair.peer.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            warm_up(pair)
            for number in range(count):
                sender.sendto(f"number {number}".encode(), (HOST, PORT))
                time.sleep(0.002)
        receiver.settimeout(0.3)
        arrived = 0
        try:
            while receiver.recv(2048):
                arrived += 1
        except TimeoutError:
            return arrived


def warm_up(pair):
    """Let ARP finish first, so that no datagram waits for it."""
    assert eventually(lambda: " 0% packet loss" in ping_once(pair)), "the peer cannot reach us"


def ping_once(pair):
    return pair.peer.run("ping", "-c", "1", "-W", "1", HOST, check=False)


def stream_from_peer(pair, content):
    """Send it by TCP from the peer; what arrives."""
    with socket.create_server((HOST, PORT)) as server:
        server.settimeout(10)
        with pair.peer.entered():
            warm_up(pair)
            sender = socket.create_connection((HOST, PORT), timeout=10)
        receiver, _ = server.accept()
    with sender, receiver:
        receiver.settimeout(10)
        arrived = bytearray()
        rest = memoryview(content)
        while len(arrived) < len(content):
            if rest:
                rest = rest[sender.send(rest[:65536]) :]
            arrived += receiver.recv(1 << 20)
        return bytes(arrived)


def tc_state(namespace):
    return namespace.run("tc", "qdisc", "show", "dev", "eth0") + namespace.run(
        "tc", "filter", "show", "dev", "eth0", "ingress"
    )


@contextmanager
def tagged_reader():
    """A socket that hears bond0 and is told of tags."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as reader:
        reader.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        reader.setsockopt(SOL_PACKET, 23, 1)
        reader.bind(("bond0", 3))
        reader.settimeout(5)
        yield reader


def tagged_frame(ethertype, tci, number):
    return (
        b"\xff" * 6
        + b"\x02\0\0\0\0\x09"
        + struct.pack("!HHH", ethertype, tci, MARK)
        + bytes([number] * 60)
    )


def read_tagged(reader):
    """The tag of the next of our frames, or None if it has none."""
    for _ in range(100):
        frame, ancillary, _, _ = reader.recvmsg(2048, AUXDATA.size + 64)
        if frame[6:12] == b"\x02\0\0\0\0\x09":
            return tag_of(ancillary)
    raise AssertionError("none of our frames came")


def listener(protocol):
    """A packet socket on eth0 for one EtherType (3 is all), with a small buffer."""
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    made.bind(("eth0", protocol))
    made.setblocking(False)
    return made


def count_control(which):
    count = 0
    try:
        while frame := which.recv(2048):
            count += frame[12:14] == b"\x88\x09"
    except BlockingIOError:
        return count


MARK = 0x88B5
"""The EtherType that IEEE Std 802-2014 leaves for local experiments."""
