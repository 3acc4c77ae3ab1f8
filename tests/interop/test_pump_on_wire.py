"""Does a pump stand what the world does to it? Real TAP, real packet sockets, two namespaces."""

import os
import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from netns import eventually

from pybondd.counters import Reason
from pybondd.forwarding import BUCKET_COUNT, Balances, ForwardingTable, PortEntry, Receive, Spread
from pybondd.linux.isolation import isolate
from pybondd.linux.netlink import Route
from pybondd.linux.packet_socket import PortSocket
from pybondd.linux.pump import Pump as PurePump
from pybondd.linux.tap import Tap

try:
    from pybondd import _fast
except ImportError:
    _fast = None

pytestmark = pytest.mark.root

PUMPS = [
    pytest.param(PurePump, id="pure"),
    pytest.param(
        _fast and _fast.Pump,
        id="compiled",
        marks=pytest.mark.skipif(_fast is None, reason="pybondd._fast is not built here"),
    ),
]
HOST, PEER = "10.8.0.1", "10.8.0.2"
LENGTH_OCTETS = 16 << 20
SO_RCVBUFFORCE = 33
ETH_P_ALL, SOL_PACKET, PACKET_AUXDATA, STATUS_VLAN_VALID = 3, 263, 8, 1 << 4
FRAME = b"\xff" * 6 + b"\x02\0\0\0\0\x01" + b"\x88\xb5" + bytes(46)


@pytest.fixture(params=PUMPS)
def bond(yard, request):
    """bond0 over eth0, a peer behind it, and a pump in its thread."""
    with standing(yard, request.param) as made:
        yield made


@contextmanager
def standing(yard, kind):
    host, peer = yard.namespace(), yard.namespace()
    yard.cable(host, "eth0", peer, "eth0")
    peer.ip(f"addr add {PEER}/24 dev eth0")
    with host.entered(), Route() as route:
        port = route.interface("eth0")
        isolation = isolate(route, port.ifindex)
        tap, wire = Tap("bond0"), PortSocket(port.ifindex)
        route.set_mac(tap.ifindex, port.mac)
        tap.set_carrier(True)
        host.ip(f"addr add {HOST}/24 dev bond0")
        host.ip("link set bond0 up")
        pump = kind(tap.fileno(), seed=1)
        pump.add_port(port.ifindex, wire.fileno())
        pump.publish(table_of(port.ifindex))
        mover = threading.Thread(target=pump.run)
        mover.start()
        try:
            yield SimpleNamespace(host=host, peer=peer, port=port, pump=pump, mover=mover)
        finally:
            pump.stop()
            mover.join()
            pump.close()
            wire.close()
            tap.close()
            isolation.undo()


def table_of(ifindex):
    entry = PortEntry(ifindex, can_transmit=True, is_live=True, receive=Receive.DELIVER)
    return ForwardingTable(spread=Spread.ONE, tx_ports=(ifindex,), ports=(entry,))


def balance_of(port, bond_mac):
    """Balance-alb with all buckets at one port, which is not the active one."""
    entry = PortEntry(port.ifindex, True, True, Receive.UNICAST, mac=port.mac)
    return ForwardingTable(
        Spread.BUCKETS,
        ports=(entry,),
        balances=Balances.IP,
        buckets=(port.ifindex,) * BUCKET_COUNT,
        bond_mac=bond_mac,
    )


def transfer(sender, receiver, address):
    """So many octets over TCP; how many arrived."""
    with receiver.entered():
        listener = socket.create_server((address, 5001))
    with sender.entered():
        out = socket.create_connection((address, 5001), timeout=10)
    with listener, out:
        into, _ = listener.accept()
        feeder = threading.Thread(target=lambda: (out.sendall(bytes(LENGTH_OCTETS)), out.close()))
        feeder.start()
        arrived = 0
        with into:
            while chunk := into.recv(1 << 20):
                arrived += len(chunk)
        feeder.join()
    return arrived


@contextmanager
def listening(side):
    """A packet socket that hears IPv4 on the peer's end, with room for some of it."""
    with side.entered():
        sink = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sink.setblocking(False)
        sink.bind(("eth0", 0x0800))
    with sink:
        yield sink


def headers_heard(sink):
    """Source address and size of each frame that found room."""
    heard = []
    with suppress(BlockingIOError):
        while True:
            frame = sink.recv(1 << 17)
            heard.append((frame[6:12], len(frame)))
    return heard


