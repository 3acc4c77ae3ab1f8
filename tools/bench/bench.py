"""How fast is the packet path, as a ratio to what it is made of?

    python tools/bench/bench.py [--rounds 3] [--seconds 2] [--kinds KIND,...] [--json F]

Kinds: naive, drained, pure, compiled, and daemon, which is all of pybondd. active-backup and
balance-alb are the daemon too, each with the same two ports at a bridge: what does mode 6 cost?

Two namespaces, two cables. Over one, nothing but veth ("bare"). Over the other, in turn, a bond of
each kind in active-backup. All kinds take turns within each round, and ratios are of medians, since
a shared machine is never twice the same. Needs root and iperf3.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "interop"), str(ROOT)]
from netns import Yard, eventually  # noqa: E402 - the path to it is set just above

BARE = "bare"
SWITCHED = ("active-backup", "balance-alb")
LOADS = ("tcp out", "tcp in", "udp out", "udp in")
UNITS = {"tcp out": "Gbit/s", "tcp in": "Gbit/s", "udp out": "kpps", "udp in": "kpps"}
SETTLE_S = 0.15
"""ARP and the first window, before anything is measured."""


class Way(NamedTuple):
    """10.99.`subnet`.1 at `near` talks to 10.99.`subnet`.2 at `far`."""

    subnet: int
    near: str
    far: str


def way_of(kind):
    """Over which interfaces do its frames go?"""
    if kind == BARE:
        return Way(0, "bare0", "bare1")
    return Way(2, "bond0", "br0") if kind in SWITCHED else Way(1, "bond0", "far0")


class Field:
    """Host and peer, with a bare cable and a bonded one between them."""

    def __init__(self, yard):
        self.host, self.peer = yard.namespace(), yard.namespace()
        yard.cable(self.host, "bare0", self.peer, "bare1")
        self.peer.ip("link add br0 type bridge")
        self.peer.ip("link set br0 up")
        for number in range(3):
            yard.cable(self.host, f"port{number}", self.peer, f"far{number}")
            self.host.set_sysctl(f"net/ipv6/conf/port{number}/disable_ipv6", 1)
        for side, words in (
            (self.host, "addr add 10.99.0.1/24 dev bare0"),
            (self.peer, "addr add 10.99.0.2/24 dev bare1"),
            (self.peer, "addr add 10.99.1.2/24 dev far0"),
            (self.peer, "link set far1 master br0"),
            (self.peer, "link set far2 master br0"),
            (self.peer, "addr add 10.99.2.2/24 dev br0"),
        ):
            side.ip(words)
        self.host.run("ethtool", "-K", "bare0", "tx-udp-segmentation", "off")
        self.peer.run("ethtool", "-K", "bare1", "tx-udp-segmentation", "off")
        self.mac = link(self.host, "port0")["address"]
        self.start_ready(self.peer, sys.executable, str(HERE / "sink.py"))
        self.start_ready(self.host, sys.executable, str(HERE / "sink.py"))
        self.peer.start("iperf3", "-s", stdout=subprocess.DEVNULL)
        time.sleep(0.3)

    @staticmethod
    def start_ready(side, *words):
        """Start a program that says "ready"."""
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        process = side.start(*words, stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdout.readline() == "ready\n", f"{words} did not start"
        return process

    def start_rig(self, kind):
        """A pump, or the naive loop, and nothing else."""
        rig = (sys.executable, str(HERE / "rig.py"), kind, "bond0", "port0")
        process = self.start_ready(self.host, *rig)
        self.host.ip(f"link set bond0 address {self.mac}")
        return process

    def start_daemon(self, mode, *ports):
        """All of pybondd, as people start it."""
        words = f"-m pybondd up bond0 --mode {mode} {' '.join(ports)} --foreground"
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        process = self.host.start(
            sys.executable, *words.split(), stdout=subprocess.DEVNULL, env=environment
        )
        assert eventually(self.is_bond_up), "the daemon does not start"
        return process

    def start_bond(self, kind):
        """The process that forwards."""
        if kind == "daemon":
            return self.start_daemon("active-backup", "port0")
        if kind in SWITCHED:
            return self.start_daemon(kind, "port1", "port2")
        return self.start_rig(kind)

    def is_bond_up(self):
        return "LOWER_UP" in self.host.run("ip", "link", "show", "dev", "bond0", check=False)

    def set_offloads(self, state):
        """Without virtio-net headers a bond needs finished checksums and frames of MTU size."""
        words = [word for name in ("tx", "tso", "gso") for word in (name, state)]
        for side, name in ((self.host, "port"), (self.peer, "far")):
            for number in range(3):
                side.run("ethtool", "-K", f"{name}{number}", *words, "tx-udp-segmentation", "off")

    @contextmanager
    def bond(self, kind):
        """A bond of this kind over its cables; yields the process to charge."""
        self.set_offloads("off" if kind in ("naive", "drained") else "on")
        process = self.start_bond(kind)
        try:
            self.host.ip(f"addr add 10.99.{way_of(kind).subnet}.1/24 dev bond0")
            self.host.ip("link set bond0 up")
            # Frames of 64 octets are the load, not super-frames of UDP; TCP keeps its own.
            self.host.run("ethtool", "-K", "bond0", "tx-udp-segmentation", "off")
            yield process
        finally:
            process.terminate()
            process.wait()


def measure(field, kind, loads, seconds):
    """Each load once: what passed, and the forwarder's CPU in percent of a core."""
    way = way_of(kind)
    if kind == BARE:
        return {load: run_load(field, load, way, None, seconds) for load in loads}
    with field.bond(kind) as process:
        return {load: run_load(field, load, way, process.pid, seconds) for load in loads}


