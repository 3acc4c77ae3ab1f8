"""One request to the kernel's routing socket, and its answer.

Written by hand because effects run one after the other inside the event loop: pyroute2's blocking
interface refuses to work inside a running loop, its other one would let events slip in between two
effects, and it needs 172 microseconds for a change and 332 for a look where this needs about 10
and 25 (Linux 6.18, 2026-11).
"""

import errno
import socket
import struct
from collections.abc import Iterator
from typing import Self

from pybondd.linux.attributes import parse, to_text
from pybondd.linux.errors import LinuxError, asking

HEADER = struct.Struct("=IHHII")
ERROR = 2
DONE = 3
REQUEST = 0x1
ACK = 0x4
REPLACE = 0x100
EXCLUSIVE = 0x200
CREATE = 0x400
DUMP = 0x300
"""NLM_F_ROOT | NLM_F_MATCH."""

_SOL_NETLINK = 270
_NETLINK_EXT_ACK = 11
_ANSWER_SIZE_OCTETS = 1 << 17
"""A dump's messages come in pieces of at most 32 KB; one link with many virtual functions is far
below 128 KB."""
_CAPPED = 0x100
_HAS_DETAILS = 0x200
_DETAIL_TEXT = 1


class Netlink:
    """A routing socket of the network namespace in which it was made. Blocking; answers at once."""

    def __init__(self) -> None:
        with asking("open a netlink socket"):
            self._socket = socket.socket(
                socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
            )
            self._socket.bind((0, 0))
        self._sequence = 0
        _ask_for_explanations(self._socket)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def change(self, kind: int, body: bytes, what: str, *, flags: int = 0) -> None:
        """Ask for a change and wait for the acknowledgement; raises LinuxError naming `what`."""
        for _ in self._ask(kind, REQUEST | ACK | flags, body, what):
            pass

    def get(self, kind: int, body: bytes, what: str) -> bytes:
        """The body of the single message that answers a question; raises LinuxError."""
        bodies = [answer for _, answer in self._ask(kind, REQUEST | ACK, body, what)]
        if not bodies:
            raise LinuxError(errno.ENODEV, what)
        return bodies[0]

    def dump(self, kind: int, body: bytes, what: str) -> list[tuple[int, bytes]]:
        """Type and body of all messages that answer; raises LinuxError."""
        return list(self._ask(kind, REQUEST | DUMP, body, what))

    def _ask(self, kind: int, flags: int, body: bytes, what: str) -> Iterator[tuple[int, bytes]]:
        self._sequence += 1
        with asking(what):
            self._socket.send(
                HEADER.pack(HEADER.size + len(body), kind, flags, self._sequence, 0) + body
            )
        while True:
            with asking(what):
                datagram = self._socket.recv(_ANSWER_SIZE_OCTETS)
            for answer, answer_flags, sequence, content in messages(datagram):
                if sequence != self._sequence:
                    continue  # the rest of an answer that an earlier error cut short
                if answer in (ERROR, DONE):
                    _raise_if_refused(answer_flags, content, what)
                    return
                yield answer, content


def messages(datagram: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Type, flags, sequence number and body of each message in what one recv returned."""
    start = 0
    while start + HEADER.size <= len(datagram):
        size, kind, flags, sequence, _ = HEADER.unpack_from(datagram, start)
        if size < HEADER.size:
            return
        yield kind, flags, sequence, datagram[start + HEADER.size : start + size]
        start += (size + 3) & ~3


def _ask_for_explanations(netlink: socket.socket) -> None:
    """Let refusals carry the kernel's own sentence; kernels before 4.12 have none."""
    try:
        netlink.setsockopt(_SOL_NETLINK, _NETLINK_EXT_ACK, 1)
    except OSError:
        return


def _raise_if_refused(flags: int, content: bytes, what: str) -> None:
    """Raise what an ERROR or DONE message says, if it says anything bad."""
    code = -struct.unpack_from("=i", content)[0] if len(content) >= 4 else 0
    if code <= 0:
        return
    explanation = _explanation(flags, content)
    raise LinuxError(code, f"{what} ({explanation})" if explanation else what)


def _explanation(flags: int, content: bytes) -> str:
    if not flags & _HAS_DETAILS or len(content) < 4 + HEADER.size:
        return ""
    request_size = HEADER.unpack_from(content, 4)[0]
    start = 4 + (HEADER.size if flags & _CAPPED else (request_size + 3) & ~3)
    return to_text(parse(content, start).get(_DETAIL_TEXT, b""))


def index_of(name: str) -> int:
    """Interface index of `name` in this thread's network namespace; LinuxError(ENODEV) if none."""
    with asking(f"find interface {name}"):
        return socket.if_nametoindex(name)


def is_gone(error: LinuxError) -> bool:
    """Does this error say that the interface does not exist (any more)?"""
    return error.errno in (errno.ENODEV, errno.ENXIO)
