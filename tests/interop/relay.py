"""The smallest bond there is: one TAP device, one port, frames carried across by a thread."""

import os
import select
import socket
import struct
import threading

import pytun

from pybondd.forwarding import ForwardingTable, PortEntry, Receive, Spread
from pybondd.linux.packet_socket import PortSocket
from pybondd.linux.pump import make_pump
from pybondd.linux.tap import Tap

SOL_PACKET = 263
PACKET_AUXDATA = 8
AUXDATA = struct.Struct("=IIIHHHH")
VLAN_IS_VALID = 0x10
VNET_HEADER_SIZE_OCTETS = 10
LARGEST_FRAME_OCTETS = 1 << 17


class Relay:
    """Carries frames until closed. Without `has_headers` nothing tells of unfinished checksums;
    without `restores_tags` the VLAN tag that the kernel took out stays out."""

    def __init__(self, name, ifindex, *, has_headers=True, restores_tags=True):
        self._headers = VNET_HEADER_SIZE_OCTETS if has_headers else 0
        self._restores_tags = restores_tags
        self.tap = Tap(name) if has_headers else PlainTap(name)
        self.port = PortSocket(ifindex) if has_headers else PlainPort(ifindex)
        self._stop, self._stopper = os.pipe()
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()

    def close(self):
        os.write(self._stopper, b"x")
        self._thread.join()
        for each in (self._stop, self._stopper):
            os.close(each)
        self.port.close()
        self.tap.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _carry(self):
        poll = select.poll()
        tap, port = self.tap.fileno(), self.port.fileno()
        for each in (tap, port, self._stop):
            poll.register(each, select.POLLIN)
        receiver = socket.socket(fileno=os.dup(port))
        with receiver:
            while True:
                ready = {descriptor for descriptor, _ in poll.poll()}
                if self._stop in ready:
                    return
                if tap in ready:
                    pass_on(lambda: os.write(port, os.read(tap, LARGEST_FRAME_OCTETS)))
                if port in ready:
                    pass_on(lambda: os.write(tap, self._receive(receiver)))

    def _receive(self, receiver):
        frame, ancillary, _, _ = receiver.recvmsg(LARGEST_FRAME_OCTETS, 64)
        tag = tag_of(ancillary)
        if tag is None or not self._restores_tags:
            return frame
        return with_tag(frame, self._headers, tag)


class PlainTap:
    """A TAP device without virtio-net headers."""

    def __init__(self, name):
        self._device = pytun.TunTapDevice(name=name, flags=pytun.IFF_TAP | pytun.IFF_NO_PI)
        self.fileno = self._device.fileno
        self.close = self._device.close


class PlainPort:
    """A packet socket without virtio-net headers."""

    def __init__(self, ifindex):
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(SOL_PACKET, 23, 1)
        self._socket.bind((socket.if_indextoname(ifindex), 3))
        self.fileno = self._socket.fileno
        self.close = self._socket.close


def tag_of(ancillary):
    """The tag (EtherType, TCI) that the kernel took out of a frame, or None."""
    for level, kind, value in ancillary:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tci, protocol = AUXDATA.unpack(value[: AUXDATA.size])
            if status & VLAN_IS_VALID:
                return protocol or 0x8100, tci
    return None


def with_tag(frame, header_size, tag):
    """The frame with its tag put back; offsets in the virtio-net header move along."""
    header, rest = bytearray(frame[:header_size]), frame[header_size:]
    if header_size and header[0] & 1:
        start = struct.unpack_from("=H", header, 6)[0] + 4
        struct.pack_into("=H", header, 6, start)
    if header_size and header[1]:
        length = struct.unpack_from("=H", header, 2)[0] + 4
        struct.pack_into("=H", header, 2, length)
    return bytes(header) + rest[:12] + struct.pack("!HH", *tag) + rest[12:]


def pass_on(deed):
    """A frame that cannot be read or written now is lost, as on any link."""
    try:
        deed()
    except OSError:
        return


class Pumped:
    """The same bond, with the real pump: what pybondd itself carries frames with."""

    def __init__(self, name, ifindex):
        self.tap, self.port = Tap(name), PortSocket(ifindex)
        self._pump = make_pump(self.tap.fileno(), seed=1)
        self._pump.add_port(ifindex, self.port.fileno())
        entry = PortEntry(ifindex, can_transmit=True, is_live=True, receive=Receive.DELIVER)
        self._pump.publish(ForwardingTable(Spread.ONE, (ifindex,), (entry,)))
        self._thread = threading.Thread(target=self._pump.run)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._pump.stop()
        self._thread.join()
        self._pump.close()
        self.port.close()
        self.tap.close()
