"""How does a port of modes 5 and 6 hear ARP for the bond, and send on what the host has begun?"""

import contextlib
import socket
import struct

import pytest
from lacp_wire import SLOW
from netns import eventually

from pybondd.effects import Hears
from pybondd.linux.netlink import Route
from pybondd.linux.own_socket import OwnSocket
from pybondd.linux.packet_socket import VNET_HEADER, PortSocket

pytestmark = pytest.mark.root

SOURCE = bytes.fromhex("02000000ee01")
ARP = b"\xff" * 6 + SOURCE + b"\x08\x06" + bytes(28)
TAGGED_ARP = ARP[:12] + b"\x81\x00\x00\x0a" + ARP[12:]
OTHERS = (
    b"\xff" * 6 + SOURCE + b"\x08\x00" + bytes(46),
    b"\xff" * 6 + SOURCE + b"\x80\x35" + bytes(46),
    SLOW + SOURCE + b"\x88\x09\x01\x01" + bytes(108),
)


@pytest.fixture
def ear(cable):
    made = OwnSocket(cable.ifindex, Hears.ARP)
    yield made
    made.close()


def heard(ear):
    return list(iter(ear.receive, None))


def test_arp_is_heard_with_and_without_a_tag_and_nothing_else_is(cable, ear):
    for frame in (ARP, TAGGED_ARP, *OTHERS):
        cable.far.send(frame)
    assert [frame for frame in heard(ear) if frame[6:12] == SOURCE] == [ARP, ARP]


def test_the_host_gets_the_arp_that_the_bond_hears(cable, ear):
    host = PortSocket(cable.ifindex)
    cable.far.send(ARP)
    with socket.socket(fileno=socket.dup(host.fileno())) as reader:
        assert eventually(lambda: VNET_HEADER + ARP in waiting(reader))
    host.close()
    assert ARP in heard(ear)


def test_arp_that_leaves_the_port_is_not_heard(cable, ear):
    for sender in (PortSocket(cable.ifindex), OwnSocket(cable.ifindex, Hears.ARP)):
        sender.send(ARP)
        sender.close()
    cable.far.send(ARP + b"from the far end")
    assert [frame for frame in heard(ear) if frame[6:12] == SOURCE] == [ARP + b"from the far end"]


# -- what the host has begun


def test_a_super_frame_leaves_with_what_it_takes_to_cut_it_and_to_finish_its_checksum(cable):
    frame = tcp_frame(payload_octets=3000)
    needs_checksum, tcp4, headers_octets, segment_octets = 1, 1, 54, 1000
    tcp_header_at, checksum_at = 34, 16
    offload = struct.pack(
        "=BBHHHH",
        *(needs_checksum, tcp4, headers_octets, segment_octets, tcp_header_at, checksum_at),
    )
    with cable.there.entered(), Route() as route:
        far = PortSocket(route.interface("eth0").ifindex)
    near = PortSocket(cable.ifindex)
    near.send(frame, offload)
    near.close()
    with socket.socket(fileno=socket.dup(far.fileno())) as reader:
        came = []
        assert eventually(lambda: came.extend(waiting(reader)) or whole(offload + frame) in came)
    far.close()


def whole(packet):
    """How the kernel shows it: it takes as header what lies in one piece, here all of it."""
    frame_octets = len(packet) - len(VNET_HEADER)
    return packet[:2] + struct.pack("=H", frame_octets) + packet[4:]


def waiting(receiver):
    """All that waits in a socket that does not block."""
    frames = []
    with contextlib.suppress(BlockingIOError):
        while True:
            frames.append(receiver.recv(4096))
    return frames


def tcp_frame(payload_octets):
    total = 40 + payload_octets
    ipv4 = struct.pack("!BBHHHBBH4s4s", 0x45, 0, total, 1, 0, 64, 6, 0, b"\x0a\x09\0\1",
                       b"\x0a\x09\0\2")  # fmt: skip
    tcp = struct.pack("!HHIIBBHHH", 1000, 1001, 1, 1, 0x50, 0x10, 1000, 0, 0)
    return b"\x02" * 6 + SOURCE + b"\x08\x00" + ipv4 + tcp + bytes(payload_octets)