def run_load(field, load, way, pid, seconds):
    to_peer, to_host = f"10.99.{way.subnet}.2", f"10.99.{way.subnet}.1"
    field.host.run("ping", "-c1", "-W2", to_peer)
    time.sleep(SETTLE_S)
    before_s, started = cpu_s(pid), time.monotonic()
    if load.startswith("tcp"):
        value = tcp_gbps(field, to_peer, seconds, is_in=load == "tcp in")
    elif load == "udp out":
        value = udp_kpps(field.host, to_peer, field.peer, way.far, seconds)
    else:
        value = udp_kpps(field.peer, to_host, field.host, way.near, seconds)
    return value, 100 * (cpu_s(pid) - before_s) / (time.monotonic() - started)


def tcp_gbps(field, address, seconds, *, is_in):
    words = ["iperf3", "-c", address, "-t", str(seconds), "-J", *(["-R"] if is_in else [])]
    report = json.loads(field.host.run(*words))
    return report["end"]["sum_received"]["bits_per_second"] / 1e9


def udp_kpps(sender, address, receiver, interface, seconds):
    """What arrives at the interface while the sender blasts."""
    before, started = frames_in(receiver, interface), time.monotonic()
    sender.run(sys.executable, str(HERE / "blast.py"), address, str(seconds))
    spent_s = time.monotonic() - started
    arrived = frames_in(receiver, interface) - before
    # The sender's start-up is no sending time.
    return arrived / min(spent_s, seconds) / 1e3


def link(side, interface):
    """What `ip` knows of an interface."""
    return json.loads(side.ip(f"-j -s link show dev {interface}"))[0]


def frames_in(side, interface):
    return link(side, interface)["stats64"]["rx"]["packets"]


def cpu_s(pid):
    """User and system time of a process so far."""
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def summary(rounds, kinds, loads):
    """Medians and their ratios: kind -> load -> values."""
    table = {}
    for kind in kinds:
        table[kind] = {}
        for load in loads:
            values = [measured[kind][load] for measured in rounds]
            table[kind][load] = {
                "median": statistics.median(value for value, _ in values),
                "cpu_percent": statistics.median(cpu for _, cpu in values),
                "all": [value for value, _ in values],
            }
    for kind in kinds:
        for load in loads:
            cell = table[kind][load]
            for against in (BARE, "naive"):
                if against in table:
                    cell[f"to_{against}"] = cell["median"] / table[against][load]["median"]
    return table


def print_table(table):
    measured = next(iter(table.values()))
    titles = "".join(f"{load + ' ' + UNITS[load]:>30}" for load in measured)
    print(f"{'':14}{titles}\n{'':14}" + f"{'median /bare /naive  cpu':>30}" * len(measured))
    for kind, loads in table.items():
        row = f"{kind:14}"
        for cell in loads.values():
            row += f"{cell['median']:>12.1f} {cell.get('to_bare', 0):>5.2f}"
            row += f" {cell.get('to_naive', 0):>5.1f} {cell['cpu_percent']:>4.0f}%"
        print(row)
    if set(SWITCHED) <= table.keys():
        print_ratio(*SWITCHED, table)


def print_ratio(one, other, table):
    """What the second of two kinds reaches of the first, and what for the same processor time."""
    told = []
    for load, cell in table[one].items():
        reached = table[other][load]["median"] / cell["median"]
        spent = table[other][load]["cpu_percent"] / cell["cpu_percent"]
        told.append(f"{load} {reached:.2f} ({reached / spent:.2f})")
    print(f"{other} / {one} (for the same CPU): {', '.join(told)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--kinds", default="naive,pure,daemon," + ",".join(SWITCHED))
    parser.add_argument("--loads", default=",".join(LOADS))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    kinds = (BARE, *arguments.kinds.split(","))
    loads = arguments.loads.split(",")
    with Yard() as yard:
        field = Field(yard)
        rounds = [
            {kind: measure(field, kind, loads, arguments.seconds) for kind in kinds}
            for _ in range(arguments.rounds)
        ]
    table = summary(rounds, kinds, loads)
    print_table(table)
    if arguments.json:
        machine = {"kernel": platform.release(), "cores": os.cpu_count()}
        result = {"machine": machine, "units": UNITS, "kinds": table}
        arguments.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
