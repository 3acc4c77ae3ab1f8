"""A host with a bond, as a user makes it: by the command line, in its own namespace."""

import json
import os
import re
import sys


class BondedHost:
    """A namespace in which pybondd runs. `directory` takes the place of /run/pybondd."""

    def __init__(self, namespace, directory):
        self.namespace = namespace
        self.environment = {**os.environ, "PYBONDD_RUN_DIR": str(directory), "NO_COLOR": "1"}

    def pybondd(self, *words, check=True):
        """Run a command; its output."""
        command = (sys.executable, "-m", "pybondd", *words)
        return self.namespace.run(*command, check=check, env=self.environment)

    def up(self, mode, *ports, options=(), address=None):
        """Bring bond0 up in this mode over these ports, with an address on it."""
        for port in ports:
            self.namespace.ip(f"link set {port} down")
        self.pybondd("up", "bond0", "--mode", mode, *options, *ports)
        self.namespace.ip("link set bond0 up")
        if address:
            self.namespace.ip(f"addr add {address} dev bond0")

    def down(self):
        self.pybondd("down", "bond0", check=False)

    def status(self):
        return json.loads(self.pybondd("status", "bond0", "--json"))


class PingResult:
    """What `ping` counted."""

    def __init__(self, text):
        self.text = text
        counts = re.search(r"(\d+) packets transmitted, (\d+) received", text)
        duplicates = re.search(r"\+(\d+) duplicates", text)
        self.sent, self.received = (int(count) for count in counts.groups())
        self.duplicates = int(duplicates[1]) if duplicates else 0

    def __repr__(self):
        return f"{self.received} of {self.sent}, {self.duplicates} duplicates"


def ping(namespace, address, *, count=200, interval_s=0.01):
    """`ping` with counts; waits a second for stragglers."""
    words = ("-q", "-c", str(count), "-i", str(interval_s), "-W", "1", address)
    return PingResult(namespace.run("ping", *words, check=False, timeout=60))
