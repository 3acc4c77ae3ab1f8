"""Tell of every change of an interface as soon as the kernel does."""

import asyncio
import errno
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from pybondd.linux.errors import asking
from pybondd.linux.interface import LINK_HEADER, Interface, parse_link
from pybondd.linux.netlink import DELETE_LINK, NEW_LINK, Route
from pybondd.linux.packet_socket import grow_buffer
from pybondd.linux.rtnetlink import messages

_NEW_ADDRESS = 20
_DELETE_ADDRESS = 21
_GROUPS = 0x1 | 0x10 | 0x100
"""RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR."""
_RECEIVE_BUFFER_FORCE = 33
_DATAGRAM_SIZE_OCTETS = 1 << 17
_BATCH = 64
"""Datagrams read before other work gets its turn: 64 take about 3 ms."""

_MAX_QUEUED = 1 << 16
"""More messages than a buffer of 4 MB holds, each of which takes more than 256 octets."""


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """An interface is new, or something about it may have changed."""

    interface: Interface


@dataclass(frozen=True, slots=True)
class LinkGone:
    """An interface left this namespace: deleted, or moved away."""

    ifindex: int


@dataclass(frozen=True, slots=True)
class AddressesChanged:
    """An address came or went on some interface."""

    ifindex: int


Sighting: TypeAlias = LinkSeen | LinkGone | AddressesChanged


class LinkWatch:
    """Sightings of one network namespace, by callback from the event loop.

    After `start` everything is told once as it stands, then each change. When the kernel had to
    drop messages, everything is told again and what is missing is told as gone, so that a listener
    that compares with what it knows misses no state (though it may miss a flap).
    """

    def __init__(self, tell: Callable[[Sighting], None]) -> None:
        self._tell = tell
        self._known: set[int] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._route = Route()
        with asking("watch the interfaces"):
            self._socket = socket.socket(
                socket.AF_NETLINK,
                socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK,
                socket.NETLINK_ROUTE,
            )
            grow_buffer(self._socket, _RECEIVE_BUFFER_FORCE, socket.SO_RCVBUF)
            self._socket.bind((0, _GROUPS))

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell all that is there, then watch from this loop."""
        self._loop = loop
        self._tell_everything()
        loop.add_reader(self._socket.fileno(), self.read)

    def close(self) -> None:
        """Stop watching."""
        if self._loop is not None:
            self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._route.close()

    def read(self) -> None:
        """Tell what has come in; returns when there is no more, or after a batch."""
        for _ in range(_BATCH):
            try:
                datagram = self._socket.recv(_DATAGRAM_SIZE_OCTETS)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self._forget_queue()
                self._tell_everything()
                continue
            for kind, _, _, body in messages(datagram):
                self._read_message(kind, body)

    def _read_message(self, kind: int, body: bytes) -> None:
        if kind in (_NEW_ADDRESS, _DELETE_ADDRESS):
            self._tell(AddressesChanged(int.from_bytes(body[4:8], sys.byteorder)))
        elif kind in (NEW_LINK, DELETE_LINK):
            family, _, ifindex, _, _ = LINK_HEADER.unpack_from(body)
            if family:
                return  # a bridge's view of its port; leaving a bridge looks like a deletion there
            if kind == NEW_LINK:
                self._known.add(ifindex)
                self._tell(LinkSeen(parse_link(body)))
            elif ifindex in self._known:
                self._known.discard(ifindex)
                self._tell(LinkGone(ifindex))

    def _forget_queue(self) -> None:
        """What is still queued is older than what was dropped: told later, it would be believed."""
        for _ in range(_MAX_QUEUED):
            try:
                self._socket.recv(1)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise

    def _tell_everything(self) -> None:
        present = self._route.interfaces()
        indices = {each.ifindex for each in present}
        for ifindex in sorted(self._known - indices):
            self._tell(LinkGone(ifindex))
        self._known = indices
        for each in present:
            self._tell(LinkSeen(each))
            self._tell(AddressesChanged(each.ifindex))
