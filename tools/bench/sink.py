"""Own UDP port 9, so that nothing answers "unreachable", and never read from it."""

import socket
import time

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
    sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    sink.bind(("", 9))
    print("ready", flush=True)
    time.sleep(3600)
