"""What a test says and hears on an interface itself, without any bond."""

import errno
import socket

SOL_PACKET = 263
IGNORE_OUTGOING = 23
EVERY_PROTOCOL = 3
SLOW = bytes.fromhex("0180c2000002")
SLOW_ETHERTYPE = b"\x88\x09"


def listener(name):
    """A socket that hears all that comes in on an interface of the namespace we are in."""
    heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    heard.setsockopt(SOL_PACKET, IGNORE_OUTGOING, 1)
    heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
    heard.bind((name, EVERY_PROTOCOL))
    heard.setblocking(False)
    return heard


def received(heard):
    """The slow protocol frames that have come, oldest first. A cut in between is no matter."""
    frames = []
    while True:
        try:
            frame = heard.recv(2048)
        except BlockingIOError:
            return frames
        except OSError as down:
            if down.errno != errno.ENETDOWN:
                raise
            continue
        if frame[:6] == SLOW and frame[12:14] == SLOW_ETHERTYPE:
            frames.append(frame)
