"""What happens when 256 flows start at once in mode 6? python tools/bench/new_buckets.py

A daemon with two ports, a bridge behind them. One flow has a bucket from before: a frame each
millisecond. Then 255 others begin with a burst of one frame each and go on at 40 frames a second.
All frames carry when they left; told is how long they took, how many were lost or came out of
order, and how many the bond had to send itself. Then the buckets are dealt out anew, as every ten
seconds. Needs root. PYBONDD_PURE=1 takes the readable pump. What a busy machine
does to all this, --mode active-backup shows.
"""

import argparse
import select
import socket
import struct
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "interop"), str(ROOT)]
from bonded import HOST, PEER, BondedHost  # noqa: E402 - the path to it is set just above
from netns import Yard  # noqa: E402

NET = "10.77.0.{}"
"""Their last octets differ, so each has a bucket of its own."""
OLD_FLOW = 255
STAMP = struct.Struct("!IBQ")
PORT = 9999
INTERVAL_S = 0.001
BURST_NS = 100_000_000
ROUND_S = 0.025
"""Each of the others sends once in a round."""


class Field(BondedHost):
    """The peer takes whatever is for NET, and so needs no ARP but for itself."""

    def __init__(self, yard, run_directory, mode):
        super().__init__(yard, run_directory)
        self.bridge()
        self.up("--mode", mode)
        self.host.ip("link set bond0 up")
        network = NET.format(0) + "/24"
        self.peer.ip(f"route add local {network} dev br0")
        self.host.ip(f"route add {network} via {PEER}")
        self.host.run("ping", "-c2", "-i0.2", "-W2", PEER)

    def counters(self):
        extra = self.status()["pybondd"]
        return extra["counters"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--mode", default="balance-alb")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as run_directory, Yard() as yard:
        field = Field(yard, Path(run_directory), arguments.mode)
        try:
            print(field.status()["pybondd"]["datapath"])
            measure(field, arguments.seconds)
        finally:
            field.call("down", "bond0")


def measure(field, seconds):
    with field.peer.entered():
        sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sink.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
        sink.bind(("0.0.0.0", PORT))
    with field.host.entered():
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.bind((HOST, 0))
    heard, ended = [], threading.Event()
    ear = threading.Thread(target=hear, args=(sink, heard, ended))
    with sink, sender:
        ear.start()
        phases = {}
        for name, flows, phase_s in (
            ("one old flow", (), 0.5),
            ("255 new ones", range(OLD_FLOW), seconds),
            ("all dealt anew", range(OLD_FLOW), 11),
        ):
            before = field.counters()
            phases[name] = send(sender, flows, phase_s), before, field.counters()
        ended.set()
        ear.join()
    for name, (sent, before, after) in phases.items():
        tell(name, sent, heard, before, after)


def send(sender, flows, phase_s):
    """Send as the phase says; what was sent, as (number, flow, when)."""
    sent, start, next_round = [], time.monotonic(), 0.0
    next_old = 0.0
    while (elapsed := time.monotonic() - start) < phase_s:
        if elapsed >= next_round:
            for flow in flows:
                give(sender, flow, sent)
            next_round = max(next_round + ROUND_S, elapsed)
        if elapsed >= next_old:
            give(sender, OLD_FLOW, sent)
            next_old = max(next_old + INTERVAL_S, elapsed)
        time.sleep(0.0002)
    time.sleep(0.3)
    return sent


NUMBERS = iter(range(1 << 32))


def give(sender, flow, sent):
    stamp = next(NUMBERS), flow, time.monotonic_ns()
    sender.sendto(STAMP.pack(*stamp), (NET.format(flow), PORT))
    sent.append(stamp)


def hear(sink, heard, ended):
    while not ended.is_set():
        if select.select([sink], [], [], 0.1)[0]:
            octets = sink.recv(100)
            heard.append((*STAMP.unpack(octets), time.monotonic_ns()))


def tell(name, sent, heard, before, after):
    wanted = {number for number, _, _ in sent}
    arrived = [each for each in heard if each[0] in wanted]
    print(f"{name}: {len(sent)} frames, {len(sent) - len(arrived)} lost, {late(arrived)} late")
    counted = {key: after[key] - before.get(key, 0) for key in after}
    by_bond = counted["punted_frames"] - counted["reclaimed_frames"]
    never_read = len(sent) - counted["host_frames"]
    print(f"  sent by the bond: {by_bond}; never read: {never_read}; dropped:", dropped(counted))
    burst_end_ns = sent[0][2] + BURST_NS
    for title, is_told in (
        ("old flow, first 100 ms", lambda flow, left: flow == OLD_FLOW and left < burst_end_ns),
        ("old flow, later", lambda flow, left: flow == OLD_FLOW and left >= burst_end_ns),
        ("new flows, first 100 ms", lambda flow, left: flow != OLD_FLOW and left < burst_end_ns),
        ("new flows, later", lambda flow, left: flow != OLD_FLOW and left >= burst_end_ns),
    ):
        delays_ms = [(came - left) / 1e6 for _, flow, left, came in arrived if is_told(flow, left)]
        if delays_ms:
            print(f"  {title}: median {median(delays_ms):.2f} ms, worst {max(delays_ms):.2f} ms")
    firsts = {flow: came for _, flow, _, came in reversed(arrived) if flow != OLD_FLOW}
    if firsts:
        print(f"  all {len(firsts)} heard {(max(firsts.values()) - sent[0][2]) / 1e6:.1f} ms after")


def late(arrived):
    """How many came behind a later one of their flow?"""
    latest, count = {}, 0
    for number, flow, _, _ in arrived:
        count += number < latest.get(flow, 0)
        latest[flow] = max(number, latest.get(flow, 0))
    return count


def dropped(counted):
    return {key: count for key, count in counted.items() if key.startswith("dropped_t") and count}


if __name__ == "__main__":
    main()
