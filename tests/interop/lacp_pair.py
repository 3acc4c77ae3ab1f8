"""Two hosts with two cables between them, a bond of LACP on each, both pybondd's."""

import json
import socket
import time
from contextlib import contextmanager

from bonded import HOST, PEER, BondedHost
from netns import eventually

FAST = ("--mode", "802.3ad", "--lacp-rate", "fast")
WORKING = "ATGSCD--"
"""A port that asks for the short timeout, collects and distributes, as teamd writes it."""


class End:
    """One of the two hosts: `name` is its namespace's, `ports` are its interfaces' names."""

    def __init__(self, hosts, namespace, run_directory, ports, address):
        self.namespace = namespace
        self.ports = ports
        self.address = address
        self.run_directory = run_directory
        self._hosts = hosts

    def call(self, *words):
        """Run a command; the completed process."""
        directory = str(self.run_directory)
        return self._hosts.call(*words, where=self.namespace, PYBONDD_RUN_DIR=directory)

    def done(self, *words):
        """Run a command that must succeed; its output."""
        ended = self.call(*words)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def up(self, *words):
        """Bring bond0 up with both ports and an address."""
        self.done("up", "bond0", *(words or FAST), *self.ports)
        self.namespace.ip(f"addr add {self.address}/24 dev bond0")

    def status(self):
        """The answer to GET /status, without the half second that the command takes."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.run_directory / "bond0.sock"))
            client.sendall(b"GET /status HTTP/1.0\r\n\r\n")
            answer = b""
            while piece := client.recv(1 << 16):
                answer += piece
        return json.loads(answer.partition(b"\r\n\r\n")[2])

    def lacp(self, name):
        """All that LACP says of a port."""
        ports = {port["ifname"]: port["pybondd"]["lacp"] for port in self.status()["ports"]}
        return ports[name]

    def states(self):
        """Our state of each port, in letters."""
        return [port["pybondd"]["lacp"]["actor"]["letters"] for port in self.status()["ports"]]

    def machine(self, name, machine):
        """In which box a machine of a port is."""
        return self.lacp(name)["machines"][machine]

    def entries(self):
        """The log: pairs of time and text."""
        lines = self.done("events", "bond0", "-n", "4096", "-j").splitlines()
        entries = [json.loads(line) for line in lines]
        return [(each["time"], report["text"]) for each in entries for report in each["reports"]]


class LacpPair(BondedHost):
    """`near` has eth0 and eth1, `far` p0 and p1; a cable between eth0 and p0, and eth1 and p1."""

    def __init__(self, yard, run_directory):
        super().__init__(yard, run_directory / "near")
        self.near = End(self, self.host, run_directory / "near", ("eth0", "eth1"), HOST)
        self.far = End(self, self.peer, run_directory / "far", ("p0", "p1"), PEER)
        self.ends = (self.near, self.far)

    def close(self):
        """Both bonds go, if they are there."""
        for end in self.ends:
            if (end.run_directory / "bond0.sock").exists():
                end.call("down", "bond0")

    def aggregate(self, near=FAST, far=FAST):
        """Bring both up and wait until all ports carry traffic."""
        self.far.up(*far)
        self.near.up(*near)
        self.wait_until_aggregated()

    def wait_until_aggregated(self, *, within_s=10.0):
        """How long it took until both ports carried traffic at both ends."""
        start = time.monotonic()
        ready = eventually(self.is_aggregated, within_s=within_s)
        assert ready, [(end.states(), end.entries()[-20:]) for end in self.ends]
        return time.monotonic() - start

    def is_aggregated(self):
        """Whether all ports collect and distribute, each end with the other."""
        near, far = (end.status() for end in self.ends)
        return works_with(near, far) and works_with(far, near)


def works_with(status, other):
    """Whether all ports of a bond collect and distribute, with this other bond as their partner."""
    partner = other["pybondd"]["lacp"]["system"]
    ports = [port["pybondd"]["lacp"] for port in status["ports"]]
    return all(
        port["actor"]["letters"][3:6] == "SCD" and port["partner"]["system"] == partner
        for port in ports
    )


@contextmanager
def lacp_pair(yard, tmp_path):
    """A pair in this yard, taken down afterwards."""
    for name in ("near", "far"):
        (tmp_path / name).mkdir()
    built = LacpPair(yard, tmp_path)
    try:
        yield built
    finally:
        built.close()
