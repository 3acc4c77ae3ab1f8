"""Private networks for tests: namespaces, cables between them, programs in them; all removed after.

A namespace lives as long as a small process in it, whose standard input we hold: when the test
process dies, even by SIGKILL, so does the namespace with every interface in it. It has no name, so
nothing can collide.
"""

import ctypes
import itertools
import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWNET = 0x40000000
FIRST_LEFT_INDEX = 101
"""Interface index of a cable's left end. Linux tells of a carrier at once only when an interface's
index differs from its veth peer's; equal ones, which two fresh namespaces would give, make a bridge
wait for up to a second (Linux 6.12 net/core/link_watch.c linkwatch_urgent_event)."""
_HERE = Path("/proc/thread-self/ns/net")


class Namespace:
    """One network namespace with its loopback up."""

    def __init__(self):
        self._keeper = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo ready; exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._keeper.stdout.readline() == b"ready\n", "no right to make a namespace"
        self.pid = self._keeper.pid
        self._started = []
        self.ip("link set lo up")

    @property
    def prefix(self):
        """The words that run a program in here."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net"]

    def run(self, *words, check=True, timeout=60, **more):
        """Run a program to its end; its output. A failure is an exception unless `check` is off."""
        ended = subprocess.run(
            [*self.prefix, *words], capture_output=True, text=True, timeout=timeout, **more
        )
        if check and ended.returncode:
            raise AssertionError(f"{words} failed: {ended.stdout}{ended.stderr}")
        return ended.stdout

    def ip(self, words):
        """`ip` with these words, split at spaces."""
        return self.run("ip", *words.split())

    def start(self, *words, **more):
        """Start a program; it is killed at the end of the test at the latest."""
        process = subprocess.Popen([*self.prefix, *words], **more)
        self._started.append(process)
        return process

    def set_sysctl(self, name, value):
        """Write to a file below /proc/sys, as this namespace sees it."""
        with self.entered():
            Path("/proc/sys", name).write_text(str(value))

    @contextmanager
    def entered(self):
        """The calling thread works in here for a while. What it opens stays in here."""
        back = os.open(_HERE, os.O_RDONLY)
        there = os.open(f"/proc/{self.pid}/ns/net", os.O_RDONLY)
        try:
            _enter(there)
            try:
                yield self
            finally:
                _enter(back)
        finally:
            os.close(there)
            os.close(back)

    def close(self):
        """Kill what was started here, and let the namespace go."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()
        self._keeper.stdin.close()
        self._keeper.wait(10)
        self._keeper.stdout.close()


class Yard:
    """Where a test builds its network. `with Yard() as yard: ...` removes all of it."""

    def __init__(self):
        self._namespaces = []
        self._indices = itertools.count(FIRST_LEFT_INDEX)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        while self._namespaces:
            self._namespaces.pop().close()

    def namespace(self):
        """A new namespace."""
        made = Namespace()
        self._namespaces.append(made)
        return made

    def cable(self, left, left_name, right, right_name, *, is_up=True):
        """A veth pair between two namespaces."""
        left.ip(
            f"link add {left_name} index {next(self._indices)} type veth "
            f"peer name {right_name} netns /proc/{right.pid}/ns/net"
        )
        for side, name in ((left, left_name), (right, right_name)):
            for family in ("ipv4/conf/{}/rp_filter", "ipv6/conf/{}/accept_dad"):
                side.set_sysctl("net/" + family.format(name), 0)
            if is_up:
                side.ip(f"link set {name} up")


def eventually(question, *, within_s=5.0):
    """Ask until the answer is true, at most this long; the last answer."""
    end = time.monotonic() + within_s
    while not (answer := question()) and time.monotonic() < end:
        time.sleep(0.02)
    return answer


def _enter(descriptor):
    if _LIBRARY.setns(descriptor, CLONE_NEWNET):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


_LIBRARY = ctypes.CDLL(None, use_errno=True)
