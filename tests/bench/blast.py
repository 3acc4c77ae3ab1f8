"""Send 64-byte UDP frames as fast as one core can, 64 datagrams a system call.

    python blast.py ADDRESS SECONDS

A payload of 22 octets makes a frame of 64 octets without its check sequence.
"""

import ctypes
import os
import socket
import sys
import time

BATCH = 64
PAYLOAD = bytes(22)
PORT = 9


class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("size", ctypes.c_size_t)]


class Message(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_uint),
        ("pieces", ctypes.POINTER(Piece)),
        ("piece_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("sent_octets", ctypes.c_uint),
    ]


def main():
    address, seconds = sys.argv[1], float(sys.argv[2])
    piece = Piece(PAYLOAD, len(PAYLOAD))
    messages = (Message * BATCH)()
    for message in messages:
        message.pieces = ctypes.pointer(piece)
        message.piece_count = 1
    sendmmsg = ctypes.CDLL(None).sendmmsg
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect((address, PORT))
        fd = sender.fileno()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for _ in range(16):
                sendmmsg(fd, messages, BATCH, 0)
    os._exit(0)


if __name__ == "__main__":
    main()