def idle_share(*, over_s=0.4):
    """The share of a core that this process uses while nothing happens."""
    before_s, started = time.process_time(), time.monotonic()
    time.sleep(over_s)
    return (time.process_time() - before_s) / (time.monotonic() - started)


def send_from_host(bond, count=1):
    """Broadcast frames of a private protocol into bond0."""
    with bond.host.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as raw:
        raw.bind(("bond0", 0))
        for _ in range(count):
            raw.send(FRAME)


def test_super_frames_leave_whole_and_what_was_sent_arrives(bond):
    assert transfer(bond.host, bond.peer, PEER) == LENGTH_OCTETS
    port = bond.pump.counters().ports[0]
    assert port.sent_octets / port.sent_frames > 5000, "the kernel cut them before the bond"
    assert bond.pump.counters().imbalance == (0, 0)


def test_super_frames_come_in_whole_and_what_was_sent_arrives(bond):
    assert transfer(bond.peer, bond.host, HOST) == LENGTH_OCTETS
    port = bond.pump.counters().ports[0]
    assert port.delivered_octets / port.delivered_frames > 5000, "the kernel cut them"
    assert bond.pump.counters().imbalance == (0, 0)


def test_super_frames_pass_a_port_that_is_not_the_active_one_under_its_address(bond):
    bond_mac, port_mac = "02:00:00:00:b0:0d", bond.port.mac.hex(":")
    bond.host.ip(f"link set bond0 address {bond_mac}")
    bond.pump.publish(balance_of(bond.port, bytes.fromhex(bond_mac.replace(":", ""))))
    # ARP is left to the bond, and here is none.
    with bond.peer.entered(), Route() as route:
        peer_mac = route.interface("eth0").mac.hex(":")
    bond.host.ip(f"neigh replace {PEER} lladdr {peer_mac} dev bond0")
    bond.peer.ip(f"neigh replace {HOST} lladdr {port_mac} dev eth0")
    with listening(bond.peer) as sink:
        assert transfer(bond.host, bond.peer, PEER) == LENGTH_OCTETS
        seen = headers_heard(sink)
    assert transfer(bond.peer, bond.host, HOST) == LENGTH_OCTETS
    assert {source.hex(":") for source, _ in seen} == {port_mac}
    assert max(size_octets for _, size_octets in seen) > 5000, "the kernel cut them"
    assert bond.pump.counters().imbalance == (0, 0)
    octets, unbalanced_octets = bond.pump.take_load()
    assert octets[10 ^ 8 ^ 0 ^ 2] > LENGTH_OCTETS
    assert (sum(octets[1:]), unbalanced_octets) == (0, 0)


def test_a_port_that_is_down_is_counted_and_serves_again_when_it_is_up(bond):
    bond.host.ip("link set eth0 down")
    send_from_host(bond, 3)
    down = Reason.PORT_DOWN
    assert eventually(lambda: bond.pump.counters().transmit_drops().get(down, 0) >= 3)
    assert idle_share() < 0.2
    bond.host.ip("link set eth0 up")
    assert "1 received" in bond.host.run("ping", "-c1", "-W3", PEER)


def test_a_port_that_vanishes_leaves_the_pump_at_rest(bond):
    bond.host.ip("link del eth0")
    send_from_host(bond)
    assert eventually(lambda: bond.pump.counters().transmit_drops().get(Reason.PORT_DOWN))
    assert idle_share() < 0.2
    bond.pump.remove_port(bond.port.ifindex)
    assert bond.pump.counters().departed.transmit_drops[Reason.PORT_DOWN] >= 1
    assert bond.mover.is_alive()


def test_a_bond_interface_that_vanishes_leaves_the_pump_at_rest(bond):
    bond.host.ip("link del bond0")
    assert idle_share() < 0.2
    assert bond.mover.is_alive()


def test_a_bond_interface_that_is_down_refuses_frames(bond):
    bond.host.ip("link set bond0 down")
    with bond.peer.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as raw:
        raw.bind(("eth0", 0))
        raw.send(FRAME)
    refused = Reason.HOST_REFUSED
    assert eventually(lambda: bond.pump.counters().receive_drops().get(refused))
    assert bond.pump.counters().imbalance == (0, 0)


