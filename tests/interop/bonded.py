"""A host with two cables to a switch, and the real `pybondd` command in it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from netns import Namespace, Yard, eventually

SOURCE = Path(__file__).resolve().parents[2]
HOST, PEER = "10.9.0.1", "10.9.0.2"


class BondedHost:
    """`host` has eth0 and eth1; their other ends p0 and p1 are in `peer`, on a bridge br0."""

    def __init__(self, yard: Yard, run_directory: Path) -> None:
        self.run_directory = run_directory
        self.host = yard.namespace()
        self.peer = yard.namespace()
        for number in range(2):
            yard.cable(self.host, f"eth{number}", self.peer, f"p{number}")
        assert eventually(self._is_settled)

    def _is_settled(self) -> bool:
        """The kernel has told everybody of the carriers, and IPv6 has made its addresses."""
        links = json.loads(self.host.run("ip", "-j", "addr", "show", "up"))
        ports = [link for link in links if link["ifname"].startswith("eth")]
        return len(ports) == 2 and all(
            port["operstate"] == "UP" and port["addr_info"] for port in ports
        )

    def bridge(self) -> None:
        """Let the peer be a learning switch with an address of its own."""
        self.peer.ip("link add br0 type bridge")
        for name in ("p0", "p1"):
            self.peer.ip(f"link set {name} master br0")
        self.peer.ip("link set br0 up")
        self.peer.ip(f"addr add {PEER}/24 dev br0")

    def environment(self, **more: str) -> dict[str, str]:
        return {
            **os.environ,
            "PYBONDD_RUN_DIR": str(self.run_directory),
            "PYTHONPATH": str(SOURCE),
            **more,
        }

    def words(self, *words: str, where: Namespace | None = None) -> list[str]:
        return [*(where or self.host).prefix, sys.executable, "-m", "pybondd", *words]

    def call(self, *words: str, where: Namespace | None = None, **more: str):
        """Run a command; the completed process, whatever its exit code."""
        return subprocess.run(
            self.words(*words, where=where),
            capture_output=True,
            text=True,
            timeout=60,
            env=self.environment(**more),
        )

    def done(self, *words: str, where: Namespace | None = None) -> str:
        """Run a command that must succeed; its output."""
        ended = self.call(*words, where=where)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def status(self, bond: str = "bond0"):
        return json.loads(self.done("status", bond, "--json"))

    def events(self, bond: str = "bond0") -> list[str]:
        """All reports so far."""
        lines = self.done("events", bond, "-n", "4096", "-j").splitlines()
        return [report["text"] for line in lines for report in json.loads(line)["reports"]]

    def up(self, *words: str) -> int:
        """Bring bond0 up with eth0, eth1 and an address; the daemon's process id."""
        self.done("up", "bond0", *words, "eth0", "eth1")
        self.host.ip(f"addr add {HOST}/24 dev bond0")
        return self.status()["pybondd"]["pid"]

    def ping(self, count: int = 5, interval_s: float = 0.01) -> str:
        """The summary of pinging the peer."""
        words = ["ping", "-n", "-c", str(count), "-i", str(interval_s), "-W", "1", PEER]
        return self.host.run(*words, check=False).split("statistics ---")[1]

    def host_mac(self, name: str) -> str:
        """The MAC address that an interface has now."""
        (link,) = json.loads(self.host.run("ip", "-j", "link", "show", name))
        return link["address"]

    def snapshot(self):
        """All that `up` might change: links, addresses, filters."""
        links = json.loads(self.host.run("ip", "-d", "-j", "link"))
        names = [link["ifname"] for link in links]
        addresses = json.loads(self.host.run("ip", "-j", "addr"))
        return {
            "links": {link["ifname"]: link for link in links},
            "addresses": {
                each["ifname"]: sorted(address["local"] for address in each["addr_info"])
                for each in addresses
            },
            "qdiscs": {
                # A bond interface may vanish between the questions, when its owner was killed.
                name: self.host.run("tc", "qdisc", "show", "dev", name, "ingress", check=False)
                for name in names
            },
        }

    def returns_to(self, before) -> bool:
        """Whether the host gets back to this snapshot; carrier news take up to a second."""
        if eventually(lambda: self.snapshot() == before):
            return True
        now = self.snapshot()
        for kind, entries in before.items():
            for name in {*entries, *now[kind]}:
                if entries.get(name) != now[kind].get(name):
                    print(f"{kind} {name}:\n  {entries.get(name)}\n  {now[kind].get(name)}")
        return False


def is_alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
