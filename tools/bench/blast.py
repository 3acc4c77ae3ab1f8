"""Send 64-byte UDP frames as fast as one core can.

    python blast.py ADDRESS SECONDS

A payload of 22 octets makes a frame of 64 octets without its check sequence. 64 of them go down in
one call and are cut apart by the kernel on the way out of the interface, whose UDP segmentation
must be off: this costs the sender a third of what one call a frame would.
"""

import socket
import sys
import time

SOL_UDP = 17
UDP_SEGMENT = 103
PAYLOAD_OCTETS = 22
FRAMES = 64
PORT = 9


def main():
    address, seconds = sys.argv[1], float(sys.argv[2])
    payload = bytes(PAYLOAD_OCTETS * FRAMES)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(SOL_UDP, UDP_SEGMENT, PAYLOAD_OCTETS)
        sender.connect((address, PORT))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            sender.send(payload)


if __name__ == "__main__":
    main()