def test_frames_that_the_kernel_drops_are_counted_beside_the_sum(bond):
    # Nobody reads while the pump is stopped, so the socket's buffer overflows.
    bond.pump.stop()
    bond.mover.join()
    with bond.peer.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as raw:
        raw.bind(("eth0", 0))
        for _ in range(30000):
            raw.send(FRAME)
    counted = bond.pump.counters()
    assert counted.receive_drops()[Reason.KERNEL_DROPPED] > 0
    assert counted.imbalance == (0, 0)


def test_small_and_large_frames_of_one_flow_leave_in_order(bond):
    # Small ones leave by the ring, large ones beside it; a batch holds both.
    sizes = [60, 61, 1514, 62, 1514, 1514, 63] * 8
    with bond.peer.entered():
        sink = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sink.bind(("eth0", 0x88B5))
        sink.settimeout(2)
    with bond.host.entered():
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        raw.bind(("bond0", 0))
    with sink, raw:
        for number, size in enumerate(sizes):
            raw.send(FRAME[:14] + number.to_bytes(2, "big") + bytes(size - 16))
        arrived = [sink.recv(2000) for _ in sizes]
    assert [int.from_bytes(frame[14:16], "big") for frame in arrived] == list(range(len(sizes)))
    assert [len(frame) for frame in arrived] == sizes
    assert bond.pump.counters().ports[0].sent_octets >= sum(sizes)


def test_more_small_frames_than_the_ring_has_slots_leave_in_order(bond):
    count = 1000
    with bond.peer.entered():
        sink = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sink.bind(("eth0", 0x88B5))
        sink.settimeout(2)
    with bond.host.entered():
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        raw.bind(("bond0", 0))
    with sink, raw:
        arrived = []
        for number in range(count):
            raw.send(FRAME[:14] + number.to_bytes(2, "big") + bytes(44))
            if number % 50 == 49:
                arrived += [sink.recv(2000) for _ in range(50)]
    assert [int.from_bytes(frame[14:16], "big") for frame in arrived] == list(range(count))
    assert bond.pump.counters().imbalance == (0, 0)


def test_small_and_large_frames_of_one_flow_come_in_in_order(bond):
    sizes = [60, 180, 181, 62, 1514, 1514, 63, 64, 60, 60, 60, 60, 1514] * 400
    with bond.host.entered():
        sink = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sink.bind(("bond0", 0x88B5))
        sink.settimeout(2)
    with bond.peer.entered():
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        raw.bind(("eth0", 0))
    with sink, raw:
        arrived = []
        for number, size in enumerate(sizes):
            raw.send(FRAME[:14] + number.to_bytes(2, "big") + bytes(size - 16))
            if number % 26 == 25:
                arrived += [sink.recv(2000) for _ in range(26)]
    assert [int.from_bytes(frame[14:16], "big") for frame in arrived] == list(range(len(sizes)))
    assert [len(frame) for frame in arrived] == sizes
    assert bond.pump.counters().ports[0].received_octets >= sum(sizes)
    assert bond.pump.counters().imbalance == (0, 0)


@pytest.mark.parametrize("size", [64, 1514])
def test_a_tagged_frame_comes_in_with_its_tag(bond, size):
    # Linux takes the tag out of a frame on its way in, and whoever hears all is told of it.
    with bond.host.entered():
        sink = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sink.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        sink.bind(("bond0", ETH_P_ALL))
        sink.settimeout(2)
    with bond.peer.entered():
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        raw.bind(("eth0", 0))
    frame = FRAME[:14] + bytes(range(46)) + bytes(size - 60)
    with sink, raw:
        raw.send(frame[:12] + bytes.fromhex("81002007") + frame[12:])
        arrived = b""
        while arrived != frame:
            arrived, ancillary, _, _ = sink.recvmsg(2000, 64)
    status, tag = struct.unpack_from("=I12xH", ancillary[0][2])
    assert status & STATUS_VLAN_VALID
    assert tag == 0x2007


