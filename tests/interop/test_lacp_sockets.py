"""What must a socket be like that carries LACP? Cures are tried, and their absence seen to hurt."""

import socket

import pytest
from lacp_wire import EVERY_PROTOCOL, SLOW, listener, received
from netns import eventually

from pybondd.linux import socket_filter
from pybondd.linux.own_socket import OwnSocket
from pybondd.linux.packet_socket import VNET_HEADER, PortSocket

pytestmark = pytest.mark.root

SOURCE = bytes.fromhex("02000000ee01")
LACPDU = SLOW + SOURCE + b"\x88\x09\x01\x01" + bytes(108)
DATA = b"\xff" * 6 + SOURCE + b"\x88\xb5" + bytes(1000)
SOL_PACKET, STATISTICS, ADD_MEMBERSHIP = 263, 6, 1


@pytest.fixture
def slow(cable):
    made = OwnSocket(cable.ifindex)
    yield made
    made.close()


def count(receive):
    """How many frames wait."""
    frames = 0
    while receive() is not None:
        frames += 1
    return frames


def heard_by(which):
    """recv that answers None when nothing waits."""

    def receive():
        try:
            return which.recv(2048)
        except BlockingIOError:
            return None

    return receive


# -- bound to all protocols, or deaf like the host


@pytest.mark.parametrize(("protocol", "heard"), [(EVERY_PROTOCOL, 1), (0x8809, 0)])
def test_only_a_socket_for_all_protocols_hears_before_the_host_is_made_deaf(cable, protocol, heard):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as bound:
        bound.bind(("eth0", protocol))
        bound.setblocking(False)
        early = listener("eth0")
        cable.far.send(LACPDU)
        with early:
            assert eventually(lambda: received(early))
        # The other end's host says things of its own, such as its neighbour discovery.
        frames = list(iter(heard_by(bound), None))
        assert frames.count(LACPDU) == heard


# -- of its own, or drowned in data


def test_lacpdus_get_through_while_data_floods_the_port(cable, slow):
    shared = listener("eth0")
    shared.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    with shared:
        for _ in range(40):
            for _ in range(500):
                cable.far.send(DATA)
            cable.far.send(LACPDU)
        assert count(slow.receive) == 40
        assert slow.take_lost_count() == 0
        assert len(received(shared)) < 40, "a socket shared with data loses some"


def test_the_data_socket_of_a_port_with_lacp_hears_all_but_lacp(cable):
    data = PortSocket(cable.ifindex, socket_filter.ALL_BUT_LACP)
    try:
        for frame in (LACPDU, LACPDU[:123], DATA, LACPDU[:14] + b"\x02" + bytes(109), DATA[:60]):
            cable.far.send(frame)
        receiver = socket.socket(fileno=data.fileno())
        try:
            frames = []
            read = heard_by(receiver)
            while packet := read():
                frames.append(packet[len(VNET_HEADER) :])
        finally:
            receiver.detach()
    finally:
        data.close()
    assert frames == [LACPDU[:123], DATA, DATA[:60]]


def test_what_leaves_the_port_is_not_heard(cable, slow):
    data = PortSocket(cable.ifindex)
    data.send(LACPDU)
    data.close()
    cable.far.send(LACPDU + b"from the far end")
    heard = []
    assert eventually(lambda: heard.append(slow.receive()) or heard[-1])
    assert [frame for frame in heard if frame] == [LACPDU + b"from the far end"]


def test_a_flood_is_cut_off_by_the_kernel_and_counted(cable, slow):
    for _ in range(5000):
        cable.far.send(LACPDU)
    heard = count(slow.receive)
    assert 20 <= heard <= 500
    assert heard + slow.take_lost_count() == 5000
    assert slow.take_lost_count() == 0


# -- the group's membership, which a port needs that does not hear all multicast


def test_the_port_hears_the_group_as_long_as_the_socket_is_open(cable):
    assert not is_member(cable)
    slow = OwnSocket(cable.ifindex)
    assert is_member(cable)
    slow.close()
    assert not is_member(cable)


def is_member(cable):
    return "01:80:c2:00:00:02" in cable.here.run("ip", "maddress", "show", "dev", "eth0")


# -- ahead of data, also in a full queue


def test_an_lacpdu_overtakes_data_that_waits(cable, slow):
    cable.here.run("tc", "qdisc", "add", "dev", "eth0", "root", "handle", "1:", "tbf",
                   "rate", "8mbit", "burst", "2kb", "limit", "1mb")  # fmt: skip
    cable.here.run("tc", "qdisc", "add", "dev", "eth0", "parent", "1:1", "pfifo_fast")
    data = PortSocket(cable.ifindex)
    with cable.there.entered():
        heard = listener("eth0")
    with heard:
        for _ in range(200):
            data.send(DATA)
        slow.send(LACPDU)
        came = []
        assert eventually(lambda: came.extend(all_of(heard)) or len(came) == 201)
    data.close()
    assert came.index(LACPDU) < 20


def all_of(heard):
    frames, read = [], heard_by(heard)
    while frame := read():
        if frame[6:12] == SOURCE:
            frames.append(frame)
    return frames