@pytest.fixture(params=PUMPS)
def machine(yard, request):
    """bond0 over a port that is a TAP: `machine.sends` is what a virtual machine's driver does."""
    host = yard.namespace()
    with host.entered():
        port, tap = Tap("port0"), Tap("bond0")
        for each in (port, tap):
            each.set_carrier(True)
            host.ip(f"link set {each.name} up")
        wire = PortSocket(port.ifindex)
        sink = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sink.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
        sink.bind(("bond0", 0x88B5))
        sink.setblocking(False)
        pump = request.param(tap.fileno(), seed=1)
    pump.add_port(port.ifindex, wire.fileno())
    pump.publish(table_of(port.ifindex))
    mover = threading.Thread(target=pump.run)
    mover.start()
    try:
        yield SimpleNamespace(
            sends=lambda packet: os.write(port.fileno(), packet), sink=sink, pump=pump, host=host
        )
    finally:
        pump.stop()
        mover.join()
        pump.close()
        for each in (sink, wire, tap, port):
            each.close()


def numbered(number):
    """A small frame without segmentation, behind its virtio-net header."""
    return bytes(10) + FRAME[:14] + number.to_bytes(4, "big") + FRAME[18:]


def numbers_heard(sink):
    """The numbers of all frames that have reached the host."""
    numbers = []
    while True:
        try:
            numbers.append(int.from_bytes(sink.recv(2000)[14:18], "big"))
        except BlockingIOError:
            return numbers


def unreadable(machine):
    return machine.pump.counters().receive_drops().get(Reason.UNREADABLE, 0)


def test_super_frames_that_a_virtio_header_cannot_express_are_counted_and_cost_no_other_frame(
    machine,
):
    machine.sends(fragments_to_be())
    assert eventually(lambda: unreadable(machine) == 1)
    heard = []
    for turn in range(100):
        for number in range(5):
            machine.sends(numbered(5 * turn + number))
            machine.sends(fragments_to_be())
        heard += numbers_heard(machine.sink)
    assert eventually(lambda: heard.extend(numbers_heard(machine.sink)) or len(heard) == 500)
    assert heard == list(range(500))
    assert eventually(lambda: unreadable(machine) == 501)
    assert Reason.KERNEL_DROPPED not in machine.pump.counters().receive_drops()
    assert machine.pump.counters().imbalance == (0, 0)


def test_a_super_frame_that_cannot_be_read_costs_no_frame_the_other_way(machine):
    for name in ("port0", "bond0"):
        machine.host.ip(f"link set {name} mtu 4000")
    large = FRAME[:14] + bytes(3000)
    for number in range(300):
        machine.sends(numbered(number))
        machine.sends(fragments_to_be())
        machine.sink.send(large)
    sent = lambda: machine.pump.counters().ports[0].sent_octets  # noqa: E731
    assert eventually(lambda: sent() >= 300 * len(large))
    assert machine.pump.counters().transmit_drops() == {}
    assert machine.pump.counters().imbalance == (0, 0)


def fragments_to_be():
    """A virtio-net header and a UDP super-frame to be cut into IP fragments (VIRTIO GSO_UDP)."""
    vnet = struct.pack("=BBHHHH", 1, 3, 42, 1480, 34, 6)
    ethernet = FRAME[:12] + b"\x08\x00"
    ip = struct.pack("!BBHHHBBHII", 0x45, 0, 3028, 1, 0, 64, socket.IPPROTO_UDP, 0, 1, 2)
    return vnet + ethernet + ip + struct.pack("!HHHH", 1, 9, 3008, 0) + bytes(3000)


def test_200_pumps_on_real_sockets_leave_no_descriptor_and_no_memory_behind(yard):
    host, peer = yard.namespace(), yard.namespace()
    yard.cable(host, "eth0", peer, "eth0")
    with host.entered():
        ifindex = socket.if_nametoindex("eth0")
        tap, wire = Tap("bond0"), PortSocket(ifindex)
        before = None
        for turn in range(220):
            pump = _fast.Pump(tap.fileno(), seed=1) if _fast else PurePump(tap.fileno(), seed=1)
            pump.add_port(ifindex, wire.fileno())
            pump.publish(table_of(ifindex))
            pump.remove_port(ifindex)
            pump.close()
            if turn == 19:
                before = descriptors_and_memory()
        after = descriptors_and_memory()
        wire.close()
        tap.close()
    assert after[0] == before[0]
    assert after[1] - before[1] < 2 << 20


def descriptors_and_memory():
    """Open descriptors, and resident octets."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return len(os.listdir("/proc/self/fd")), pages * os.sysconf("SC_PAGE_SIZE")
